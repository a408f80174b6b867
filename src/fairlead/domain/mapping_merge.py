"""Of one line and one subscriber: which side is written, given what both show and what they last agreed on. Pure.

Where nothing was agreed yet, a blank never wipes a value; where both have changed, the line's owner keeps its own.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from fairlead.domain.mapping import Direction, Line, Owner


class Act(Enum):
    """What is to be done."""

    NOTHING = "nothing"
    TO_CAMPAIGN_MONITOR = "to_campaign_monitor"
    TO_SALESFORCE = "to_salesforce"


@dataclass(frozen=True, slots=True)
class Seen:
    """What both sides show of a line. `first`: nothing was agreed on yet, and then nothing counts as changed.

    A default counts as Salesforce's value. `equal`: they show the same, whatever each calls it.
    """

    equal: bool
    org_blank: bool
    list_blank: bool
    first: bool
    org_changed: bool = False
    list_changed: bool = False


def decide(line: Line, seen: Seen) -> Act:
    """Which side is written; a blank that is written empties the field there."""
    if seen.equal or line.direction is Direction.NONE:
        return Act.NOTHING
    if line.direction is Direction.BOTH:
        return _both(line, seen)
    out = line.direction is Direction.TO_CAMPAIGN_MONITOR
    source = _Side(seen.org_blank, seen.org_changed)
    target = _Side(seen.list_blank, seen.list_changed)
    if not out:
        source, target = target, source
    mine = Owner.SALESFORCE if out else Owner.CAMPAIGN_MONITOR
    writes = _one_way(line, source, target, first=seen.first, wins=line.owner is mine)
    if not writes:
        return Act.NOTHING
    return Act.TO_CAMPAIGN_MONITOR if out else Act.TO_SALESFORCE


@dataclass(frozen=True, slots=True)
class _Side:
    blank: bool
    changed: bool


def _one_way(line: Line, source: _Side, target: _Side, *, first: bool, wins: bool) -> bool:
    if first:
        return not source.blank and (target.blank or wins)
    if line.create_only:
        return False
    if not source.changed and not (wins and target.changed):
        return False
    if source.blank:
        return line.clear_blank and line.owner is not Owner.FILL_BLANKS and (wins or not target.changed)
    if line.owner is Owner.FILL_BLANKS:
        return target.blank
    return wins or not target.changed


def _both(line: Line, seen: Seen) -> Act:
    if seen.first:
        if seen.org_blank or seen.list_blank:
            return Act.TO_SALESFORCE if seen.org_blank else Act.TO_CAMPAIGN_MONITOR
        return _OWNED[line.owner]
    if line.create_only or not (seen.org_changed or seen.list_changed):
        return Act.NOTHING
    if seen.org_changed and seen.list_changed:
        if line.owner is Owner.FILL_BLANKS and (seen.org_blank or seen.list_blank):
            return Act.TO_SALESFORCE if seen.org_blank else Act.TO_CAMPAIGN_MONITOR
        act = _OWNED[line.owner]
    else:
        act = Act.TO_CAMPAIGN_MONITOR if seen.org_changed else Act.TO_SALESFORCE
    from_blank = seen.org_blank if act is Act.TO_CAMPAIGN_MONITOR else seen.list_blank
    onto_blank = seen.list_blank if act is Act.TO_CAMPAIGN_MONITOR else seen.org_blank
    if from_blank and not (line.clear_blank and line.owner is not Owner.FILL_BLANKS):
        return Act.NOTHING
    if line.owner is Owner.FILL_BLANKS and not onto_blank:
        return Act.NOTHING
    return act


_OWNED: Final = {
    Owner.SALESFORCE: Act.TO_CAMPAIGN_MONITOR,
    Owner.CAMPAIGN_MONITOR: Act.TO_SALESFORCE,
    Owner.FILL_BLANKS: Act.NOTHING,
}
