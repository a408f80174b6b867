"""Endpoints of segments: making, changing and deleting them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.audience.fields import fields_of
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.activity import Port
from fairlead_emulators.campaignmonitor.segments.checks import AskedGroups, AskedRule, Ground, checked
from fairlead_emulators.campaignmonitor.segments.kept import Groups, Segment, add, keep, remove, segments
from fairlead_emulators.campaignmonitor.segments.reading import READING, found
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.ties import Ties


class _Rule(msgspec.Struct):
    ruletype: str | None = None
    clause: str | None = None
    # The shape of older versions.
    subject: str | None = None
    clauses: list[str] | None = None

    def asked(self) -> AskedRule:
        """As the checks read it."""
        if self.ruletype is None and (self.subject is not None or self.clauses is not None):
            return AskedRule(self.subject or "", tuple(self.clauses or ()), older=True)
        return AskedRule(self.ruletype or "", () if self.clause is None else (self.clause,))


class _Group(_Rule):
    rules: list[_Rule] | None = None


class _Segment(msgspec.Struct):
    title: str | None = None
    rulegroups: list[_Group] | None = None
    rules: list[_Rule] | None = None

    def groups(self) -> AskedGroups | None:
        """The groups that are said; None when nothing is."""
        if self.rulegroups is not None:
            return [[rule.asked() for rule in group.rules or ()] for group in self.rulegroups]
        return None if self.rules is None else _older_groups(self.rules)


@fact("segment-older-shape")
def _older_groups(rules: Sequence[_Rule]) -> AskedGroups:
    """In older versions every rule is a group: rules are AND-ed, the clauses of one OR-ed."""
    return [[rule.asked()] for rule in rules]


def _checked(call: Call, on: SubscriberList, asked: AskedGroups) -> Groups:
    service = call.service
    today = service.clock.now().astimezone(call.client_of(on).zone).date()
    groups = checked(asked, Ground(on, fields_of(service.store, on.n), service.own(Port).activity, today))
    _need_plan(call, groups)
    return groups


@fact("segment-engagement-plan")
def _need_plan(call: Call, groups: Groups) -> None:
    asks = any(rule.type.lower() == "engagement" for group in groups for rule in group)
    if asks and call.service.switches.word("engagement_rules") == "not_in_plan":
        raise Refusal(286)


def _check_title(call: Call, list_n: int, title: str, but: int = 0) -> str:
    title = title.strip()
    if not title:
        raise Refusal(273)
    others = segments(call.service.store, "list = ? AND n <> ?", list_n, but)
    if any(each.title.casefold() == title.casefold() for each in others):
        raise Refusal(275)
    return title


@fact("most-segments")
def _need_room(call: Call) -> None:
    most = int(call.service.switches.number("most_segments"))
    if most and len(segments(call.service.store)) >= most:
        raise Refusal(283)


def _create(call: Call, identity: str) -> Answer:
    on = call.list(identity)
    posted = call.read(_Segment, "segment")
    title = _check_title(call, on.n, posted.title or "")
    _need_room(call)
    groups = _checked(call, on, posted.groups() or ())
    return created(add(call.service.store, on, title, groups, _now(call)))


def _now(call: Call) -> float:
    return call.service.clock.now().timestamp()


@fact("segment-built-in")
def _changeable(call: Call, identity: str) -> tuple[Segment, SubscriberList]:
    of, on = found(call, identity)
    if of.built_in:
        raise Refusal(284)
    return of, on


@fact("segment-update")
def _update(call: Call, identity: str) -> None:
    of, on = _changeable(call, identity)
    posted = call.read(_Segment, "segment")
    title = of.title if posted.title is None else _check_title(call, on.n, posted.title, but=of.n)
    asked = posted.groups()
    groups = of.groups if asked is None else _checked(call, on, asked)
    keep(call.service.store, replace(of, title=title, groups=groups, changed=_now(call)))


def _add_rules(call: Call, identity: str) -> None:
    """One group of rules, or one rule in the shape of older versions."""
    of, on = _changeable(call, identity)
    posted = call.read(_Group, "segment")
    group = [posted.asked()] if posted.rules is None else [rule.asked() for rule in posted.rules]
    groups = _checked(call, on, [group])
    keep(call.service.store, replace(of, groups=of.groups + groups, changed=_now(call)))


def _clear_rules(call: Call, identity: str) -> None:
    of, _ = _changeable(call, identity)
    keep(call.service.store, replace(of, groups=(), changed=_now(call)))


def _delete(call: Call, identity: str) -> None:
    of, _ = _changeable(call, identity)
    if call.service.own(Ties).used_by_draft(of.id):
        raise Refusal(272)
    remove(call.service.store, of)


def _of_list(call: Call, identity: str) -> Any:
    return _names(call, [call.list(identity)])


def _of_client(call: Call, identity: str) -> Any:
    return _names(call, call.service.store.lists(call.client(identity).id))


def _names(call: Call, lists: Sequence[SubscriberList]) -> list[dict[str, str]]:
    return [
        {"ListID": on.id, "SegmentID": each.id, "Title": each.title}
        for on in lists
        for each in segments(call.service.store, "list = ?", on.n)
    ]


ENDPOINTS: Final = [
    Endpoint("POST", "segments/{list}", _create, "ManageLists"),
    Endpoint("PUT", "segments/{id}", _update, "ManageLists"),
    Endpoint("DELETE", "segments/{id}", _delete, "ManageLists"),
    Endpoint("POST", "segments/{id}/rules", _add_rules, "ManageLists"),
    Endpoint("DELETE", "segments/{id}/rules", _clear_rules, "ManageLists"),
    Endpoint("GET", "lists/{id}/segments", _of_list, "ManageLists"),
    Endpoint("GET", "clients/{id}/segments", _of_client, "ManageLists"),
    *READING,
]
