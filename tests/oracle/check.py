"""The entrance: compares the org with what it must hold, object by object.

report = check(sides, tolerance, objects=INSTALLED)
assert report.ok, report.text()
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from tests.oracle import account_objects, people_objects, rollups, tracking, world
from tests.oracle.reading import Sides
from tests.oracle.report import Report, Verdict
from tests.oracle.tolerance import Tolerance
from tests.oracle.world import World

TRACKING: Final = "CM_Tracking__c"
RELINKED: Final = "CM_Member__c.relinked"
"""Not an object: that records follow contacts and leads that change, without a change of the subscriber."""

CHECKS: Final[Mapping[str, Callable[[World], Verdict]]] = {
    "CM_Client__c": account_objects.clients,
    "CM_Client__c.figures": account_objects.client_figures,
    "CM_List__c": account_objects.lists,
    "CM_List__c.counters": account_objects.counters,
    "CM_Member__c": people_objects.members,
    "CM_Member__c.details": partial(people_objects.members, details=True),
    "CM_Suppression__c": people_objects.suppressions,
    "CM_Campaign__c": account_objects.campaigns,
    "CM_Journey__c": account_objects.journeys,
    "CM_Journey_Email__c": account_objects.journey_emails,
}
ROLLUPS: Final = "rollups"
"""Not an object: totals of members, linked Salesforce campaigns and their members, whenever all events are compared."""
ALL: Final = (*CHECKS, TRACKING, RELINKED, ROLLUPS)
INSTALLED: Final = ALL
"""What the stages that there are claim to keep right."""


@dataclass
class Events:
    """How far the events were compared: None before the first time."""

    newest: int | None = None


def check(
    sides: Sides,
    tolerance: Tolerance | None = None,
    *,
    objects: Collection[str] = INSTALLED,
    days_kept: int = 180,
    events: Events | None = None,
    news_since: str = "",
    since: int = 0,
) -> Report:
    """Compare these objects; the clock must stand still meanwhile.

    `events`: is told how far events were compared. With `news_since`, a moment as in SystemModstamp, only those after
    that are compared with those made in the org since then; without, all. `since`: the unix minute of the check before,
    to count what is fresh. Raises LookupError for an unknown object.
    """
    unknown = set(objects) - set(ALL)
    if unknown:
        raise LookupError(f"the oracle knows nothing of {sorted(unknown)}: use some of {ALL}")
    now = world.read(sides, tolerance or Tolerance(), days_kept=days_kept, relinks=RELINKED in objects, since=since)
    report = Report()
    for name, compare in CHECKS.items():
        plain = name == "CM_Member__c" and "CM_Member__c.details" in objects  # the other one holds more
        if name in objects and not plain:
            report.verdicts[name] = compare(now)
    whole = not news_since or (events is not None and events.newest is None)
    if ROLLUPS in objects and whole:
        report.verdicts |= rollups.check(now)
    if TRACKING in objects:
        events = events or Events()
        if news_since and events.newest is not None:
            report.verdicts[TRACKING], events.newest = tracking.news(now, events.newest, news_since)
        else:
            report.verdicts[TRACKING], events.newest = tracking.everything(now, events.newest or 0)
    return report
