"""Counts of the org's records by day, for charts: aggregated by Salesforce, so no person travels and memory stays flat."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.sync.failures import salesforce_failures

WEEKS: Final = 12
LEFT: Final = ("Unsubscribed", "Deleted", "Bounced")
"""States of somebody who was on a list."""

Counts = Mapping[str, Mapping[str, int]]
"""Number by day (ISO, UTC), by what was counted."""


def first_day(today: date) -> date:
    """The first day of charts: the Monday that begins the first of so many weeks, this one among them."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


async def events(crm: Salesforce, since: date, kinds: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Tracking events of these kinds, by kind and day. Raises a Failure."""
    wanted = ",".join(f"'{kind}'" for kind in kinds)
    soql = (
        f"SELECT DAY_ONLY(Activity_Date__c) day, Activity__c what, COUNT(Id) many FROM {names.TRACKING} "
        f"WHERE Activity_Date__c >= {_moment(since)} AND Activity__c IN ({wanted}) "
        "GROUP BY DAY_ONLY(Activity_Date__c), Activity__c"
    )
    counts: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    with salesforce_failures("count the events by day"):
        async for rows in crm.query(soql):
            for row in rows:
                counts.setdefault(str(row["what"]), {})[str(row["day"])] = int(row["many"])
    return counts


async def joined(crm: Salesforce, since: date, where: str = "") -> dict[str, int]:
    """Members by the day on which they joined their list; `where` narrows it (`List__c = '…'`). Raises a Failure."""
    return await _members(crm, "Joined_Date__c", since, where)


async def left(crm: Salesforce, since: date, where: str = "") -> dict[str, int]:
    """Members that are unsubscribed, deleted or bounced, by the day on which they became it. Raises a Failure."""
    states = ",".join(f"'{state}'" for state in LEFT)
    narrowed = f"State__c IN ({states})" + (f" AND {where}" if where else "")
    return await _members(crm, "State_Date__c", since, narrowed)


async def _members(crm: Salesforce, field: str, since: date, where: str) -> dict[str, int]:
    more = f" AND {where}" if where else ""
    soql = (
        f"SELECT DAY_ONLY({field}) day, COUNT(Id) many FROM {names.MEMBER} "
        f"WHERE {field} >= {_moment(since)}{more} GROUP BY DAY_ONLY({field})"
    )
    with salesforce_failures("count the members by day"):
        return {str(row["day"]): int(row["many"]) async for rows in crm.query(soql) for row in rows}


def _moment(day: date) -> str:
    return f"{day:%Y-%m-%d}T00:00:00Z"


def spread(counts: Mapping[str, int], first: date, last: date, *, weekly: bool) -> tuple[list[str], list[int]]:
    """Labels and numbers of every day from `first` to `last`, or of every week by its first day; nothing counts as 0."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if not weekly:
        return [day.isoformat() for day in days], [counts.get(day.isoformat(), 0) for day in days]
    weeks: dict[date, int] = {}
    for day in days:
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0) + counts.get(day.isoformat(), 0)
    return [f"Week of {day.isoformat()}" for day in weeks], list(weeks.values())
