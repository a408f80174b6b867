"""What the stages of one run share: the two clients, the ledger, what was asked for, and where to tell of progress."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.salesforce.client import Salesforce
from fairlead.sync.ports import Ledger, Matcher
from fairlead.sync.run import Report


class Progress(Protocol):
    """Where a run tells how far it is; `fairlead.jobs` gives one."""

    async def stage(
        self,
        name: str,
        *,
        state: str | None = None,
        done: int | None = None,
        total: int | None = None,
        unit: str | None = None,
        message: str | None = None,
        **counts: int,
    ) -> None: ...

    async def check_cancelled(self) -> None:
        """Raises when a person asked for the end of the run."""
        ...


@dataclass(frozen=True, slots=True)
class ClientScope:
    """A client to sync: its id, name, and time zone as Campaign Monitor labels it."""

    id: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class ListScope:
    """A list to sync, with its client."""

    id: str
    name: str
    client: ClientScope


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: everything, or one client or list of it; anew (`full`) or what changed."""

    full: bool = False
    client: str = ""
    list: str = ""
    allow_large_changes: bool = False


@dataclass(slots=True)
class Run:
    """One run of the primary sync. Stages add to `lists` and `totals` as they go.

    `clock` is the account's wall clock when the first stage asked for it.
    """

    number: int
    wanted: Wanted
    clients: list[ClientScope]
    campaign_monitor: CampaignMonitor
    salesforce: Salesforce
    matcher: Matcher
    ledger: Ledger
    progress: Progress
    clock: datetime | None = None
    lists: list[ListScope] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)

    def add(self, **counts: int) -> None:
        """Add to the totals of the run."""
        for name, count in counts.items():
            self.totals[name] = self.totals.get(name, 0) + count

    def add_report(self, report: Report) -> None:
        """Add a scope's report to the totals."""
        self.add(
            read=report.read,
            written=report.outcome.written,
            unchanged=report.unchanged,
            refused=len(report.outcome.failures),
            deleted=report.swept,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of a run that a room offers."""

    name: str
    title: str
    run: Callable[[Run], Awaitable[None]]
