"""Which events of an e-mail to read, which of them to write, and which to count. Pure.

`kind` is `recipients` for those of a campaign only, who are told all at once and without a date.

Times here are texts of the client's wall clock, `YYYY-MM-DD HH:MM`, which compare as they are; "" is the beginning of all,
`NEVER` its end.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

NEVER: Final = "9999-12-31 00:00"

OVERLAP: Final = timedelta(hours=3)
"""The time before the newest event that is read again: more than the hour by which clocks are set back, and than
what Campaign Monitor takes to tell of an event. What comes later still shows in the counter (`missing`)."""

RECIPIENTS_SETTLE: Final = timedelta(days=2)
"""So long after a campaign was sent its recipients may still grow: it is going out."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one kind of events of an e-mail, as of the last reading that came to its end.

    `seen`: the counter then; `events`: those known; `short`: by how many even a whole reading falls short of the counter.
    `newest`: the newest event. `read_from`, `written_from`: the first minute read and counted, and written.
    `linked`: all are counted for a Salesforce campaign. `kept`: whether the newest events are remembered one by one.
    """

    seen: int
    events: int
    newest: str
    read_from: str = ""
    written_from: str = ""
    short: int = 0
    linked: bool = False
    kept: bool = True
    full_run: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a kind: written from a day on (`NEVER`: not at all), counted for members of all time (`totals`),
    counted for a Salesforce campaign (`linked`), and all anew by this number (`full_run`, 0 for what moved).
    """

    write_from: str
    totals: bool
    linked: bool = False
    full_run: int = 0

    @property
    def anything(self) -> bool:
        """Whether events are of any use."""
        return self.totals or self.linked or self.write_from < NEVER


@dataclass(frozen=True, slots=True)
class Plan:
    """One reading: from a minute on (None: all), and what to do with an event of a date.

    Events before `again_from` were handled by an earlier reading unless the three spans say otherwise; those from then on
    are new if they are not remembered.
    """

    since: datetime | None
    again_from: str
    write_from: str
    written_from: str
    read_from: str
    link_all: bool = False
    link: bool = False
    write_all: bool = False

    def counts(self, date: str, *, known: bool) -> bool:
        """Whether an event is to be added to the member's totals."""
        return date < self.read_from or (not known and date >= self.again_from)

    def writes(self, date: str, *, known: bool) -> bool:
        """Whether an event is to be written."""
        if date < self.write_from:
            return False
        return self.write_all or date < self.written_from or (not known and date >= self.again_from)

    def links(self, date: str, *, known: bool) -> bool:
        """Whether an event is to be added to what the address did with the Salesforce campaign."""
        return self.link_all or (self.link and not known and date >= self.again_from)

    def judge(self, dates: list[str], known: list[bool]) -> "Judged":
        """What to do with each of some events, by column: the same as one by one, once for those that are judged alike."""
        many, first, last = len(dates), min(dates, default=""), max(dates, default="")
        edges = (self.again_from, self.write_from, self.written_from, self.read_from)
        if not any(known) and not any(first < edge <= last for edge in edges):
            return Judged(
                [self.counts(first, known=False)] * many,
                [self.writes(first, known=False)] * many,
                [self.links(first, known=False)] * many,
            )
        events = list(zip(dates, known, strict=True))
        return Judged(
            [self.counts(date, known=old) for date, old in events],
            [self.writes(date, known=old) for date, old in events],
            [self.links(date, known=old) for date, old in events],
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Of events by column: whether each is to be counted for its member, written, and counted for the Salesforce campaign."""

    counts: list[bool]
    writes: list[bool]
    links: list[bool]


def plan(kind: str, counter: int, known: Known | None, wanted: Wanted, *, suspected: bool = False) -> Plan | None:
    """What to read of a kind, or None for nothing. `counter` is what Campaign Monitor says there are.

    `suspected`: there may be new events though the counter is what it was.
    """
    if known is None:
        return _first(kind, counter, wanted)
    if wanted.full_run:
        return None if known.full_run == wanted.full_run else _anew(kind, known, wanted)
    if known.events and (_reaches_back(known, wanted) or (wanted.linked and not known.linked)):
        return _back(kind, known, wanted)
    if (counter == known.seen and not suspected) or not wanted.anything:
        return None
    start = again_from(kind, known)
    since = None if kind == "recipients" or start in {"", NEVER} else datetime.fromisoformat(start)
    return Plan(since, start, wanted.write_from, wanted.write_from, known.read_from, link=wanted.linked)


def whole(made: Plan) -> Plan:
    """The same from the very beginning, everything written: after a reading that found fewer events than the counter tells."""
    return replace(
        made, since=None, written_from=NEVER, link_all=made.link_all or made.link, link=made.link, write_all=True
    )


def missing(counter: int, events: int, known: Known | None, made: Plan) -> bool:
    """Whether a reading that left older events out now knows of fewer events than Campaign Monitor tells."""
    return known is not None and made.since is not None and not known.read_from and counter - events > known.short


def again_from(kind: str, known: Known) -> str:
    """Where the next reading of what moved begins: a whole minute, from which on single events are remembered."""
    if not known.kept:
        return NEVER
    return start_of(kind, known.newest)


def start_of(kind: str, newest: str) -> str:
    """The minute from which on events are to be remembered when `newest` is the newest."""
    if not newest or kind == "recipients":
        return ""
    return f"{datetime.fromisoformat(newest) - OVERLAP:%Y-%m-%d %H:%M}"


def _first(kind: str, counter: int, wanted: Wanted) -> Plan | None:
    if not counter or not wanted.anything:
        return None
    everything = wanted.totals or wanted.linked or kind == "recipients" or not wanted.write_from
    since = None if everything else datetime.fromisoformat(wanted.write_from)
    return Plan(since, "", wanted.write_from, NEVER, NEVER, link_all=wanted.linked, write_all=True)


def _anew(kind: str, known: Known, wanted: Wanted) -> Plan | None:
    """All of it again, counted as it was."""
    if not known.events and not known.seen:
        return None
    return Plan(
        None,
        again_from(kind, known),
        wanted.write_from,
        NEVER,
        known.read_from,
        link=wanted.linked,
        link_all=wanted.linked and not known.linked,
        write_all=True,
    )


def _reaches_back(known: Known, wanted: Wanted) -> bool:
    more_to_write = wanted.write_from < known.written_from and known.newest >= wanted.write_from
    return more_to_write or (wanted.totals and known.read_from > "")


def _back(kind: str, known: Known, wanted: Wanted) -> Plan:
    """A setting or a link asks for more than was read or written before."""
    everything = (wanted.totals and known.read_from > "") or (wanted.linked and not known.linked)
    from_beginning = everything or kind == "recipients" or not wanted.write_from
    return Plan(
        None if from_beginning else datetime.fromisoformat(wanted.write_from),
        again_from(kind, known),
        wanted.write_from,
        known.written_from,
        known.read_from,
        link=wanted.linked,
        link_all=wanted.linked and not known.linked,
    )


def after(made: Plan, known: Known | None) -> tuple[str, str]:
    """From when on events are read and counted, and written, once the reading has ended."""
    since = "" if made.since is None else f"{made.since:%Y-%m-%d %H:%M}"
    read_from = min(since, made.read_from)
    written_from = known.written_from if known is not None and since > made.write_from else made.write_from
    return read_from, written_from
