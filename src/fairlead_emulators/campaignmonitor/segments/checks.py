"""Whether a segment's rules make sense on its list; what is wrong is told rule by rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fairlead_emulators.campaignmonitor.audience.fields import Field
from fairlead_emulators.campaignmonitor.codes import Refusal, codes
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.activity import Activity
from fairlead_emulators.campaignmonitor.segments.clauses import Clause, Subject, clause_of, subject_of
from fairlead_emulators.campaignmonitor.segments.kept import Groups, Rule
from fairlead_emulators.campaignmonitor.store import SubscriberList

_OLDEST_YEARS: Final = 10
_NEEDS_LINK: Final = ("campaignclickedspecific", "campaignnotclickedspecific")


@dataclass(frozen=True)
class AskedRule:
    """A rule as it was posted. `older`: in the shape of older versions, with a Subject and several Clauses."""

    type: str
    clauses: tuple[str, ...]
    older: bool = False


AskedGroups = Sequence[Sequence[AskedRule]]


@dataclass(frozen=True)
class Ground:
    """What rules are checked against. `today`: in the client's time zone."""

    on: SubscriberList
    fields: Sequence[Field]
    activity: Activity
    today: date


@fact("segment-rules-invalid")
def checked(asked: AskedGroups, ground: Ground) -> Groups:
    """The rules as they are kept. Raises Refusal 277 with what is wrong with each, 282, 285."""
    if any(not group for group in asked):
        raise Refusal(282)
    wrong = [each for group in asked for rule in group if (each := _problem(rule, ground))]
    if wrong:
        raise Refusal(277, data=wrong)
    for group in asked:
        kinds = {rule.type.strip().lower() == "engagement" for rule in group}
        if len(kinds) > 1:
            raise Refusal(285)
    return tuple(
        tuple(Rule(rule.type.strip(), clause.strip()) for rule in group for clause in rule.clauses) for group in asked
    )


def _problem(rule: AskedRule, ground: Ground) -> dict[str, Any] | None:
    if not rule.type.strip():
        return _told(rule, 2700 if rule.older else 2704, [_of_clause(each, 2754) for each in rule.clauses])
    subject = subject_of(rule.type, ground.fields)
    if subject is None:
        return _told(rule, 2701 if rule.older else 2705, [_of_clause(each, 2754) for each in rule.clauses])
    if not rule.clauses:
        return _told(rule, 2702 if rule.older else 2706, [])
    wrong = [_of_clause(each, code) for each in rule.clauses if (code := _clause_code(subject, each, ground))]
    return _told(rule, 2703, wrong) if wrong else None


def _told(rule: AskedRule, code: int, clauses: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Subject" if rule.older else "RuleType": rule.type,
        "Code": code,
        "Message": codes()[code].message,
        "ClauseResults": clauses,
    }


def _of_clause(clause: str, code: int) -> dict[str, Any]:
    return {"Clause": clause, "Code": code, "Message": codes()[code].message}


def _clause_code(subject: Subject, text: str, ground: Ground) -> int | None:
    try:
        clause = clause_of(subject, text)
    except Refusal as refusal:
        return refusal.code
    if subject.kind == "campaign":
        return _campaign_code(subject, clause, ground)
    if subject.kind == "subscribed" and min(clause.operands).year < ground.today.year - _OLDEST_YEARS:
        return 2723
    return None


def _campaign_code(subject: Subject, clause: Clause, ground: Ground) -> int | None:
    identity, url = clause.operands
    went = ground.activity.went_to(identity, ground.on)
    if went is None:
        return 2750
    if not went:
        return 2751
    if subject.about in _NEEDS_LINK and url not in ground.activity.links(identity):
        return 2753
    return None
