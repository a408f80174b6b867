"""One run of an import: read the source page by page, write who differs, a thousand a call, then look who is missing.

A page goes through by column (`rules.wishes`): nobody in it has an object of their own but in the body of the call.
Killed anywhere and run again it ends as if it had not been: each call's outcome is committed with the hashes of its people,
and who was written in this run is not written again. Nobody is taken off before the whole source was read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Final, Protocol

from fairlead.domain.address import normal, normals
from fairlead.domain.failure import FixTheSettings, WaitAndRetry
from fairlead.domain.words import noop
from fairlead.features.import_wizard.consent import MayBeAdded
from fairlead.features.import_wizard.reading import Page
from fairlead.features.import_wizard.records import Book, Held, Outcome
from fairlead.features.import_wizard.rules import removal, rows, wishes
from fairlead.features.import_wizard.rules.columns import Column, Line, ListField, problems
from fairlead.features.import_wizard.rules.rows import CLEAR, Reading, ToE164, Why
from fairlead.features.import_wizard.rules.wishes import Wishes
from fairlead.features.import_wizard.rules.words import Refresh
from fairlead.features.import_wizard.sources import ImportSource
from fairlead.features.import_wizard.writing import MARK, PER_CALL, OnList, Subscribers, with_room
from fairlead.sync.seen import Seen, text_hashes

STAGES: Final = (
    ("source", noop("Source")), ("people", noop("People")), ("segment", noop("Segment")), ("gone", noop("Missing people")),
)  # fmt: skip
AT_ONCE: Final = 8
"""Calls of one import on their way at a time; the account's own limit holds as well."""
BEFORE: Final = 120.0
AFTER: Final = 900.0
"""Seconds around the moment at which a call was sent: who joined then joined by that call, if its answer is not known."""
IN_ONE_PASS: Final = 200
"""People taken off between two commits."""

Hashes = Callable[[Sequence[str]], list[bytes]]


class Paused(Exception):
    """Everything to Campaign Monitor is paused: what is left waits until it is switched on again."""


class BadColumns(FixTheSettings):
    """The columns of an import cannot be used as they are."""

    code = "FL-476"
    next_step = "Open the columns of the import, and choose anew."

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__(" ".join(found))


class SomeNotTakenOff(WaitAndRetry):
    """Campaign Monitor would not delete some people; the next run tries them again."""

    code = "FL-557"
    next_step = "Nothing need be done: the next run tries it again."

    def __init__(self, count: int, code: str) -> None:
        super().__init__(f"{count:,} people could not be taken off the list (code {code}).")


class Told(Protocol):
    """Where a run tells how far it is; `JobContext` is one."""

    async def stage(self, name: str, **news: Any) -> None: ...

    async def check_cancelled(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does, as it was chosen."""

    name: str
    lines: Sequence[Line]
    refresh: Refresh = Refresh.UPDATE
    version: int = 1
    track: str = ""
    clear_blank: bool = False
    write_all: bool = False
    segment: bool = False
    segment_id: str = ""
    segment_field: str = ""
    limits: removal.Limits = removal.Limits()
    allow_large_changes: bool = False


@dataclass
class Tools:
    """What a run needs of the world. `made` is told what was created on the list: it is kept with the import."""

    source: ImportSource
    subscribers: Subscribers
    book: Book
    may: MayBeAdded
    hashes: Hashes
    digests: Hashes
    told: Told
    paused: Callable[[], Awaitable[bool]]
    made: Callable[[Mapping[str, Any]], Awaitable[None]]
    to_e164: ToE164 = rows.only_e164
    now: Callable[[], float] = time.time


@dataclass(slots=True)
class Wanted:
    """People to be written, by column: the wishes, the keyed hashes, and the digests of the wishes.

    `refused_before`: hashes of those who were refused in an earlier attempt of this run.
    """

    wishes: Wishes
    keys: list[bytes]
    digests: list[bytes]
    refused_before: set[bytes] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.keys)

    def and_then(self, others: "Wanted") -> "Wanted":
        """These and those."""
        return Wanted(
            self.wishes.and_then(others.wishes),
            self.keys + others.keys,
            self.digests + others.digests,
            self.refused_before | others.refused_before,
        )

    def first(self, count: int) -> tuple["Wanted", "Wanted"]:
        """So many of them, and the others."""
        return self._cut(0, count), self._cut(count, len(self))

    def _cut(self, begin: int, end: int) -> "Wanted":
        keys = self.keys[begin:end]
        before = self.refused_before.intersection(keys) if self.refused_before else set()
        return Wanted(self.wishes.cut(begin, end), keys, self.digests[begin:end], before)


_NOBODY: Final = (Why.NO_ADDRESS, Why.BAD_ADDRESS)


@dataclass
class ImportFlow:
    """One run. `read` counts rows of the source."""

    plan: Plan
    tools: Tools
    read: int = 0
    _twice: Seen = field(default_factory=Seen)
    _there: Seen = field(default_factory=Seen)
    _by_us: set[bytes] = field(default_factory=set)
    _buffer: Wanted | None = None
    _calls: set[asyncio.Task[None]] = field(default_factory=set)
    _done: list[Outcome] = field(default_factory=list)
    _committing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _written: int = 0
    _key: str = ""

    async def run(self) -> Mapping[str, int]:
        """The counts of the run. Raises a Failure, Paused, or what `told` raises when somebody cancels."""
        before = await self.tools.book.begin()
        try:
            how, wanted = await self._open()
            await self._people(how, wanted, before)
            await self._segment()
            await self._missing()
        except BaseException:
            await self.tools.book.counts(self.read)
            raise
        counts = await self.tools.book.finish(self.read)
        await self.tools.told.stage("gone", state="done")
        return counts

    # ---- the source and the list

    async def _open(self) -> tuple[Reading, list[str]]:
        """How rows are read, and the columns that are asked for; creates what the list still lacks."""
        await self._stage("source", state="running")
        await self._look()
        columns = await self.tools.source.columns()
        fields = await self.tools.subscribers.fields()
        lines = await self._lines(columns, fields)
        if self.plan.segment:
            self._key = await self._segment_field(fields)
        types = {one.key: one.type for one in await self._fields_now(fields, lines)}
        wanted = list(dict.fromkeys(line.column for line in lines))
        if self.plan.refresh.removes:
            await self._who_is_there()
        how = Reading.of(lines, wanted, types, track_default=self.plan.track, clear_blank=self.plan.clear_blank)
        await self._stage("source", state="done")
        return how, wanted

    async def _lines(self, columns: Sequence[Column], fields: Sequence[ListField]) -> list[Line]:
        """The lines with keys in place of custom fields that were yet to be created. Raises BadColumns."""
        by_name = {one.name.strip().casefold(): one.key for one in fields}
        lines = [_known_line(line, by_name) for line in self.plan.lines]
        if found := problems(lines, columns, fields):
            raise BadColumns(found)
        made = []
        for line in lines:
            if line.new_name:
                line = Line(line.column, await self.tools.subscribers.create_field(line.new_name, line.type))
            made.append(line)
        if made != list(self.plan.lines):
            await self.tools.made({"lines": [line.as_json() for line in made]})
        return made

    async def _fields_now(self, fields: Sequence[ListField], lines: Sequence[Line]) -> Sequence[ListField]:
        known = {one.key for one in fields}
        new = any(line.to.startswith("[") and line.to not in known for line in lines)
        return await self.tools.subscribers.fields() if new else fields

    async def _segment_field(self, fields: Sequence[ListField]) -> str:
        """The hidden custom field by which the segment picks people."""
        name = f"Fairlead import {self.tools.book.owner}"
        found = next((one.key for one in fields if one.name.strip() == name), "")
        key = found or await self.tools.subscribers.create_field(name, "Text", visible=False)
        if key != self.plan.segment_field:
            await self.tools.made({"segment_field": key})
        return key

    async def _who_is_there(self) -> None:
        """Note who is on the list before anything is written: nobody of them was added by this run."""
        pending = await self.tools.book.pending()
        pages: Any = self.tools.subscribers.active(unconfirmed=True)
        async with aclosing(pages):
            async for page in pages:
                await self._look()
                self._there.add(text_hashes([normal(one.address) for one in page]))
                if pending:
                    self._by_us |= self._ours(page, pending)

    def _ours(self, page: Sequence[OnList], pending: Mapping[bytes, int]) -> set[bytes]:
        """Who joined when a call of ours was sent whose answer was never learned."""
        keys = self.tools.hashes([normal(one.address) for one in page])
        return {
            key
            for one, key in zip(page, keys, strict=True)
            if key in pending and pending[key] - BEFORE <= one.since <= pending[key] + AFTER
        }

    # ---- people

    async def _people(self, how: Reading, wanted: Sequence[str], before: int) -> None:
        await self._stage("people", state="running", unit="rows", total=before or None)
        try:
            pages: Any = self.tools.source.pages(wanted)
            async with aclosing(pages):
                async for page in pages:
                    await self._page(how, page)
                    await self._stage("people", done=self.read, total=max(before, self.read), written=self._written)
            await self._flush(0)
            while self._calls:
                self._calls = await with_room(self._calls, 1)
        finally:
            for call in self._calls:
                call.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)
        await self._stage("people", state="done", done=self.read, total=self.read, written=self._written)

    async def _page(self, how: Reading, page: Page) -> None:
        """Decide about each row of a page; who is to be written waits in the buffer until a call is full."""
        await self._look()
        first = self.read
        asked, why = wishes.read(how, page, self.tools.to_e164)
        if self._key:
            asked = asked.all_with(self._key, MARK)
        self.read += len(asked)
        addresses = normals(asked.emails)
        again = self._twice.add(text_hashes(addresses))
        nobody: dict[int, Why] = {place: one for place, one in why.items() if one in _NOBODY}
        for place in again.nonzero()[0].tolist():
            nobody.setdefault(place, Why.TWICE)
        refused: dict[bytes, str] = {}
        if nobody:
            names = self.tools.hashes([row_name(first + place) for place in nobody])
            refused = dict(zip(names, nobody.values(), strict=True))
            stays, why = wishes.without(why, nobody, len(asked))
            asked, addresses = asked.only(stays), list(compress(addresses, stays))
        listed = await self._decide(asked, addresses, why, refused)
        if listed or refused:
            await self.tools.book.keep(listed, refused)
        await self._flush(PER_CALL)

    async def _decide(
        self, asked: Wishes, addresses: Sequence[str], why: Mapping[int, Why], refused: dict[bytes, str]
    ) -> list[bytes]:
        """Put into the buffer who is to be written; gives the hashes of the others, and adds to `refused`."""
        keys = self.tools.hashes(addresses)
        digests = self.tools.digests(asked.texts(f"{self.plan.version}\x1e"))
        # Whom no run has listed before needs no look: nobody comes twice in one attempt.
        known = {} if self.tools.book.new else await self.tools.book.page(keys)
        forbidden = await self.tools.may.forbidden(keys, addresses)
        refused |= forbidden
        refused |= {keys[place]: one for place, one in why.items()}
        out = {place for place, key in enumerate(keys) if key in forbidden} if forbidden else set()
        out.update(why)
        if known:
            for place, (key, digest) in enumerate(zip(keys, digests, strict=True)):
                if key in known and place not in out and self._as_it_is(known[key], digest):
                    out.add(place)
        listed = [keys[place] for place in sorted(out)]
        if out:
            stays, _ = wishes.without({}, out, len(keys))
            asked, keys, digests = asked.only(stays), list(compress(keys, stays)), list(compress(digests, stays))
        job = self.tools.book.job
        before = {key for key in keys if key in known and known[key][1] == job} if known else set()
        wanted = Wanted(asked, keys, digests, before)
        self._buffer = wanted if self._buffer is None else self._buffer.and_then(wanted)
        return listed

    def _as_it_is(self, known: Held, digest: bytes) -> bool:
        """Whether there is nothing to write: it was, in this run, or as it is, in an earlier one."""
        was, _, written = known
        if was != digest:
            return False
        if written == self.tools.book.job:
            return True
        return not (self.plan.write_all or self.plan.refresh.adds_deleted)

    async def _flush(self, at_least: int) -> None:
        """Send what fills calls of `PER_CALL`; all of it for 0."""
        while self._buffer is not None and len(self._buffer) >= max(1, at_least):
            part, self._buffer = self._buffer.first(PER_CALL)
            self._calls = await with_room(self._calls, AT_ONCE)
            await self._look()
            self._calls.add(asyncio.create_task(self._write(part)))

    async def _write(self, part: Wanted) -> None:
        """One call, and the commit of what became of it."""
        new = self._new(part)
        if new:
            await self.tools.book.sent(new, int(self.tools.now()))
        told = await self.tools.subscribers.write(part.wishes)
        codes = {part.keys[place]: code for place, code in told.refused.items()}
        added = set(removal.surely_added([key for key in new if key not in codes], told.new))
        if self.plan.refresh.adds_deleted:
            added |= await self._add_deleted(
                part, [place for place, code in told.refused.items() if code == "205"], codes
            )
        refused = {key: code for key, code in codes.items() if code}
        written, digests = part.keys, part.digests
        if refused:
            good = [key not in refused for key in part.keys]
            written, digests = list(compress(written, good)), list(compress(digests, good))
        if self._by_us:
            added |= self._by_us.intersection(written)
        done = Outcome(
            written, digests, added.intersection(written), list(refused), refused, part.refused_before - refused.keys()
        )
        self._done.append(done)
        await self._commit()

    async def _commit(self) -> None:
        """Commit what calls have done: all that were answered while an earlier commit was under way, at once."""
        async with self._committing:
            done, self._done = self._done, []
            if done:
                await self.tools.book.wrote(Outcome.of(done), marked=bool(self._key))
                self._written += sum(len(one.written) for one in done)

    def _new(self, part: Wanted) -> list[bytes]:
        """Those who were not on the list before: only a removing import needs to know."""
        if not self.plan.refresh.removes:
            return []
        there = self._there.contains(text_hashes(normals(part.wishes.emails)))
        return list(compress(part.keys, (~there).tolist()))

    async def _add_deleted(self, part: Wanted, places: Sequence[int], codes: dict[bytes, str]) -> set[bytes]:
        """Bring back who was deleted, one by one; their codes are changed to what came of it. Gives those who are back."""
        gate = asyncio.Semaphore(AT_ONCE)
        persons = {part.keys[place]: part.wishes.person(place) for place in places}
        forbidden = await self.tools.may.forbidden(list(persons), [one.key for one in persons.values()])

        async def bring(key: bytes) -> None:
            async with gate:
                await self._look()
                codes[key] = await self.tools.subscribers.add_deleted(persons[key])

        codes |= forbidden
        await asyncio.gather(*(bring(key) for key in persons if key not in forbidden))
        back = {key for key in persons if not codes[key]}
        return back if self.plan.refresh.removes else set()

    # ---- when all was read

    async def _segment(self) -> None:
        """Take the mark off who is no longer in the source, and see that the segment is there."""
        await self._stage("segment", state="running")
        if self.plan.segment:
            await self._look()
            lost = set(await self.tools.book.marked())
            if lost:
                await self._unmark(lost)
            found = await self.tools.subscribers.segment(self.plan.name, self._key, self.plan.segment_id)
            if found != self.plan.segment_id:
                await self.tools.made({"segment_id": found})
        await self._stage("segment", state="done")

    async def _unmark(self, lost: set[bytes]) -> None:
        found = [pair async for page in self._active() for pair in page if pair[0] in lost]
        for start in range(0, len(found), PER_CALL):
            part = found[start : start + PER_CALL]
            await self._look()
            gone = Wishes([address for _, address in part]).all_with(self._key, CLEAR)
            await self.tools.subscribers.write(gone)
            await self.tools.book.unmarked([key for key, _ in part])
        await self.tools.book.unmarked(sorted(lost - {key for key, _ in found}))

    async def _missing(self) -> None:
        """Take off who was added by this import and is no longer in its source. Raises a guard's refusal."""
        await self._stage("gone", state="running")
        if not self.plan.refresh.removes:
            return
        gone = set(removal.missing(await self.tools.book.missing()))
        removal.check(
            self.plan.name,
            read=self.read,
            missing=len(gone),
            added=await self.tools.book.added(),
            limits=self.plan.limits,
            allowed=self.plan.allow_large_changes,
        )
        if gone:
            await self._take_off(gone)

    async def _take_off(self, gone: set[bytes]) -> None:
        """Addresses are not kept: they are found on the list by their hashes. Who is not there has left already."""
        found = [pair async for page in self._active() for pair in page if pair[0] in gone]
        failed: dict[str, str] = {}
        for start in range(0, len(found), IN_ONE_PASS):
            await self._look()
            part = found[start : start + IN_ONE_PASS]
            codes = await self.tools.subscribers.take_off([address for _, address in part])
            failed |= codes
            await self.tools.book.taken_off([key for key, address in part if normal(address) not in codes])
            await self._stage("gone", done=start + len(part), total=len(found), unit="people")
        await self.tools.book.taken_off(gone - {key for key, _ in found})
        if failed:
            raise SomeNotTakenOff(len(failed), next(iter(failed.values())))

    async def _active(self) -> Any:
        """Who is active now, as (keyed hash, address), a page at a time."""
        pages: Any = self.tools.subscribers.active()
        async with aclosing(pages):
            async for page in pages:
                addresses = [one.address for one in page]
                keys = self.tools.hashes([normal(address) for address in addresses])
                yield list(zip(keys, addresses, strict=True))

    async def _look(self) -> None:
        """Go on? Raises Paused, and what `told` raises when somebody cancels."""
        await self.tools.told.check_cancelled()
        if await self.tools.paused():
            raise Paused

    async def _stage(self, name: str, **news: Any) -> None:
        await self.tools.told.stage(name, **news)


def row_name(place: int) -> str:
    """What stands for a row without an address of its own: its place in the source, from 0."""
    return f"row {place}"


def _known_line(line: Line, by_name: Mapping[str, str]) -> Line:
    """The line; where the custom field it would create is there already, that one."""
    key = by_name.get(line.new_name.casefold()) if line.new_name else None
    return Line(line.column, key) if key else line
