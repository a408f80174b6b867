"""Moments, by zoneinfo alone: the truth is in UTC; where a client's wall clock shows an hour twice, both are one."""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

HOUR = 60
"""Minutes."""


@lru_cache(maxsize=1 << 20)
def minute_of(text: str) -> int:
    """An ISO moment with an offset (both sides' ways to write one) → unix minutes."""
    return int(datetime.fromisoformat(text.replace("+0000", "+00:00")).timestamp() // 60)


def second_of(text: str) -> int:
    """As `minute_of`, in unix seconds."""
    return int(datetime.fromisoformat(text.replace("+0000", "+00:00")).timestamp())


@cache
def second_showings(zone: str, year: int) -> tuple[range, ...]:
    """Of a year, the unix minutes in which the zone's clock shows for the second time what it showed an hour before."""
    place, found = ZoneInfo(zone), []
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        before, after = (each.astimezone(place).utcoffset() for each in (moment, moment + timedelta(hours=1)))
        assert before is not None and after is not None
        if after < before:
            begin = int(moment.timestamp() // 60) + HOUR
            found.append(range(begin, begin + int((before - after).total_seconds() // 60)))
        moment += timedelta(hours=1)
    return tuple(found)


@cache
def first_showing(minute: int, zone: str) -> int:
    """The minute itself, or the one in which the zone's clock showed the same for the first time."""
    year = datetime.fromtimestamp(minute * 60, UTC).year
    for hours in second_showings(zone, year):
        if minute in hours:
            return minute - len(hours)
    return minute
