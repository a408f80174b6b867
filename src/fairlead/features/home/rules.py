"""What the first page decides: which problems are open, how the org's allowances stand, what the charts show. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.words import noop

SYNC: Final = "primary_sync"
"""The kind of job that the page follows."""
NEARLY: Final = 0.8
"""The part of an allowance from which on the page says that it is nearly used."""
EVENTS: Final = (("Opened", noop("Opens")), ("Clicked", noop("Clicks")), ("Bounced", noop("Bounces")))
"""Kinds of events that the charts count, and their labels."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, in per cent from the left; `n` is its colour."""

    label: str
    amount: int
    left: float
    width: float
    n: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the org allows of something, and who used how much of it; `unit` stands behind the numbers."""

    name: str
    title: str
    used: Sequence[tuple[str, int]]
    limit: int
    unit: str

    @property
    def total(self) -> int:
        """What is used by all."""
        return sum(amount for _, amount in self.used)

    @property
    def nearly(self) -> bool:
        """Whether little is left."""
        return self.limit > 0 and self.total >= NEARLY * self.limit

    @property
    def parts(self) -> list[Part]:
        """Who used it, and what is left."""
        whole = max(self.limit, self.total, 1)
        parts, left = [], 0.0
        for n, (label, amount) in enumerate([*self.used, (noop("Left"), max(0, self.limit - self.total))], 1):
            width = 100 * amount / whole
            parts.append(Part(label, amount, round(left, 3), round(width, 3), n if label != "Left" else 4))
            left += width
        return parts


def calls(used: int, limit: int, ours: int) -> Allowance:
    """API calls of the last 24 hours. Ours are counted by our jobs, the whole by the org: neither is asked for more."""
    mine = min(ours, used)
    return Allowance(
        "calls", "API calls of the last 24 hours", (("Fairlead", mine), ("Others", used - mine)), limit, ""
    )


def storage(used: int, limit: int) -> Allowance:
    """Data storage in MB."""
    return Allowance("storage", "Data storage", (("Used", used),), limit, "MB")


def failed_stages(stages: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Title and message of the stages that failed, and of those that left something out."""
    return [
        (str(stage.get("title") or stage.get("name")), str(stage.get("message") or noop("It failed.")))
        for stage in stages
        if stage.get("state") == "failed"
    ]


def heading(state: str, problems: int) -> str:
    """How the last sync is, in a few words; `state` is blank for none. How many problems are open is said beside it."""
    if not state:
        return noop("Welcome. Nothing has run yet.")
    if state == "failed":
        return noop("The last sync failed.")
    if state == "running":
        return noop("A sync is running.")
    if state in ("queued", "holding"):
        return noop("A sync is waiting.")
    if state == "cancelled":
        return noop("The last sync was cancelled.")
    return "" if problems else noop("All is well.")
