"""An org whose records change, also late and twice within a second, and reactions that remember what they were handed."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.outward_settings import PAUSED
from fairlead.domain.records import RowFailure, Scope, Staged
from fairlead.domain.setting import Given
from fairlead.features.org_changes import flow, rules
from fairlead.features.org_changes.offered import Offered
from fairlead.features.org_changes.reading import EXTRA, Page, Part
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.outward import ACCOUNT, CONTACT, LEAD, OrgPage, OutwardRun, Reaction

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NOTHING: Any = None


class Killed(BaseException):
    """The process died here."""


class Refused(FixTheSettings):
    """A reaction that cannot do its work."""

    code = "FL-300"


@dataclass
class Record:
    """A contact or lead. `stamp` is a whole second, as in Salesforce; `account` its account's number."""

    made: datetime
    stamp: datetime
    value: int = 0
    deleted: bool = False
    account: int = 0


@dataclass
class World:
    """The org, the ledger, and two reactions of which each may fail. `dies_at` counts words to the job until it dies."""

    now: datetime = START
    contacts: dict[str, Record] = field(default_factory=dict)
    accounts: dict[int, datetime] = field(default_factory=lambda: {0: START, 1: START})
    ledger: MemoryLedger = field(init=False)
    settings: dict[str, Any] = field(default_factory=dict)
    dies_at: int = 0
    fails: set[str] = field(default_factory=set)
    seen: dict[str, dict[str, tuple[Any, ...]]] = field(default_factory=lambda: {"a": {}, "b": {}})
    kept: dict[str, dict[str, tuple[Any, ...]]] = field(default_factory=lambda: {"a": {}, "b": {}})
    created: dict[str, Counter[str]] = field(default_factory=lambda: {"a": Counter(), "b": Counter()})
    again: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Tells(self)

    def state(self, key: str) -> tuple[Any, ...]:
        """What tells that a record changed: its own state, and when its account changed last."""
        one = self.contacts[key]
        return (one.stamp, one.value, one.deleted, one.account, self.accounts[one.account])

    def step(self, *_: object) -> None:
        self.dies_at -= 1
        if self.dies_at == 0:
            raise Killed

    # ---- what people do

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def make(self, key: str, account: int) -> None:
        stamp = self.now.replace(microsecond=0)
        self.contacts[key] = Record(stamp, stamp, account=account)

    def edit(self, key: str, *, late: float = 0.0) -> None:
        """An edit; `late`: it bears a moment that is so many seconds past, and is seen only now."""
        one = self.contacts[key]
        one.stamp = max(one.stamp, (self.now - timedelta(seconds=late)).replace(microsecond=0))
        one.value += 1

    def delete(self, key: str) -> None:
        self.edit(key)
        self.contacts[key].deleted = True

    def edit_account(self, number: int) -> None:
        self.accounts[number] = self.now.replace(microsecond=0)

    # ---- a run

    def run(self) -> bool:
        """One run; False where it died. A failure of a reaction is told by `fails`, not raised here."""
        run = OutwardRun(
            1,
            1,
            (),
            NOTHING,
            NOTHING,
            self.ledger,
            Progress(self),
            self.now,
            Given({(n, ""): v for n, v in self.settings.items()}),
        )
        offered = [Offered(lambda name=name: Remembers(self, name), name, name) for name in self.seen]

        async def note(told: flow.Told) -> None:
            self.step()

        try:
            asyncio.run(flow.run_changes(run, offered, note, reads=Reads(self)))
        except Killed:
            self.seen = {name: dict(kept) for name, kept in self.kept.items()}
            return False
        except Refused:
            pass
        finally:
            self.dies_at = 0
        return True

    @property
    def paused(self) -> bool:
        return bool(self.settings.get(PAUSED.name))


class Tells(MemoryLedger):
    """What is committed counts as handed over, wherever the run dies after that."""

    def __init__(self, world: World) -> None:
        super().__init__(step=world.step)
        self.world = world

    async def commit(self, scope: Scope, staged: Staged, failures: Sequence[RowFailure], **more: Any) -> None:
        await super().commit(scope, staged, failures, **more)
        if scope.list == CONTACT:  # the cursors of objects that nobody wants say nothing of what was handed over
            name = scope.kind.removeprefix("reaction:")
            self.world.kept[name] = dict(self.world.seen[name])


@dataclass
class Progress:
    """Words to the job, at each of which the process may die."""

    world: World

    async def stage(self, name: str, **news: Any) -> None:
        self.world.step()

    async def check_cancelled(self) -> None:
        self.world.step()


@dataclass
class Remembers:
    """A reaction that remembers what it was handed, and notes what it was handed again without a change."""

    world: World
    name: str

    @property
    def title(self) -> str:
        return self.name

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        return {CONTACT: ["Value__c"]}

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        self.world.step()
        for key in [*(str(one["Id"]) for one in page.records), *(one.id for one in page.gone)]:
            state = self.world.state(key)
            if self.world.kept[self.name].get(key) == state:
                self.world.again.append(key)
            self.world.seen[self.name][key] = state
            self.world.created[self.name][key] += key in page.created

    async def end(self, run: OutwardRun) -> None:
        self.world.step()
        if self.name in self.world.fails:
            self.world.seen[self.name] = dict(self.world.kept[self.name])
            raise Refused("It cannot.")


_: type[Reaction] = Remembers


@dataclass
class Reads:
    """The org as it is at the moment of each question, two records a page."""

    world: World

    async def missing(self, object: str, paths: Collection[str]) -> set[str]:
        return set()

    async def parts(self, object: str, window: rules.Window, *, by_account: bool) -> list[Part]:
        assert object not in (LEAD, ACCOUNT)
        self._since, self._by_account = window.since, by_account
        return [Part("own", all_rows=True, count=1)] + ([Part("account", count=1)] if by_account else [])

    async def pages(self, object: str, paths: Collection[str], parts: Sequence[Part]) -> AsyncGenerator[Page, None]:
        since = self._since or START
        for part in parts:
            found = []
            for key, one in self.world.contacts.items():
                own = one.stamp >= since
                moved = self.world.accounts[one.account] >= since and not one.deleted
                if own if part.after == "own" else moved and not own:
                    found.append(self._row(key, one))
            for start in range(0, len(found), 2):
                yield found[start : start + 2]

    def _row(self, key: str, one: Record) -> dict[str, Any]:
        assert rules.PARENT_STAMP in EXTRA[CONTACT]
        return {
            "Id": key, rules.CREATED: one.made.isoformat(), rules.STAMP: one.stamp.isoformat(), rules.DELETED: one.deleted,
            rules.MASTER: None, rules.EMAIL: "x@example.com", "Value__c": one.value,
            rules.PARENT_STAMP: self.world.accounts[one.account].isoformat(),
        }  # fmt: skip
