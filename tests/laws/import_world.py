"""An import over a source and a list in memory, and the tables of Fairlead: for laws about runs, crashes and removals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from asgiref.sync import async_to_sync

from fairlead.domain.consent import Opt, Shadow
from fairlead.domain.consent_settings import Options
from fairlead.features.import_wizard import running
from fairlead.features.import_wizard.consent import MayBeAdded, NoTicks
from fairlead.features.import_wizard.flow import ImportFlow, Plan, Tools
from fairlead.features.import_wizard.memory import MemoryList, MemorySource
from fairlead.features.import_wizard.models import Import, ImportRun, KnownAddress, RefusedRow
from fairlead.features.import_wizard.records import Book
from fairlead.features.import_wizard.rules.columns import EMAIL, NAME, Line
from fairlead.features.import_wizard.rules.words import Refresh
from fairlead.store.models import Org

JOBS = count(1)
LINES = (Line("Email", EMAIL), Line("Name", NAME))
CLIENT = "c" * 32


class Killed(BaseException):
    """The process died here."""


@dataclass
class Shadows:
    """What the book of opt status remembers, by keyed hash."""

    held: dict[bytes, Shadow] = field(default_factory=dict)

    async def not_in(self, client: str, addresses: Any) -> Mapping[bytes, Shadow]:
        found = {each: self.held[each] for each in addresses if each in self.held}
        return {each: shadow for each, shadow in found.items() if shadow.agreed is not Opt.IN}


class Silent:
    """A job that nobody follows. It may be told to die, or to be cancelled, at its nth word."""

    def __init__(self, dies_at: int = 0, error: BaseException | None = None) -> None:
        self.left = dies_at
        self.error = error or Killed()

    def step(self, *_: Any) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.left = 1
                raise self.error

    async def stage(self, name: str, **news: Any) -> None:
        self.step()

    async def check_cancelled(self) -> None:
        self.step()


@dataclass
class World:
    """One import (or several) of one list."""

    refresh: Refresh = Refresh.UPDATE
    list: MemoryList = field(default_factory=MemoryList)
    source: MemorySource = field(default_factory=lambda: MemorySource([]))
    shadows: Shadows = field(default_factory=Shadows)
    ticks: NoTicks = field(default_factory=NoTicks)
    options: Options = field(default_factory=Options)
    plan: dict[str, Any] = field(default_factory=dict)
    paused: Callable[[], bool] = lambda: False
    clock: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.org = Org.objects.create(name=f"world {next(JOBS)}")
        self.owner = self.another()
        self.list.now = lambda: self.clock

    def another(self) -> Import:
        return Import.objects.create(org=self.org, name="Import", client=CLIENT, list_id="l" * 32, kind="soql")

    def people(self, *names: str) -> None:
        """Who is in the source now."""
        self.source.rows = [{"Email": f"{name}@example.com", "Name": name} for name in names]

    def on_list(self, state: str = "Active") -> set[str]:
        return {address.partition("@")[0] for address, now in self.list.states.items() if now == state}

    def join(self, name: str, state: str = "Active") -> None:
        """Somebody joins by themselves."""
        self.list.states[f"{name}@example.com"] = state
        self.list.since[f"{name}@example.com"] = self.clock

    def run(self, *, job: int = 0, dies_at: int = 0, owner: Import | None = None, **plan: Any) -> Mapping[str, int]:
        """One attempt of a run. Raises Killed where it dies."""
        told = Silent(dies_at)
        mine = owner or self.owner
        self.list.step = self.list.after = told.step
        self.source.step = told.step
        whole = {"refresh": self.refresh, **self.plan, **plan}
        book = Book(mine.pk, job or next(JOBS), 1, told.step)
        tools = Tools(
            source=self.source,
            subscribers=self.list,
            book=book,
            may=MayBeAdded(CLIENT, self.shadows, self.ticks, self.options),
            hashes=running.hashes,
            digests=running.digests,
            told=told,
            paused=self._paused,
            made=self._made,
            now=lambda: self.clock,
        )
        return async_to_sync(ImportFlow(Plan("Import", LINES, **whole), tools).run)()

    def run_to_its_end(self, dies_at: int, **plan: Any) -> int:
        """A run that dies at its nth word, and is taken over until it ends; gives how often it died."""
        job, died, at = next(JOBS), 0, dies_at
        while True:
            try:
                self.run(job=job, dies_at=at, **plan)
            except Killed:
                died, at = died + 1, at + dies_at
                continue
            return died

    def refused(self) -> dict[str, int]:
        """Refused rows of the last run by code."""
        return dict(ImportRun.objects.filter(owner=self.owner).first().codes)

    def added(self) -> int:
        return KnownAddress.objects.filter(owner=self.owner).exclude(added=0).count()

    async def _paused(self) -> bool:
        return self.paused()

    async def _made(self, changes: Mapping[str, Any]) -> None:
        self.plan |= {name: value for name, value in changes.items() if name.startswith("segment")}

    def state(self) -> tuple[Any, ...]:
        """Everything that must not depend on how often a run died."""
        known = KnownAddress.objects.filter(owner=self.owner).order_by("address")
        rows = [
            (bytes(one.address), bytes(one.digest), bool(one.added), bool(one.removed), one.marked) for one in known
        ]
        refused = RefusedRow.objects.filter(run__owner=self.owner).values_list("row", "code")
        counts = [dict(run.counts) for run in ImportRun.objects.filter(owner=self.owner)]
        return (
            dict(self.list.states), self.list.values, rows, sorted((bytes(row), code) for row, code in refused), counts,
        )  # fmt: skip


def fresh(**how: Any) -> World:
    """A world of its own."""
    return World(**how)


__all__ = ["Killed", "Sequence", "World", "fresh", "replace"]
