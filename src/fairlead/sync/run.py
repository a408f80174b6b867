"""The story of one scope: pull → convert → compare → guard → push → commit.

Nothing else in the program moves data. Killed at any point and run again, it ends where an undisturbed run would have ended:
the cursor moves last, every write is an upsert by a deterministic key, and bulk jobs in flight are asked for first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Generic, TypeVar

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.records import Cursor, Digest, InFlight, Outcome, RowFailure, Rows, Scope, Staged
from fairlead.sync import guard, pull
from fairlead.sync.compare import Decisions, compare
from fairlead.sync.ports import OWNER, BulkJobFailed, Holding, Ledger, Sink, Source, SourcePage, Target
from fairlead.sync.push import Journal, Push

Row = TypeVar("Row")


ALWAYS_RECENT: Final = "9999-12-31"
"""The day of a row that every reading sees again: its digest is always kept."""


class Blocked(FixTheSettings):
    """Rows were refused for a reason that concerns all rows: storage, permissions, settings."""

    code = "FL-331"

    def __init__(self, rows: int, first: RowFailure) -> None:
        were = "1 row was" if rows == 1 else f"{rows:,} rows were"
        super().__init__(
            f"{were} refused: {first.reason} ({first.code}).",
            next_step="Put that right; the next sync reads and writes these rows again.",
        )


@dataclass(frozen=True, slots=True)
class Converted:
    """A page as rows to write, and for each the day (ISO) of its last change at the source."""

    rows: Rows
    days: list[str]


@dataclass(slots=True)
class Report:
    """What one scope's run did, in rows."""

    read: int = 0
    unchanged: int = 0
    swept: int = 0
    outcome: Outcome = field(default_factory=Outcome)


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: everything anew (`full`), under which number, and what a guard may let pass.

    `name` is what people call the scope; a guard that refuses says it. `owner` is the id of the user who is to own the
    records, blank for whom Fairlead signs in as.
    """

    run: int
    full: bool = False
    overlap: timedelta = pull.OVERLAP
    sweep: bool = False
    allow_large_changes: bool = False
    limits: guard.SweepLimits = guard.SweepLimits()
    name: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Flow(Generic[Row]):
    """One scope's parts, joined: where from, how to convert, where to, and what remembers.

    `convert` turns a page of the source into rows; `progress` hears rows read so far and the rows expected. `also` is
    called in the transaction that moves the cursor, off the event loop: what it writes stands or falls with it.
    With a `holding` everything is read, what differs from it is written, and what was not listed is deleted, if the
    guard lets it pass.

    `link` fills in the columns that lead to contacts and leads. It may cost calls, so it is asked only for rows that are
    written; those columns are blank in digests: where contacts and leads change, matching anew is what corrects them.
    """

    scope: Scope
    source: Source[Row]
    convert: Callable[[SourcePage[Row]], Awaitable[Converted]]
    sink: Sink
    target: Target
    ledger: Ledger
    options: Options
    progress: Callable[[int, int], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    also: Callable[[], None] | None = None
    holding: Holding | None = None
    link: Callable[[Rows], Awaitable[Rows]] | None = None

    async def run(self) -> Report:
        """Run the scope once. Raises a Failure when it could not be brought to its end; the cursor then stays.

        What an earlier attempt of the same full run has finished is not done again.
        """
        report = Report()
        if self.options.full and await self.ledger.full_run(self.scope) == self.options.run:
            return report
        await self._resume(report)
        cursor = await self.ledger.cursor(self.scope)
        everything = self.options.full or self.holding is not None
        window = pull.window(cursor, await self.source.clock(), self.options.overlap, everything=everything)
        digests: dict[bytes, Digest] = {}
        push = self._push(window.cursor, digests)
        again = await self._offered_again(window)
        try:
            await self._read(window, again, push, digests, report)
            report.outcome.add(await push.finish())
            await self._check_blocked(report.outcome)
        except BaseException:
            await push.abandon()
            raise
        if self.options.sweep:
            report.swept = await self._sweep(report)
        elif self.holding is not None:
            report.swept = await self._sweep_held(self.holding, report)
        answered = None if window.since is None else self.ledger.hashes(again)
        await self._commit(window.cursor, digests, report.outcome.failures, window.recent_from, answered, ended=True)
        return report

    def _target(self) -> Target:
        return self.target.owned() if self.options.owner else self.target

    async def _offered_again(self, window: pull.Window) -> list[str]:
        """Keys of rows refused earlier that may be accepted by now; a reading of everything comes by them anyway."""
        return [] if window.since is None else list(await self.ledger.retryable(self.scope))[: pull.AGAIN_IN_ONE_PAGE]

    async def _resume(self, report: Report) -> None:
        """Ask for bulk jobs whose outcome an earlier attempt never learned."""
        for job in await self.ledger.in_flight(self.scope):
            if not job.sealed and await self.sink.abandon_job(job.job):
                await self.ledger.settle(self.scope, job.job, [])
            else:
                await self._finish_earlier(job, report)

    async def _finish_earlier(self, job: InFlight, report: Report) -> None:
        try:
            await self.sink.start_job(job.job)
            outcome = (await self.sink.finish_job(job.job, self._target())).outcome
        except BulkJobFailed:  # what it wrote, the new reading writes again
            await self.ledger.settle(self.scope, job.job, [])
            return
        report.outcome.written += outcome.written
        if job.staged is None or any(failure.blocks for failure in outcome.failures):
            await self.ledger.settle(self.scope, job.job, outcome.failures)
        else:
            cursor = job.staged.cursor
            recent_from = cursor.since(self.options.overlap).isoformat()
            await self._commit(cursor, dict(job.staged.digests), outcome.failures, recent_from)

    async def _read(
        self, window: pull.Window, again: list[str], push: Push, digests: dict[bytes, Digest], report: Report
    ) -> None:
        """Pull, convert, compare and hand over, a page at a time."""
        known: Mapping[bytes, bytes] = {} if window.since is None else await self.ledger.digests(self.scope)
        async with aclosing(pull.pages(self.source, self.scope, window.since, again)) as pages:
            async for page in pages:
                converted = await self.convert(page)
                if self.options.owner:
                    converted = Converted(converted.rows.with_column(OWNER, self.options.owner), converted.days)
                decisions = await self._decide(converted, known, window.recent_from)
                digests.update(decisions.digests)
                report.read += len(page.rows)
                report.unchanged += decisions.unchanged
                await push.add(decisions.write)
                await self.progress(report.read, max(page.total, report.read))

    async def _decide(self, converted: Converted, known: Mapping[bytes, bytes], recent_from: str) -> Decisions:
        if self.holding is not None and not self.options.full:
            return self._decide_by(self.holding, converted, await self._linked(converted.rows), recent_from)
        decisions = self._compare(converted, known, recent_from)
        return replace(decisions, write=await self._linked(decisions.write))

    async def _linked(self, rows: Rows) -> Rows:
        return rows if self.link is None or not len(rows) else await self.link(rows)

    def _compare(self, converted: Converted, known: Mapping[bytes, bytes], recent_from: str) -> Decisions:
        rows = converted.rows
        if not known and max(converted.days, default="") < recent_from:
            return compare(rows, converted.days, None, (), known, recent_from=recent_from, write_all=True)
        return compare(
            rows,
            converted.days,
            self.ledger.hashes(rows.keys),
            self.ledger.content_digests(rows, self.target.run_field),
            known,
            recent_from=recent_from,
            write_all=self.options.full,
        )

    def _decide_by(self, holding: Holding, converted: Converted, linked: Rows, recent_from: str) -> Decisions:
        """Write what the sink does not hold; remember what the next reading sees again, as after any writing."""
        rows, days = converted.rows, converted.days
        positions = holding.differing(linked)
        recent = [i for i, day in enumerate(days) if day >= recent_from]
        seen_again = rows.take(recent)
        contents = self.ledger.content_digests(seen_again, self.target.run_field)
        hashes = self.ledger.hashes(seen_again.keys)
        digests = {key: Digest(content, days[i]) for key, content, i in zip(hashes, contents, recent, strict=True)}
        return Decisions(linked.take(positions), len(rows) - len(positions), digests)

    def _push(self, cursor: Cursor, digests: dict[bytes, Digest]) -> Push:
        async def opened(job: str) -> None:
            await self.ledger.opened(self.scope, job)

        async def sealed(job: str, last: bool) -> None:
            # A job that ends the reading may be committed by whoever finds it later: all it needs goes with it.
            # A sweep still to come cannot be staged, nor what else is to be committed: then the reading starts anew.
            whole = last and not self.options.sweep and self.also is None and self.holding is None
            staged = Staged(cursor, digests) if whole else None
            await self.ledger.sealed(self.scope, job, staged)

        async def settled(job: str, failures: list[RowFailure]) -> None:
            await self.ledger.settle(self.scope, job, failures)

        return Push(self.sink, self._target(), Journal(opened, sealed, settled), self.sleep)

    async def _check_blocked(self, outcome: Outcome) -> None:
        """Refusals that no row escapes stop the scope: its cursor stays, so that nothing is lost."""
        blocked = [failure for failure in outcome.failures if failure.blocks]
        if blocked:
            for job in await self.ledger.in_flight(self.scope):
                await self.ledger.settle(self.scope, job.job, [])
            raise Blocked(len(blocked), blocked[0])

    async def _sweep(self, report: Report) -> int:
        """Delete what this full run did not write, unless a guard refuses. Refused rows stay as they were."""
        keep = {failure.key for failure in report.outcome.failures}
        older, known = await self.sink.count_older(self.target, self.scope, self.options.run)
        guard.check_sweep(
            self.options.name or str(self.scope),
            read=report.read,
            older=older - len(keep),
            known=known,
            limits=self.options.limits,
            allowed=self.options.allow_large_changes,
        )
        return await self.sink.delete_older(self.target, self.scope, self.options.run, keep)

    async def _sweep_held(self, holding: Holding, report: Report) -> int:
        """Delete what a reading of everything did not list, unless a guard refuses."""
        guard.check_sweep(
            self.options.name or str(self.scope),
            read=report.read,
            older=holding.missing(),
            known=len(holding),
            limits=self.options.limits,
            allowed=self.options.allow_large_changes,
        )
        return await holding.sweep()

    async def _commit(
        self,
        cursor: Cursor,
        digests: dict[bytes, Digest],
        failures: list[RowFailure],
        recent_from: str,
        answered: Collection[bytes] | None = (),
        *,
        ended: bool = False,
    ) -> None:
        """`ended`: this reading came to its end, rather than a job that an earlier attempt left behind."""
        for key in self.ledger.hashes([failure.key for failure in failures if failure.retryable]):
            digests.pop(key, None)  # or the next reading would take them for written
        await self.ledger.commit(
            self.scope,
            Staged(cursor, digests),
            failures,
            forget_before=date.fromisoformat(recent_from),
            answered=answered,
            also=self.also if ended else None,
            full_run=self.options.run if ended and self.options.full else 0,
        )
