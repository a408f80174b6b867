"""What a first sync will take: records, storage and time, from Campaign Monitor's own counters."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from fairlead.domain.activity import Activity

KB_A_RECORD: Final = 2
"""What Salesforce counts for a record of a custom object (F22)."""
ROWS_A_SECOND: Final = 500
"""Rows that a first sync reads and writes in a second, while nothing was measured here: assumed, and rather low."""


@dataclass(frozen=True, slots=True)
class ListCount:
    """A list and its subscribers, whatever their state."""

    id: str
    name: str
    client: str
    subscribers: int


@dataclass(frozen=True, slots=True)
class Sending:
    """A campaign that was sent: how many days ago, and to how many."""

    days_ago: int
    recipients: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What Campaign Monitor counts for the selected clients.

    `lists` are those that were asked; `more_lists` were not. `rates` are events of a kind for each recipient.
    """

    clients: int
    lists: tuple[ListCount, ...]
    more_lists: int
    sendings: tuple[Sending, ...]
    rates: dict[Activity, float]
    suppressed: int

    @property
    def subscribers_a_list(self) -> float:
        """On average, of the lists that were asked."""
        return sum(each.subscribers for each in self.lists) / len(self.lists) if self.lists else 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is chosen: events of so many days and these kinds, suppressed addresses or not, and lists without members."""

    days: int
    kinds: frozenset[Activity]
    suppression: bool
    prevented: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Records by what they are, the storage they take (MB), and about how long it will take (seconds)."""

    rows: tuple[tuple[str, int], ...]
    seconds: float
    free: int | None = None

    @property
    def records(self) -> int:
        """All of them."""
        return sum(count for _, count in self.rows)

    @property
    def megabytes(self) -> float:
        """Storage of all of them."""
        return megabytes(self.records)

    @property
    def parts(self) -> list[tuple[str, int, float]]:
        """Label, records, MB."""
        return [(label, count, megabytes(count)) for label, count in self.rows]

    @property
    def fits(self) -> bool:
        """Whether the org's free storage is enough, as far as it is known."""
        return self.free is None or self.megabytes <= self.free


def megabytes(records: int) -> float:
    """Storage that so many records take, in MB."""
    return records * KB_A_RECORD / 1024


def rates(recipients: int, counted: dict[Activity, int]) -> dict[Activity, float]:
    """Events of each kind for a recipient; a sent event is one for each."""
    found = {kind: counted.get(kind, 0) / recipients if recipients else 0.0 for kind in Activity}
    return {**found, Activity.SENT: 1.0}


def estimate(figures: Figures, wanted: Wanted, rate: float, free: int | None = None) -> Estimate:
    """What `wanted` will take at `rate` rows a second. `free`: MB of storage that the org has left."""
    recipients = sum(each.recipients for each in figures.sendings if each.days_ago < wanted.days)
    rows = (
        ("Clients and lists", figures.clients + len(figures.lists) + figures.more_lists),
        ("Members", _members(figures, wanted.prevented)),
        ("Campaigns", len(figures.sendings)),
        ("Tracking events", round(recipients * sum(figures.rates.get(kind, 0.0) for kind in wanted.kinds))),
        ("Suppressed addresses", figures.suppressed if wanted.suppression else 0),
    )
    return Estimate(rows, sum(count for _, count in rows) / rate, free)


def _members(figures: Figures, prevented: Collection[str]) -> int:
    counted = sum(each.subscribers for each in figures.lists if each.id not in prevented)
    return counted + round(figures.subscribers_a_list * figures.more_lists)


def measured(written: int, seconds: float) -> float:
    """Rows a second, of a run that wrote so much; what is assumed where that says too little."""
    return written / seconds if written >= 1_000 and seconds > 0 else float(ROWS_A_SECOND)


def in_words(seconds: float) -> str:
    """A duration as people say it, with an “about” before it."""
    if seconds < 60:
        return "less than a minute"
    if seconds < 5_400:
        return f"about {round(seconds / 60)} minutes" if seconds >= 90 else "about a minute"
    hours = seconds / 3600
    return f"about {round(hours)} hours"
