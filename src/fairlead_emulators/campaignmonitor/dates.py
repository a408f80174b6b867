"""Wall-clock dates of the API: rounded to the minute, in the client's time zone, without an offset."""

import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact

fact("dates-in-client-zone")
_FORMATS: Final = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d")


@cache
def labels(book: str = "timezones") -> dict[str, str]:
    """Time zone label → name in the tz database: those that are offered, or with another book those understood besides."""
    text = (resources.files(__package__) / f"{book}.toml").read_text(encoding="utf-8")
    return {label: str(name) for label, name in tomllib.loads(text).items()}


@cache
@fact("time-zone-labels")
def zone(label: str) -> ZoneInfo:
    """The zone a label means, of whatever time. Raises Refusal 152 for an unknown label."""
    name = labels().get(label) or labels("timezones_others").get(label)
    if name is None:
        raise Refusal(152)
    return ZoneInfo(name)


@fact("minute-rounding")
def minute_of(seconds: float) -> int:
    """Unix seconds → unix minutes, rounded half up: a date can lie half a minute in the future."""
    return int((seconds + 30) // 60)


def wire(minute: int, where: ZoneInfo) -> str:
    """Unix minutes → `YYYY-MM-DD HH:MM:00` on the wall clock of `where`."""
    return datetime.fromtimestamp(minute * 60, where).replace(tzinfo=None).isoformat(" ")


def wire_seconds(seconds: float, where: ZoneInfo) -> str:
    """As `wire`, with seconds: the suppression list alone shows them."""
    return datetime.fromtimestamp(int(seconds), where).replace(tzinfo=None).isoformat(" ")


def ambiguous(minute: int, where: ZoneInfo) -> bool:
    """Whether the wall clock shows this minute's date twice (summer time ends)."""
    local = datetime.fromtimestamp(minute * 60, where).replace(tzinfo=None)
    both = {local.replace(tzinfo=where, fold=fold).utcoffset() for fold in (0, 1)}
    return len(both) == 2


def moment(text: str) -> float:
    """A moment as control routes take it, ISO 8601 with an offset, in unix seconds. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"at is {text}: add an offset, such as +00:00")
    if not 1900 < found.year < 9000:
        raise ValueError(f"at is {text}: use a year that can be shown in every time zone")
    return found.timestamp()


@fact("date-filter")
def since(text: str, where: ZoneInfo) -> int:
    """A `date` parameter → the first unix minute it lets through. Raises Refusal 5."""
    try:
        read = _read(text.strip())
        return int(read.replace(tzinfo=read.tzinfo or where).astimezone(UTC).timestamp() // 60)
    except (ValueError, OverflowError):  # no date; or the first or last day that there is, elsewhere
        raise Refusal(5) from None


def _read(text: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 — it has no offset on the wire
        except ValueError:
            continue
    if "T" not in text:
        raise ValueError(text)
    return datetime.fromisoformat(text)  # as programs write moments; an offset is heeded


@fact("statistics-buckets")
def buckets(now: datetime, where: ZoneInfo) -> dict[str, tuple[int, int | None]]:
    """Calendar buckets of list statistics → unix minutes `[from, to)`; weeks start on Sunday."""
    today = now.astimezone(where).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    week = today - timedelta(days=(today.weekday() + 1) % 7)

    def start(day: datetime) -> int:
        return int(day.replace(tzinfo=where).timestamp() // 60)

    return {
        "Today": (start(today), None),
        "Yesterday": (start(today - timedelta(days=1)), start(today)),
        "ThisWeek": (start(week), None),
        "ThisMonth": (start(today.replace(day=1)), None),
        "ThisYear": (start(today.replace(month=1, day=1)), None),
    }
