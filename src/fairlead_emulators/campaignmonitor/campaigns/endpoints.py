"""Endpoints that make campaigns, send them, and delete them."""

from dataclasses import replace
from functools import partial
from typing import Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, Service, created
from fairlead_emulators.campaignmonitor.audience.entries import check_address
from fairlead_emulators.campaignmonitor.campaigns.checks import Asked, checked
from fairlead_emulators.campaignmonitor.campaigns.found import found
from fairlead_emulators.campaignmonitor.campaigns.kept import DRAFT, SCHEDULED, SENT, Campaign, add, keep, remove
from fairlead_emulators.campaignmonitor.campaigns.listing import seconds_of
from fairlead_emulators.campaignmonitor.campaigns.sending import recipients, send
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.tracking.kept import Tracking

PREVIEWS: Final = """
CREATE TABLE IF NOT EXISTS previews (n INTEGER PRIMARY KEY, client TEXT NOT NULL, at REAL NOT NULL, count INTEGER NOT NULL);
"""
_MOST_CONFIRMATIONS: Final = 5
_LATEST: Final = 7_000 * 365.25 * 86_400  # later dates cannot be shown in every time zone
_MOST_PREVIEWS, _MOST_PREVIEWS_A_DAY, _DAY_S = 15, 240, 86_400
_OBSTACLES: Final = {
    "tests_used_up": 333,
    "not_approved": 334,
    "no_payment_details": 335,
    "payment_failed": 336,
    "plan_failed": 355,
}


def _create(call: Call, identity: str, *, from_template: bool) -> Answer:
    client = call.client(identity)
    made = checked(call, client, call.read(Asked, "campaign"), from_template=from_template)
    return created(add(call.service.store, client, made).id)


class _Send(msgspec.Struct):
    confirmationemail: str | None = None
    senddate: str | None = None


@fact("campaign-send")
def _send(call: Call, identity: str) -> None:
    of = found(call, identity)
    posted = call.read(_Send, "campaign")
    if of.status == SENT:
        raise Refusal(331)
    _check_confirmation(posted.confirmationemail or "")
    due = _due(call, of, posted.senddate)
    if not of.lists and not of.segments:
        raise Refusal(332)
    _check_plan(call)
    if not any(addresses for _, addresses in recipients(call.service, of)):
        raise Refusal(340)
    if due is None:
        send(call.service, of, call.service.clock.now().timestamp())
    else:
        keep(call.service.store, replace(of, status=SCHEDULED, due=due))


def _check_confirmation(text: str) -> None:
    addresses = [each.strip() for each in text.split(",") if each.strip()]
    if not addresses:
        raise Refusal(338)
    if len(addresses) > _MOST_CONFIRMATIONS:
        raise Refusal(339)
    for each in addresses:
        check_address(each, code=339)


def _due(call: Call, of: Campaign, text: str | None) -> float | None:
    """When it is to go out; None for at once. Raises Refusal 5, 337."""
    if (text or "").strip().lower() == "immediately":
        return None
    due = seconds_of(text or "", call.client(of.client))
    if due > _LATEST:
        raise Refusal(5)
    if due <= call.service.clock.now().timestamp():
        raise Refusal(337)
    return due


@fact("campaign-plan")
def _check_plan(call: Call) -> None:
    obstacle = call.service.switches.word("campaign_sending")
    if obstacle in _OBSTACLES:
        raise Refusal(_OBSTACLES[obstacle])


def _unschedule(call: Call, identity: str) -> None:
    of = found(call, identity)
    if of.status != SCHEDULED:
        raise Refusal(341)
    keep(call.service.store, replace(of, status=DRAFT, due=None))


class _Preview(msgspec.Struct):
    previewrecipients: list[str] | str | None = None
    personalize: str | None = None


@fact("campaign-preview")
def _preview(call: Call, identity: str) -> None:
    of = found(call, identity)
    posted = call.read(_Preview, "campaign")
    said = posted.previewrecipients or ()
    addresses = [each.strip() for each in ([said] if isinstance(said, str) else said) if each.strip()]
    if not addresses:
        raise Refusal(370)
    if len(addresses) > _MOST_PREVIEWS:
        raise Refusal(374)
    for each in addresses:
        check_address(each, code=371)
    _check_personalize(call, of, (posted.personalize or "").strip())
    store, now = call.service.store, call.service.clock.now().timestamp()
    (used,) = store.db.execute(
        "SELECT coalesce(sum(count), 0) FROM previews WHERE client = ? AND at > ? AND at <= ?",
        (of.client, now - _DAY_S, now),
    ).fetchone()
    if used + len(addresses) > _MOST_PREVIEWS_A_DAY:
        raise Refusal(375)
    with store.transaction():
        store.db.execute("INSERT INTO previews VALUES (NULL, ?, ?, ?)", (of.client, now, len(addresses)))


def _check_personalize(call: Call, of: Campaign, text: str) -> None:
    """Fallback, Random, or the address of a recipient. Raises Refusal 373, 376."""
    if not text or text.lower() == "fallback":
        return
    everybody = {each.lower() for _, addresses in recipients(call.service, of) for each in addresses}
    if text.lower() == "random":
        if not everybody:
            raise Refusal(376)
    elif text.lower() not in everybody:
        raise Refusal(373)


def _delete(call: Call, identity: str) -> None:
    delete(call.service, found(call, identity))


@fact("campaign-delete")
def delete(service: Service, of: Campaign) -> None:
    """Deletes a campaign, a sent one with all that became of it."""
    with service.store.transaction():
        service.own(Tracking).drop_mail(of.id)
        remove(service.store, of)


MAKING: Final = [
    Endpoint("POST", "campaigns/{client}", partial(_create, from_template=False), "CreateCampaigns"),
    Endpoint("POST", "campaigns/{client}/fromtemplate", partial(_create, from_template=True), "CreateCampaigns"),
    Endpoint("POST", "campaigns/{id}/send", _send, "SendCampaigns"),
    Endpoint("POST", "campaigns/{id}/sendpreview", _preview, "CreateCampaigns"),
    Endpoint("POST", "campaigns/{id}/unschedule", _unschedule, "SendCampaigns"),
    Endpoint("DELETE", "campaigns/{id}", _delete, "CreateCampaigns"),
]
