"""Which zone a label of Campaign Monitor means, and its wall-clock texts in UTC.

The known labels are data: `timezones.toml`. Labels have changed over time, so others are understood by their places.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from fairlead.campaignmonitor.errors import SetupRefused
from fairlead.campaignmonitor.utc_column import to_utc

__all__ = ["Found", "UnknownTimeZone", "find", "instants", "to_utc", "wall_clock", "zone"]

_LABEL: Final = re.compile(r"\s*\(\s*(?:GMT|UTC)\s*(?:([+-])\s*(\d{1,2}):?(\d{2})?)?\s*\)\s*(.*)", re.IGNORECASE)


class UnknownTimeZone(SetupRefused):
    """A client's time zone label names neither a known place nor an offset."""

    next_step = "Choose the client's time zone anew in Campaign Monitor."


@dataclass(frozen=True, slots=True)
class Found:
    """What a label means. `certain` is false for a fixed offset taken from the label: summer time is then unknown."""

    zone: tzinfo
    certain: bool


def zone(label: str) -> tzinfo:
    """The zone that a label means. Raises UnknownTimeZone."""
    return find(label).zone


@lru_cache(maxsize=256)
def find(label: str) -> Found:
    """The zone that a label means: as a whole, else by its places, else by its offset. Raises UnknownTimeZone."""
    name = _labels().get(label)
    if name:
        return Found(ZoneInfo(name), certain=True)
    match = _LABEL.fullmatch(label)
    offset = _offset(match) if match else None
    for place in _places(match.group(4) if match else label):
        candidates = _zones_of_places().get(place, ())
        if candidates:
            return Found(ZoneInfo(_closest(candidates, offset)), certain=True)
    if offset is None:
        raise UnknownTimeZone(f"The time zone {label!r} is not known.")
    return Found(timezone(offset), certain=False)


@cache
def _labels() -> dict[str, str]:
    return tomllib.loads(files(__package__).joinpath("timezones.toml").read_text("utf-8"))


@cache
def _zones_of_places() -> dict[str, tuple[str, ...]]:
    """Place in small letters → zones: from the labels first, then from the names of the zones themselves."""
    zones: dict[str, tuple[str, ...]] = {}
    for label, name in _labels().items():
        match = _LABEL.fullmatch(label)
        for place in _places(match.group(4)) if match else ():
            zones[place] = (*zones.get(place, ()), name)
    for name in sorted(available_timezones()):
        place = name.rpartition("/")[2].replace("_", " ").lower()
        if "/" in name and not name.startswith("Etc/"):
            zones.setdefault(place, (name,))
        zones.setdefault(name.lower(), (name,))
    return zones


def _places(text: str) -> list[str]:
    """`Greenwich Mean Time : Dublin, London` → its parts in small letters; a bare zone name stays whole."""
    return [part.strip().lower() for part in re.split(r"[,:;]", text) if part.strip()]


def _offset(match: re.Match[str]) -> timedelta:
    sign, hours, minutes, _ = match.groups()
    size = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -size if sign == "-" else size


def _closest(names: Sequence[str], offset: timedelta | None) -> str:
    """Of zones that share a place's name (La Paz), the one whose standard time is nearest to the label's."""
    if offset is None:
        return names[0]
    wanted = offset
    return min(names, key=lambda name: abs(_standard(ZoneInfo(name)) - wanted))


def _standard(place: ZoneInfo) -> timedelta:
    """Standard time's offset in a recent year: the smaller of January's and July's."""
    days = (datetime(2024, month, 1, tzinfo=place) for month in (1, 7))
    return min(day.utcoffset() or timedelta() for day in days)


def instants(text: str, place: tzinfo) -> tuple[datetime, datetime]:
    """The earliest and the latest moment, in UTC, that a wall-clock text of a zone may mean; nearly always the same.

    A time that came twice has two. One that the clock skipped means the same span before or after the skip. Where it
    matters which of two things was first, compare with the end that errs on the safe side.
    Raises ValueError on what is no date, or has an offset.
    """
    wall = datetime.fromisoformat(text.strip())
    if wall.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset; a time of the client's wall clock is expected.")
    both = [wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(both), max(both)


def wall_clock(moment: datetime, place: tzinfo) -> str:
    """A moment as a zone's wall clock shows it: `YYYY-MM-DD HH:MM:SS`. Raises ValueError where it has no time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: give a moment that has.")
    return f"{moment.astimezone(place):%Y-%m-%d %H:%M:%S}"
