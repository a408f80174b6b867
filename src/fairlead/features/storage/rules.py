"""What records cost, and how many a choice of days and kinds would keep. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from fairlead.domain.activity import Activity

KB_A_RECORD: Final = 2
"""What Salesforce counts for a record of a custom object (F22)."""


def megabytes(records: int) -> float:
    """Storage that so many records take, in MB."""
    return records * KB_A_RECORD / 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A choice: events of so many days, of these kinds."""

    days: int
    kinds: frozenset[Activity]

    @classmethod
    def of(cls, days: int, types: Collection[str]) -> "Kept":
        """From the settings' values."""
        return cls(days, frozenset(Activity(name) for name in types))


@dataclass(frozen=True, slots=True)
class Figure:
    """Events of one kind; `exact` where they were counted in the org, else told by Campaign Monitor's own totals."""

    events: int
    exact: bool

    @property
    def mb(self) -> float:
        """Storage, in MB."""
        return megabytes(self.events)


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """One kind: records now, and what would be kept."""

    kind: Activity
    before: int
    after: Figure


@dataclass(frozen=True, slots=True)
class Estimate:
    """Event records by kind: as they are, and as they would be."""

    before: Mapping[Activity, int]
    after: Mapping[Activity, Figure]

    @property
    def records_before(self) -> int:
        """Event records now."""
        return sum(self.before.values())

    @property
    def records_after(self) -> int:
        """Event records after the change."""
        return sum(figure.events for figure in self.after.values())

    @property
    def exact(self) -> bool:
        """Whether nothing of it is Campaign Monitor's rougher total."""
        return all(figure.exact for figure in self.after.values())

    @property
    def mb_freed(self) -> float:
        """Storage that the change frees, in MB; negative where it takes more."""
        return megabytes(self.records_before) - megabytes(self.records_after)

    @property
    def mb_needed(self) -> float:
        """Storage that the change takes more, in MB."""
        return -self.mb_freed

    @property
    def rows(self) -> list[EstimateRow]:
        """Kind by kind."""
        return [EstimateRow(kind, self.before.get(kind, 0), self.after[kind]) for kind in self.after]


def estimate(
    now: Kept,
    wanted: Kept,
    stored: Mapping[Activity, int],
    stored_in_window: Mapping[Activity, int],
    told_in_window: Mapping[Activity, int],
) -> Estimate:
    """What `wanted` would keep.

    `stored` are the records of today by kind, `stored_in_window` those of them that are as young as `wanted` asks, and
    `told_in_window` the events that Campaign Monitor counts for campaigns sent since then. Less of a kind that is kept
    already is a matter of counting; more of it, or another kind, is told by Campaign Monitor.
    """
    return Estimate(
        dict(stored), {kind: _figure(kind, now, wanted, stored_in_window, told_in_window) for kind in Activity}
    )


def _figure(
    kind: Activity, now: Kept, wanted: Kept, stored: Mapping[Activity, int], told: Mapping[Activity, int]
) -> Figure:
    if wanted.days == 0 or kind not in wanted.kinds:
        return Figure(0, exact=True)
    if kind in now.kinds and wanted.days <= now.days:
        return Figure(stored.get(kind, 0), exact=True)
    return Figure(max(stored.get(kind, 0), told.get(kind, 0)), exact=False)


def not_kept(oldest: str, kinds: Collection[str], *, journeys: bool, days: int) -> str:
    """The SOQL condition of events that are kept no longer. `oldest` is a SOQL date-time literal; kinds are trusted words."""
    if days == 0 or not kinds:
        return "Tracking_Key__c != null"
    parts = [f"Activity_Date__c < {oldest}"]
    if len(set(kinds)) < len(Activity):
        words = ",".join(f"'{Activity(kind).value}'" for kind in kinds)
        parts.append(f"Activity__c NOT IN ({words})")
    if not journeys:
        parts.append("Email_Type__c = 'Journey'")
    return " OR ".join(parts)
