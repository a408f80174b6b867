"""Campaigns as seeds and the control route lay them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.campaigns.content import USUAL_LINKS
from fairlead_emulators.campaignmonitor.campaigns.kept import DRAFT, SCHEDULED, SENT, Campaign, add, keep
from fairlead_emulators.campaignmonitor.campaigns.sending import mail_of
from fairlead_emulators.campaignmonitor.rooms import Laying, days, listed
from fairlead_emulators.campaignmonitor.segments.kept import segments
from fairlead_emulators.campaignmonitor.store import Client, SubscriberList
from fairlead_emulators.campaignmonitor.tracking.kept import Row, Tracking
from fairlead_emulators.campaignmonitor.tracking.past import Past, got

_DAY_S: Final = 86_400.0


def lay(laying: Laying) -> Mapping[str, int]:
    """A client's `campaigns: [{name, lists: [title], …}]`, see `campaign_of`.

    With `sent_days_ago` it was sent to the lists' subscribers that long before the day; `times` and `every_days` repeat
    it, backwards in time, with a number after its name.
    """
    service, counts = laying.service, Counter[str]()
    made = [campaign_of(service, laying.client, each, laying.start) for each in _repeated(laying)]
    sent = sorted((each for each in made if each.status == SENT), key=lambda each: each.sent or 0)
    rows = service.own(Tracking).load(_past(laying, sent))
    counts.update({"campaigns": len(made), "tracked": rows} if made else {})
    return counts


def _repeated(laying: Laying) -> Iterator[Mapping[str, Any]]:
    for each in laying.spec.get("campaigns", ()):
        times = int(each.get("times", 1))
        for number in range(times):
            ago = days(each, "sent_days_ago") + (times - 1 - number) * days(each, "every_days", otherwise=7)
            yield each if times == 1 else {**each, "name": f"{each['name']} {number + 1}", "sent_days_ago": ago}


def campaign_of(service: Service, client: Client, said: Mapping[str, Any], start: float) -> Campaign:
    """Makes a campaign `{name, lists: [title], segments?: [title], subject?, from_name?, from_email?, tags?, links?,
    hidden?, sent_days_ago? | scheduled_in_days?}`; a draft without either of the last.

    Nothing is sent yet. Raises LookupError for lists and segments that the client has not.
    """
    titles = {each.title: each for each in service.store.lists(client.id)}
    lists = _named(titles, listed(said, "lists"), "list")
    numbers = {each.n for each in titles.values()}
    parts = {each.title: each for each in segments(service.store) if each.list in numbers}
    chosen = _named(parts, listed(said, "segments"), "segment")
    created, status, due, sent = start - _DAY_S, DRAFT, None, None
    if "sent_days_ago" in said:
        sent = start - days(said, "sent_days_ago") * _DAY_S
        created, status = sent - _DAY_S, SENT
    elif "scheduled_in_days" in said:
        due, status = start + days(said, "scheduled_in_days") * _DAY_S, SCHEDULED
    sender = str(said.get("from_email", "team@example.com"))
    return add(
        service.store,
        client,
        Campaign(
            0, "", client.id, str(said["name"]), str(said.get("subject", said["name"])),
            str(said.get("from_name", client.name)), sender, sender, "https://www.example.com/mail", "", "",
            tuple(lists), tuple(chosen), tuple(listed(said, "tags")),
            tuple(listed(said, "links", USUAL_LINKS)), bool(said.get("hidden")), status, created, due, sent,
        ),
    )  # fmt: skip


def _named(known: Mapping[str, Any], wanted: Sequence[str], kind: str) -> list[str]:
    missing = [each for each in wanted if each not in known]
    if missing:
        raise LookupError(f"a campaign names the {kind} {missing[0]!r}: use one of {[*known]}")
    return [known[each].id for each in wanted]


def _past(laying: Laying, sent: Sequence[Campaign]) -> Iterator[list[Row]]:
    """The rows of campaigns in the order they were sent."""
    past = Past(laying.service, laying.start)
    lists = {each.id: each for each in laying.service.store.lists(laying.client.id)}
    for at, of in enumerate(sent):
        mail, count, seen = mail_of(laying.service, of), 0, set[str]()
        for identity in of.lists:
            on = lists[identity]
            everybody = got(laying.service, on, of.sent or 0, _next_to(on, sent[at + 1 :]))
            who = [each for each in everybody if each.address.lower() not in seen]
            if len(of.lists) > 1:
                seen |= {each.address.lower() for each in who}
            count += len(who)
            for rows in past.rows(mail, on, who):
                yield rows
                laying.tell("tracked", len(rows))
        keep(laying.service.store, replace(of, recipients=count, mail=mail.n))


def _next_to(on: SubscriberList, later: Sequence[Campaign]) -> float | None:
    return next((each.sent for each in later if on.id in each.lists), None)


def change(service: Service, identity: str, said: Mapping[str, Any]) -> None:
    """Gives a campaign tags, or hides it: `{tags?: [text], hidden?: bool}`. Raises LookupError, ValueError."""
    tags, hidden = listed(said, "tags") if "tags" in said else None, said.get("hidden")
    if hidden is not None and not isinstance(hidden, bool):
        raise ValueError('hidden is true or false: {"hidden": true}')
    store = service.store
    with store.transaction():
        if tags is not None:
            store.db.execute("UPDATE campaigns SET tags = ? WHERE id = ?", (json.dumps(tags), identity))
        if hidden is not None:
            store.db.execute("UPDATE campaigns SET hidden = ? WHERE id = ?", (int(hidden), identity))
            store.db.execute("UPDATE mails SET hidden = ? WHERE id = ?", (int(hidden), identity))
    service.own(Tracking).forget()
