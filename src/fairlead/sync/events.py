"""The story of single events: read a few e-mails' reports side by side, write what is new by one door, then commit each.

Unlike a list's subscribers, events have no key of their own, come by the minute, and are counted. So each kind of each
e-mail is a scope of its own, with what is remembered of its newest events (`Book`), and a cursor that only moves when
every event was written or refused for good: counts stay exact. Killed anywhere, a scope is simply read again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from fairlead.domain.failure import Failure, SignInAgain, WaitAndRetry
from fairlead.domain.records import Commit, Cursor, Outcome, RowFailure, Scope, Staged
from fairlead.domain.tracking_plan import Known, after, whole
from fairlead.sync import convert_tracking as convert
from fairlead.sync.choosing import Doors, People, Progress, Writing
from fairlead.sync.convert_tracking import Keys
from fairlead.sync.event_ports import Book, Reading, Settled
from fairlead.sync.ports import BulkJobFailed, Ledger, Matcher, Sink, Target
from fairlead.sync.push import Journal, Push
from fairlead.sync.run import Blocked
from fairlead.sync.together import each

BEFORE_ALL: Final = "0001-01-01"


class RefusedForNow(WaitAndRetry):
    """Rows are refused for now only: the e-mail's events are read and written again by the next run."""

    code = "FL-395"
    next_step = "The next sync reads and writes them again; nothing needs to be done."

    def __init__(self, rows: int, first: RowFailure) -> None:
        super().__init__(f"{rows:,} events were refused for now: {first.reason} ({first.code})")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a reading did: events read and written, refusals, and the failure that kept it from its end.

    `blocked` is Salesforce's code where no row of it would be accepted.
    """

    reading: Reading
    read: int
    outcome: Outcome
    failure: Failure | None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class EventFlow:
    """The parts that all readings of a client share. `told` hears of members whose counts change: hashes and keys."""

    ledger: Ledger
    book: Book
    sink: Sink
    matcher: Matcher
    target: Target
    run: int
    owner: str = ""
    told: Callable[[Sequence[bytes], Sequence[str]], None] = lambda hashes, keys: None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    at_once: int = 8
    people: People = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "people", People(self.ledger.hashes))

    async def run_group(self, scope: Scope, readings: Sequence[Reading]) -> list[Ended]:
        """Read these side by side and write them by one door; each then stands or falls alone.

        `scope` names the group's bulk jobs in the ledger: that of the reading itself where there is only one. Raises a
        Failure that concerns them all.
        """
        await self._settle_jobs(scope)
        under_way = [Progress(reading, Keys(reading.kind, reading.mail)) for reading in readings]
        push = self._push(scope)
        writing = Writing(self._doors(), push)
        try:
            await each(under_way, partial(self._read, writing), at_once=self.at_once)
            await writing.flush()
            outcome = await push.finish()
        except BaseException:
            await push.abandon()
            raise
        _share_out(outcome, under_way)
        await self._end(under_way)
        for job in await self.ledger.in_flight(scope):
            await self.ledger.settle(scope, job.job, [])
        return [Ended(one.reading, one.read, one.outcome, one.failure, one.blocked) for one in under_way]

    async def _read(self, writing: Writing, progress: Progress) -> None:
        reading = progress.reading
        try:
            await self.book.begin(reading.scope)
            async with aclosing(reading.pages(reading.plan.since)) as pages:
                async for page in pages:
                    if page.rows:
                        await writing.add(progress, convert.columns(reading.kind, page.rows, reading.mail))
        except SignInAgain:  # the others would end alike
            raise
        except Failure as failure:
            progress.failure = failure

    async def _end(self, under_way: Sequence[Progress]) -> None:
        """Commit readings, but for those of which something is still to be done."""
        for progress in under_way:
            _judge(progress)
        sound = [progress for progress in under_way if progress.failure is None]
        behind = [progress for progress in sound if progress.misses_events()]
        ended = [progress for progress in sound if progress not in behind]
        if ended:
            settled = {progress.reading.scope: _settled(progress) for progress in ended}
            await self.ledger.commit_all(list(map(_commit, ended)), also=partial(self.book.settle, settled))
        for progress in behind:
            progress.failure = await self._again(progress)

    async def _again(self, progress: Progress) -> Failure | None:
        """Events came that are older than the window: read and write the whole report once."""
        whole_reading = replace(progress.reading, plan=whole(progress.reading.plan))
        (ended,) = await self.run_group(whole_reading.scope, [whole_reading])
        progress.read, progress.outcome = ended.read, ended.outcome
        return ended.failure

    async def _settle_jobs(self, scope: Scope) -> None:
        """Wait for bulk jobs whose outcome an earlier attempt never learned: never two at work on one e-mail."""
        for job in await self.ledger.in_flight(scope):
            if job.sealed or not await self.sink.abandon_job(job.job):
                try:
                    await self.sink.start_job(job.job)
                    await self.sink.finish_job(job.job, self._target())
                except BulkJobFailed:  # what it wrote, the new reading writes again
                    pass
            await self.ledger.settle(scope, job.job, [])

    def _doors(self) -> Doors:
        return Doors(self.ledger, self.book, self.matcher, self.people, self.run, self.owner, self.told)

    def _target(self) -> Target:
        return self.target.owned() if self.owner else self.target

    def _push(self, scope: Scope) -> Push:
        async def opened(job: str) -> None:
            await self.ledger.opened(scope, job)

        async def sealed(job: str, last: bool) -> None:
            await self.ledger.sealed(scope, job, None)

        async def settled(job: str, failures: list[RowFailure]) -> None:
            await self.ledger.settle(scope, job, failures)

        return Push(self.sink, self._target(), Journal(opened, sealed, settled), self.sleep, distinct=True)


def _settled(progress: Progress) -> Settled:
    """How its reading ended."""
    reading, before, events = progress.reading, progress.reading.known, progress.events
    read_from, written_from = after(reading.plan, before)
    known = Known(
        reading.counter,
        events,
        progress.newest,
        read_from,
        written_from,
        short=_short(reading, events),
        linked=reading.plan.link or reading.plan.link_all,
        kept=not reading.drop_all,
        full_run=reading.full_run,
    )
    return Settled(known, reading.keep_from(progress.newest), reading.plan.link_all, progress.suspicious)


def _commit(progress: Progress) -> Commit:
    reading = progress.reading
    return Commit(
        reading.scope,
        Staged(Cursor(datetime.fromisoformat(progress.newest or BEFORE_ALL)), {}),
        progress.outcome.failures,
        answered=None if reading.plan.since is None else (),
        full_run=reading.full_run,
    )


def _judge(progress: Progress) -> None:
    """Whether its rows were refused in a way that keeps a reading from its end."""
    failures = progress.outcome.failures
    blocked = [failure for failure in failures if failure.blocks]
    for_now = [failure for failure in failures if failure.retryable]
    if progress.failure is None and blocked:
        progress.failure, progress.blocked = Blocked(len(blocked), blocked[0]), blocked[0].code
    if progress.failure is None and for_now:
        progress.failure = RefusedForNow(len(for_now), for_now[0])


def _short(reading: Reading, events: int) -> int:
    if reading.plan.since is None:
        return max(0, reading.counter - events)
    return reading.known.short if reading.known else 0


def _share_out(outcome: Outcome, under_way: Sequence[Progress]) -> None:
    """Give each reading its refusals: a key begins with the e-mail's id and the kind."""
    by_prefix = {convert.prefix(one.reading.mail.id, one.reading.kind): one for one in under_way}
    for failure in outcome.failures:
        mail, kind, _ = failure.key.split(":", 2)
        by_prefix[f"{mail}:{kind}:"].outcome.failures.append(failure)
    if under_way:
        under_way[0].outcome.written += outcome.written
