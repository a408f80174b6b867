"""Which subscribers rules pick."""

import json
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fairlead_emulators.campaignmonitor.audience.fields import Field
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.dates import minute_of
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.activity import Activity
from fairlead_emulators.campaignmonitor.segments.clauses import Clause, Subject, clause_of, subject_of
from fairlead_emulators.campaignmonitor.segments.kept import Groups, Rule
from fairlead_emulators.campaignmonitor.store import SubscriberList

COLUMNS: Final = "n, key, name, joined_at, fields, mobile"
_DAY_S: Final = 86_400
_NEW_DAYS, _ACTIVE_DAYS, _ENGAGED_DAYS, _UNENGAGED_DAYS = 30, 30, 90, 365
_VERBS: Final[dict[str, Callable[[Sequence[Any], Sequence[Any]], bool]]] = {
    "EQUALS": lambda values, said: said[0] in values,
    "NOT_EQUALS": lambda values, said: said[0] not in values,
    "CONTAINS": lambda values, said: any(said[0] in each for each in values),
    "NOT_CONTAINS": lambda values, said: not any(said[0] in each for each in values),
    "GREATER_THAN": lambda values, said: any(each > said[0] for each in values),
    "LESS_THAN": lambda values, said: any(each < said[0] for each in values),
    "AFTER": lambda values, said: any(each > said[0] for each in values),
    "BEFORE": lambda values, said: any(each < said[0] for each in values),
    "BETWEEN": lambda values, said: any(said[0] <= each <= said[1] for each in values),
    "PROVIDED": lambda values, _: bool(values),
    "NOT_PROVIDED": lambda values, _: not values,
}


class Who:
    """A subscriber, from a row of COLUMNS; what no rule asks for is not worked out."""

    __slots__ = ("_fields", "_read", "joined_at", "key", "mobile", "n", "name")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.n, self.key, self.name, self.joined_at, self._fields, self.mobile = row
        self._read: dict[str, list[str]] | None = None

    def values(self, field: str) -> list[str]:
        """The values of a custom field, by its name."""
        if self._read is None:
            self._read = {}
            for name, value in json.loads(self._fields):
                self._read.setdefault(name, []).append(value)
        return self._read.get(field, [])


Picks = Callable[[Who], bool]


class Matcher:
    """Makes a test of a subscriber from rules. `now`: unix seconds."""

    def __init__(
        self, on: SubscriberList, fields: Sequence[Field], where: ZoneInfo, activity: Activity, now: float
    ) -> None:
        self._on = on
        self._fields = fields
        self._where = where
        self._activity = activity
        self._now = now

    @fact("segment-groups")
    @fact("segment-without-rules")
    def picks(self, groups: Groups) -> Picks:
        """Whether every group holds by one of its rules; nobody is picked without groups."""
        tests = [[self._rule(rule) for rule in group] for group in groups]
        return lambda who: bool(tests) and all(any(test(who) for test in group) for group in tests)

    def _rule(self, rule: Rule) -> Picks:
        subject = subject_of(rule.type, self._fields)
        try:
            clause = clause_of(subject, rule.clause) if subject else None
        except Refusal:  # it made sense when it was kept: an option or campaign has gone since
            clause = None
        if subject is None or clause is None:
            return lambda _: False
        if subject.kind == "campaign":
            chosen = self._of_campaign(subject.about, *clause.operands)
            return lambda who: who.key in chosen
        return self._compared(subject, clause)

    def _compared(self, subject: Subject, clause: Clause) -> Picks:
        values, verb, said = self._values(subject), _VERBS[clause.verb], clause.operands
        return lambda who: verb(values(who), said)

    @fact("segment-comparison")
    def _values(self, subject: Subject) -> Callable[[Who], Sequence[Any]]:
        if subject.field is not None:
            return _field_values(subject.field)
        simple: dict[str, Callable[[Who], Sequence[Any]]] = {
            "email": lambda who: [who.key],
            "name": lambda who: [who.name.casefold()] if who.name else [],
            "mobile": lambda who: [who.mobile] if who.mobile else [],
            "subscribed": lambda who: [datetime.fromtimestamp(minute_of(who.joined_at) * 60, self._where).date()],
        }
        if subject.kind in simple:
            return simple[subject.kind]
        if subject.kind == "location":
            seen = {key: name.casefold() for key, name in self._activity.countries(self._on).items()}
            return lambda who: [seen[who.key]] if who.key in seen else []
        last = self._activity.last_active(self._on)
        return lambda who: [self._level(who, last).casefold()]

    @fact("segment-engagement")
    def _level(self, who: Who, last: Mapping[str, float]) -> str:
        if who.key not in last:
            return "New" if self._now - who.joined_at < _NEW_DAYS * _DAY_S else "Ghost"
        days = (self._now - last[who.key]) / _DAY_S
        if days < _ACTIVE_DAYS:
            return "Active"
        if days < _ENGAGED_DAYS:
            return "Engaged"
        return "Unengaged" if days < _UNENGAGED_DAYS else "Dormant"

    def _of_campaign(self, about: str, identity: str, url: str) -> AbstractSet[str]:
        known, on = self._activity, self._on
        if about == "campaignopened":
            return known.openers(identity, on)
        if about == "campaignnotopened":
            return known.recipients(identity, on) - known.openers(identity, on)
        if about == "campaignclickedany":
            return known.clickers(identity, on, None)
        if about == "campaignclickedspecific":
            return known.clickers(identity, on, url)
        if about == "campaignnotclickedspecific":
            return known.recipients(identity, on) - known.clickers(identity, on, url)
        return known.openers(identity, on) - known.clickers(identity, on, None)


def _field_values(field: Field) -> Callable[[Who], Sequence[Any]]:
    name = field.name
    if field.type == "Number":
        return lambda who: [float(each) for each in who.values(name)]
    if field.type == "Date":
        return lambda who: [date.fromisoformat(each) for each in who.values(name)]
    return lambda who: [each.casefold() for each in who.values(name)]
