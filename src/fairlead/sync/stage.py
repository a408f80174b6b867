"""What the stages of one run share: the two clients, the ledger, what was asked for, and where to tell of progress."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.lists import ListStats
from fairlead.domain.setting import Values, defaults
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
        code: str | None = None,
        step: str | None = None,
        **counts: int,
    ) -> None: ...

    async def check_cancelled(self) -> None:
        """Raises when a person asked for the end of the run."""
        ...


@dataclass(frozen=True, slots=True)
class ClientScope:
    """A client to sync: its id, name, and time zone as Campaign Monitor labels it.

    `owner` is the id of the Salesforce user who is to own what is created for it (F17), blank for whom we sign in as.
    """

    id: str
    name: str
    time_zone: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ListScope:
    """A list to sync, with its client. `stats` are its counters as just read, None where they could not be read."""

    id: str
    name: str
    client: ClientScope
    stats: ListStats | None = None


@dataclass(frozen=True, slots=True)
class CampaignScope:
    """A sent campaign, with its client. `sent` is in the client's time zone; `moved` names the kinds of events whose
    counters differ from those of the last reading that came to its end (`domain.activity`).
    """

    id: str
    name: str
    sent: datetime
    client: ClientScope
    moved: frozenset[str] = frozenset()
    figures: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Counters by kind of events, as last told."""


@dataclass(frozen=True, slots=True)
class JourneyEmailScope:
    """One e-mail of a journey of a list. `figures`: counters by kind of events; complaints are not told."""

    id: str
    name: str
    list_id: str
    client: ClientScope
    figures: Mapping[str, int] = field(default_factory=dict, compare=False)


def _no_fence() -> None:
    """For runs that nobody can take over."""


async def _nothing_seen() -> Mapping[tuple[str, str], int]:
    """For runs that remember no counters."""
    return {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: everything, or one client or list of it; anew (`full`) or what changed.

    `clean`: delete Fairlead's own records first (with `full` only). `stages`: only those of these names, empty for all.
    """

    full: bool = False
    client: str = ""
    list: str = ""
    allow_large_changes: bool = False
    clean: bool = False
    stages: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether it concerns all clients and lists."""
        return not self.client and not self.list


class Calls(Protocol):
    """API calls made on each side so far."""

    @property
    def campaign_monitor(self) -> int: ...
    @property
    def salesforce(self) -> int: ...


@dataclass(slots=True)
class Run:
    """One run of the primary sync. Stages add to `lists`, `campaigns` and `totals` as they go.

    `number` is the job's, the same in all its attempts, and `fence` what its commits must call inside their transaction.
    `clock` is the account's wall clock when the first stage asked for it; `settings` were read at the beginning.
    """

    number: int
    org_id: int
    wanted: Wanted
    clients: list[ClientScope]
    campaign_monitor: CampaignMonitor
    salesforce: Salesforce
    matcher: Matcher
    ledger: Ledger
    progress: Progress
    settings: Values = field(default_factory=defaults)
    fence: Callable[[], None] = _no_fence
    calls: Calls | None = None
    clock: datetime | None = None
    lists: list[ListScope] = field(default_factory=list)
    campaigns: list[CampaignScope] = field(default_factory=list)
    linked_campaigns: dict[str, str] = field(default_factory=dict)
    journey_emails: list[JourneyEmailScope] = field(default_factory=list)
    member_keys: dict[bytes, str] = field(default_factory=dict)
    """Keyed hash → key of members whose totals changed in this run, as far as there is room. In memory only."""
    counters_seen: Callable[[], Awaitable[Mapping[tuple[str, str], int]]] = _nothing_seen
    """Counters as of the last readings that came to their end, by id of the e-mail and kind of events."""
    totals: dict[str, int] = field(default_factory=dict)
    passable: set[str] = field(default_factory=set)
    """Names of stages that have noted what others need of them: should they fail nevertheless, those are run all the same."""
    incomplete: set[str] = field(default_factory=set)
    """Names of stages that have not listed all they should: nothing is swept by what they list."""

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
    """One part of a run that a room offers. Where one of the stages `needs` failed, it is skipped, and says so."""

    name: str
    title: str
    run: Callable[[Run], Awaitable[None]]
    needs: tuple[str, ...] = ()
