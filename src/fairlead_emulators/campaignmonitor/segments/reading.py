"""Endpoints that read a segment: its details, and its members in pages."""

from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.audience.rows import shown
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import asked, envelope
from fairlead_emulators.campaignmonitor.segments.kept import Groups, Segment, segment
from fairlead_emulators.campaignmonitor.segments.membership import Membership
from fairlead_emulators.campaignmonitor.store import Subscriber, SubscriberList, as_subscriber

_OLDER: Final = "3"
_FLAGS: Final = ("includetrackingpreference", "includetrackinginformation")


def found(call: Call, identity: str) -> tuple[Segment, SubscriberList]:
    """A segment that the caller may see, and its list. Raises Refusal 102, 271."""
    of = segment(call.service.store, identity)
    if of is None:
        raise Refusal(271)
    on = next(each for each in call.service.store.lists() if each.n == of.list)
    return of, call.list(on.id)


def _details(call: Call, identity: str) -> Any:
    of, on = found(call, identity)
    rules: dict[str, Any] = (
        {"Rules": _older_rules(of.groups)}
        if call.version == _OLDER
        else {"RuleGroups": [{"Rules": [{"RuleType": r.type, "Clause": r.clause} for r in g]} for g in of.groups]}
    )
    count = len(call.service.own(Membership).members(of))
    return {"ActiveSubscribers": count, **rules, "ListID": on.id, "SegmentID": of.id, "Title": of.title}


@fact("segment-older-shape")
def _older_rules(groups: Groups) -> list[dict[str, Any]]:
    """One rule per group and type: older versions have no other way to say it."""
    rules: list[dict[str, Any]] = []
    for group in groups:
        by_type: dict[str, list[str]] = {}
        for rule in group:
            by_type.setdefault(rule.type, []).append(rule.clause)
        rules += [{"Subject": name, "Clauses": clauses} for name, clauses in by_type.items()]
    return rules


@fact("segment-members")
def _members(call: Call, identity: str) -> Answer:
    of, on = found(call, identity)
    ask = asked(call.query, ("email", "name", "date"), "date")
    since = call.since(call.client_of(on).zone)
    membership = call.service.own(Membership)
    membership.need_ready(of)
    everybody = membership.ordered(of, ask, since)
    page = everybody[(ask.page - 1) * ask.size : ask.page * ask.size]
    rows = [_row(call, on, each) for each in _subscribers(call, page)]
    return Answer(200, envelope(ask, b",".join(map(msgspec.json.encode, rows)), len(rows), len(everybody)))


def _subscribers(call: Call, page: list[int]) -> list[Subscriber]:
    rows = call.service.store.db.execute(
        "SELECT n, list, address, name, state, state_at, joined_at, fields, mobile, sms, reads FROM subscribers"
        f" WHERE n IN ({', '.join('?' * len(page))})",
        page,
    )
    by_n = {n: as_subscriber(tuple(rest)) for n, *rest in rows}
    return [by_n[each] for each in page]


def _row(call: Call, on: SubscriberList, of: Subscriber) -> dict[str, Any]:
    row = shown(of, call.client_of(on).zone)
    del row["ReadsEmailWith"]
    if any(call.flag(each) for each in _FLAGS):
        row["ConsentToTrack"] = call.service.life.consent(on.client, of.address)
    if call.flag("includesmspreference") and of.mobile:
        row["ConsentToSendSms"] = "Yes" if of.sms else "No"
    return row


READING: Final = [
    Endpoint("GET", "segments/{id}", _details, "ManageLists"),
    Endpoint("GET", "segments/{id}/active", _members, "ManageLists"),
]
