"""Date literals (`TODAY`, `LAST_N_DAYS:7` …) as spans of days in the user's time zone. Weeks begin on Sunday."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

Span = tuple[date, date]
"""First day, and the day after the last."""


def _month(day: date, months: int) -> date:
    """The first day of the month that many months on."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _week(day: date, weeks: int) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=weeks)


def _quarter(day: date, quarters: int) -> date:
    return _month(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), quarters * 3)


def _year(day: date, years: int) -> date:
    return date(day.year + years, 1, 1)


def _day(day: date, days: int) -> date:
    return day + timedelta(days=days)


_UNITS: Final[dict[str, Callable[[date, int], date]]] = {
    "day": _day, "week": _week, "month": _month, "quarter": _quarter, "year": _year,
    "fiscal_quarter": _quarter, "fiscal_year": _year,
}  # fmt: skip

FIXED: Final[dict[str, Callable[[date], Span]]] = {
    "yesterday": lambda day: (_day(day, -1), day),
    "today": lambda day: (day, _day(day, 1)),
    "tomorrow": lambda day: (_day(day, 1), _day(day, 2)),
    # 91 days: today counts too
    "last_90_days": lambda day: (_day(day, -90), _day(day, 1)),
    "next_90_days": lambda day: (_day(day, 1), _day(day, 91)),
}
NUMBERED: Final[dict[str, Callable[[date, int], Span]]] = {
    "last_n_days": lambda day, n: (_day(day, -n), _day(day, 1)),
    "next_n_days": lambda day, n: (_day(day, 1), _day(day, n + 1)),
    "n_days_ago": lambda day, n: (_day(day, -n), _day(day, 1 - n)),
}


def _add(name: str, step: Callable[[date, int], date]) -> None:
    FIXED[f"last_{name}"] = lambda day: (step(day, -1), step(day, 0))
    FIXED[f"this_{name}"] = lambda day: (step(day, 0), step(day, 1))
    FIXED[f"next_{name}"] = lambda day: (step(day, 1), step(day, 2))
    NUMBERED[f"last_n_{name}s"] = lambda day, n: (step(day, -n), step(day, 0))
    NUMBERED[f"next_n_{name}s"] = lambda day, n: (step(day, 1), step(day, n + 1))
    NUMBERED[f"n_{name}s_ago"] = lambda day, n: (step(day, -n), step(day, 1 - n))


for _name, _step in _UNITS.items():
    if _name != "day":
        _add(_name, _step)


def span(word: str, number: int, now: datetime, zone: tzinfo) -> Span:
    """The days of a literal, as the user's calendar has them now. Raises OverflowError or ValueError beyond all calendars."""
    today = now.astimezone(zone).date()
    return FIXED[word](today) if word in FIXED else NUMBERED[word](today, number)


def midnight(day: date, zone: tzinfo) -> str:
    """The moment at which the day begins, as the storage keeps moments."""
    return moment(datetime.combine(day, time(), zone))


def moment(when: datetime) -> str:
    """A moment as the storage keeps it: UTC, milliseconds."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
