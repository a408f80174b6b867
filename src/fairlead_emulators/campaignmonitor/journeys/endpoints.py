"""Endpoints of journeys and of their e-mails."""

from functools import partial
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.journeys.kept import (
    LONGEST_NAME,
    NOT_STARTED,
    ON_SUBSCRIPTION,
    Journey,
    JourneyEmail,
    add,
    emails,
    journeys,
)
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.tracking.counting import Counts
from fairlead_emulators.campaignmonitor.tracking.kept import Tracking
from fairlead_emulators.campaignmonitor.tracking.reading import REPORTS, journey_page


def _may_see(call: Call, of: Journey) -> bool:
    return call.caller.client in (None, of.client)


def _found(call: Call, identity: str) -> Journey:
    found = journeys(call.service.store, "id = ?", identity.lower())
    if not found or not _may_see(call, found[0]):
        raise Refusal(3000)
    return found[0]


def _of_client(call: Call, identity: str) -> Any:
    client = call.client(identity)
    lists = {each.n: each.id for each in call.service.store.lists(client.id)}
    return [
        {"ListID": lists[each.list], "JourneyID": each.id, "Name": each.name, "Status": each.status}
        for each in journeys(call.service.store, "client = ?", client.id)
    ]


def _summary(call: Call, identity: str) -> Any:
    of = _found(call, identity)
    shown = [_counters(call, each) for each in emails(call.service.store, "journey = ?", of.n)]
    return {
        "JourneyID": of.id,
        "Name": of.name,
        "TriggerType": ON_SUBSCRIPTION,
        "Status": of.status,
        "Emails": shown,
    }


@fact("journey-summary")
def _counters(call: Call, of: JourneyEmail) -> dict[str, Any]:
    counts = call.service.own(Counts).of(of.mail)
    people = call.service.switches.word("summary_clicks") == "people"
    return {
        "EmailID": of.id,
        "Name": of.name,
        "Sent": counts.sent,
        "Opened": counts.opens,
        "UniqueOpened": counts.openers,
        "Clicked": counts.clickers if people else counts.clicks,
        "Unsubscribed": counts.unsubscribes,
        "Bounced": counts.bounces,
    }


class _Copy(msgspec.Struct):
    name: str | None = None
    destinationclientid: str | None = None
    destinationlistid: str | None = None
    clientid: str | None = None
    listid: str | None = None


@fact("journey-copy")
def _copy(call: Call, identity: str) -> Answer:
    of = _found(call, identity)
    posted = call.read(_Copy, "journey")
    name = (posted.name or "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refusal(3003)
    on = _destination(call, of, posted)
    mails = call.service.own(Tracking)
    parts = [
        (each.name, each.delay, mail.links)
        for each in emails(call.service.store, "journey = ?", of.n)
        if (mail := mails.mail(each.id))
    ]
    return created(add(call.service, on, name, NOT_STARTED, parts).id)


def _destination(call: Call, of: Journey, posted: _Copy) -> SubscriberList:
    """The list that the copy is for; that of the journey unless another one is said. Raises Refusal 125, 126."""
    try:
        client = call.client(posted.destinationclientid or posted.clientid or of.client)
    except Refusal:
        raise Refusal(125) from None
    wanted = posted.destinationlistid or posted.listid
    for each in call.service.store.lists(client.id):
        if each.id == wanted.lower() if wanted else each.n == of.list:
            return each
    raise Refusal(126)


def _rows(kind: int, call: Call, identity: str) -> Answer:
    found = emails(call.service.store, "id = ?", identity.lower())
    of = journeys(call.service.store, "n = ?", found[0].journey)[0] if found else None
    if of is None or not _may_see(call, of):
        raise Refusal(3002)
    return journey_page(call, found[0].mail, kind, call.client(of.client).zone)


ENDPOINTS: Final = [
    Endpoint("GET", "clients/{id}/journeys", _of_client, "Automation"),
    Endpoint("GET", "journeys/{id}", _summary, "Automation"),
    Endpoint("POST", "journeys/{id}/copy", _copy, "Automation"),
    *[
        Endpoint("GET", f"journeys/email/{{journey_email}}/{name}", partial(_rows, kind), "Automation")
        for name, kind in REPORTS.items()
        if name != "spam"
    ],
]
