"""The run over changes in Salesforce: every changed record is read once and handed to each reaction to which it is due.

Each reaction has its own cursor (`reaction:<name>`) and digests of what it was handed within the overlap, committed after
its `end`: killed before that, it is handed the same again. One that fails does not hold up the others.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fairlead.domain.failure import Failure, OurBug, the_one_to_act_on
from fairlead.domain.outward_settings import ACCOUNT_TRIGGER, BULK_CHANGES, PAUSED, SINGLE_CHANGES
from fairlead.domain.records import Cursor, Digest, Kind, Rows, Scope, Staged
from fairlead.features.org_changes import rules
from fairlead.features.org_changes.offered import Offered
from fairlead.features.org_changes.reading import A_PAGE, Reader, Reads
from fairlead.store import scrub
from fairlead.sync.outward import MANY, OBJECTS, Gone, OrgPage, OutwardRun, Reaction

ALL: Final = "all"
READ: Final = "read"


@dataclass(frozen=True, slots=True)
class Told:
    """What one reaction did in a run, as the page shows it."""

    name: str
    title: str
    handed: int = 0
    left_out: int = 0
    failure: Failure | None = None
    paused: bool = False


Note = Callable[[Told], Awaitable[None]]


async def run_changes(
    run: OutwardRun,
    offered: Sequence[Offered],
    note: Note,
    *,
    ends: Collection[type[BaseException]] = (),
    reads: Reads | None = None,
) -> None:
    """Hand what changed to these reactions. `ends` are errors that end the run at once: cancelled, or taken over.

    Raises, at the end, the failure that a person must act on; the other reactions have come to their end by then.
    """
    paused = run.settings.of(PAUSED)
    works = [_Work(run, one.make(), tuple(ends)) for one in offered if one.if_paused or not paused]
    for one in offered:
        if paused and not one.if_paused:
            await run.progress.stage(one.name, state="skipped", message=str(rules.Paused()))
            await note(Told(one.name, one.title, paused=True))
    reader = reads or Reader(run.salesforce)
    for work in works:
        await work.guarded(work.begin)
    await run.progress.stage(READ, state="running")
    try:
        for name in OBJECTS:
            await _one_object(
                run, reader, [work for work in works if work.failure is None and name in work.fields], name
            )
    except Failure as failure:
        for work in works:
            work.failure = work.failure or failure
        await run.progress.stage(READ, state="failed", message=failure.told, code=failure.code, step=failure.step)
    else:
        await run.progress.stage(READ, state="done")
    for work in works:
        await run.progress.check_cancelled()
        await work.finish()
        await note(work.told())
    failures = [work.failure for work in works if work.failure is not None]
    if failures:
        raise the_one_to_act_on(failures, "reactions", len(works))


async def _one_object(run: OutwardRun, reader: Reads, works: Sequence["_Work"], name: str) -> None:
    """Read an object's changes once for all who want them. Raises a Failure of the reading itself."""
    for work in works:
        await work.guarded(work.open, name)
    reading = [work for work in works if work.failure is None and work.reads]
    if not reading:
        return
    begins = [work.since for work in reading if work.since is not None]
    window = rules.Window(None if run.whole or not begins else min(begins))
    parts = await reader.parts(name, window, by_account=run.settings.of(ACCOUNT_TRIGGER))
    for work in reading if parts else ():
        missing = await reader.missing(name, work.fields[name])
        if missing:
            work.failure = rules.FieldsMissing(work.reaction.title, name, missing)
    paths = {path for work in reading if work.failure is None for path in work.fields[name]}
    read = 0
    async for page in reader.pages(name, paths, parts):
        await run.progress.check_cancelled()
        read += len(page)
        await run.progress.stage(READ, message="", done=run.totals.get("changes_read", 0) + read, unit="records")
        hashes = run.ledger.hashes([str(record["Id"]) for record in page])
        for work in reading:
            if work.failure is None:
                await work.guarded(work.take, page, hashes)
    run.add(changes_read=read)
    for work in reading:
        if work.failure is None:
            await work.guarded(work.close)


@dataclass(slots=True)
class _Work:
    """One reaction in one run. `since`, `known` and `fresh` are of the object being read."""

    run: OutwardRun
    reaction: Reaction
    ends: tuple[type[BaseException], ...]
    fields: Mapping[str, Collection[str]] = field(default_factory=dict)
    failure: Failure | None = None
    object: str = ""
    reads: bool = False
    since: datetime | None = None
    known: Mapping[bytes, bytes] = field(default_factory=dict)
    fresh: dict[bytes, Digest] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    created: set[str] = field(default_factory=set)
    bulk: bool = False
    handed: int = 0
    left_out: int = 0
    waits: bool = False
    staged: dict[str, Mapping[bytes, Digest]] = field(default_factory=dict)

    async def guarded(self, act: Callable[..., Awaitable[None]], *given: Any) -> None:
        """Do it; what fails is kept as this reaction's failure. What ends the whole run is raised."""
        try:
            await act(*given)
        except Exception as error:
            leaves = list(_leaves(error))
            if any(isinstance(leaf, self.ends) for leaf in leaves):
                raise
            known = [leaf for leaf in leaves if isinstance(leaf, Failure)]
            where = scrub.location(next((leaf for leaf in leaves if not isinstance(leaf, Failure)), error))
            if len(known) == len(leaves):
                self.failure = the_one_to_act_on(known, "parts", len(known))
            else:
                self.failure = OurBug(f"“{self.reaction.title}” broke off by an error in Fairlead: {where}.")

    async def begin(self) -> None:
        """Ask what it wants. Objects of no interest go on without being read: interest that comes later begins there.

        So the first edit after a rule or mapping was saved is not missed.
        """
        self.fields = await self.reaction.fields(self.run)
        self.staged |= {name: {} for name in OBJECTS if name not in self.fields}

    async def open(self, name: str) -> None:
        """Find where to begin; the first run of a reaction only notes from when on changes count."""
        self.object, self.known, self.fresh = name, {}, {}
        self.waiting, self.created, self.bulk, self.waits = [], set(), False, False
        cursor = await self.run.ledger.cursor(self._scope(name))
        self.reads = cursor is not None or self.run.whole
        self.since = None
        if cursor is None:
            self.staged[name] = {}
        elif not self.run.whole:
            self.since = cursor.read_until.replace(tzinfo=UTC) - rules.OVERLAP
            self.known = await self.run.ledger.digests(self._scope(name))

    async def take(self, page: Sequence[dict[str, Any]], hashes: Sequence[bytes]) -> None:
        """Take those records of a page that are due; hand them over once it is known whether they are many."""
        by_account = self.run.settings.of(ACCOUNT_TRIGGER)
        names = rules.looked_at(self.fields[self.object], by_account=by_account)
        digests = self._digests(page, names)
        remember = rules.remember_from(self.run.now)
        for record, key, content in zip(page, hashes, digests, strict=True):
            changed = rules.last_change(record, by_account=by_account)
            if self.since is not None and changed < self.since:
                continue
            before = self.fresh.get(key)
            if content == (self.known.get(key) if before is None else before.content):
                continue
            if changed >= remember:
                self.fresh[key] = Digest(content, changed.date().isoformat())
            if self.since is not None and rules.is_new(record, self.since, known=key in self.known):
                self.created.add(str(record["Id"]))
            self.waiting.append(record)
        self.bulk = self.bulk or len(self.waiting) > MANY
        if self.bulk:
            await self._hand_over()

    async def close(self) -> None:
        """All of the object came."""
        await self._hand_over()
        # what waits is read again until the switch is on; a reading of everything tells nothing of what is gone
        if not self.waits and self.since is not None:
            self.staged[self.object] = self.fresh

    async def finish(self) -> None:
        """Let it write, and move its cursor; or tell why not."""
        progress, name = self.run.progress, self.reaction.name
        if self.failure is None:
            await progress.stage(name, state="running", done=self.handed, unit="records")
            await self.guarded(self._end)
        if self.failure is None:
            await progress.stage(name, state="done", done=self.handed, left_out=self.left_out)
        else:
            one = self.failure
            await progress.stage(name, state="failed", message=one.told, code=one.code, step=one.step)

    def told(self) -> Told:
        """What it did."""
        return Told(self.reaction.name, self.reaction.title, self.handed, self.left_out, self.failure)

    async def _end(self) -> None:
        await self.reaction.end(self.run)
        until = self.run.now
        forget = rules.remember_from(until).date()
        for name, digests in self.staged.items():
            staged = Staged(Cursor(until.replace(tzinfo=None)), digests)
            await self.run.ledger.commit(self._scope(name), staged, [], forget_before=forget)

    async def _hand_over(self) -> None:
        records, self.waiting = self.waiting, []
        if not records:
            return
        if not self.run.settings.of(BULK_CHANGES if self.bulk else SINGLE_CHANGES):
            self.left_out += len(records)
            self.waits = not self.bulk
            return
        for start in range(0, len(records), A_PAGE):
            await self._page(records[start : start + A_PAGE])

    async def _page(self, records: Sequence[dict[str, Any]]) -> None:
        here = [record for record in records if not record[rules.DELETED]]
        created = self.created.intersection(str(record["Id"]) for record in here)
        gone = [
            Gone(str(one["Id"]), rules.text(one.get(rules.EMAIL)), rules.text(one.get(rules.MASTER)))
            for one in records
            if one[rules.DELETED]
        ]
        self.created -= created
        await self.reaction.page(self.run, OrgPage(self.object, here, frozenset(created), gone, self.bulk))
        self.handed += len(records)
        self.run.add(handed=len(records))

    def _digests(self, page: Sequence[dict[str, Any]], names: Sequence[str]) -> list[bytes]:
        if not page:
            return []
        cells = [rules.contents(record, names) for record in page]
        columns = tuple(list(column) for column in zip(*cells, strict=True))
        fields = tuple(str(number) for number in range(len(columns)))
        return self.run.ledger.content_digests(Rows(fields, (Kind.TEXT,) * len(columns), columns), "")

    def _scope(self, name: str) -> Scope:
        return Scope(f"reaction:{self.reaction.name}", ALL, name)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors that were raised together, one by one."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error
