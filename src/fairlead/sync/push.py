"""Step 6: rows on their way into the sink, by the cheapest door, and what became of each.

Up to `small_door` rows go by the small door; more are streamed into bulk jobs while they are still being read. A key that
comes twice must not stand twice in one bulk job, so later readings of it wait for a second wave.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from fairlead.domain.failure import WaitAndRetry
from fairlead.domain.records import Outcome, RowFailure, Rows
from fairlead.sync.ports import Sink, Target
from fairlead.sync.seen import Seen, text_hashes

RETRY_WAITS = (0.5, 2.0, 5.0)
"""Seconds before the rows that may be accepted later are offered again."""

LOOK_AHEAD = 4
"""So many encoded pages wait for the upload; the reading pauses when they are full."""

JOBS_BEHIND = 3
"""So many full jobs of a push are worked on by the org while the next one is filled."""


@dataclass(slots=True)
class Journal:
    """What the ledger must hear while a push goes on."""

    opened: Callable[[str], Awaitable[None]]
    sealed: Callable[[str, bool], Awaitable[None]]
    settled: Callable[[str, list[RowFailure]], Awaitable[None]]


@dataclass(slots=True)
class _Job:
    """One bulk job being filled."""

    id: str
    queue: "asyncio.Queue[bytes | None]"
    sending: "asyncio.Task[None]"
    size: int = 0


@dataclass(slots=True)
class Push:
    """Upserts of one scope on their way. Call `add` for each page, then `finish`; `abandon` on any error.

    `distinct`: the caller sees to it that no key comes twice.
    """

    sink: Sink
    target: Target
    journal: Journal
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    distinct: bool = False
    _waiting: list[Rows] = field(default_factory=list)
    _count: int = 0
    _later: list[Rows] = field(default_factory=list)
    _keys: Seen = field(default_factory=Seen)
    _job: _Job | None = None
    _behind: "list[asyncio.Task[None]]" = field(default_factory=list)
    _outcome: Outcome = field(default_factory=Outcome)

    async def add(self, rows: Rows) -> None:
        """Take a page; returns when there is room for the next."""
        if not self.distinct:
            rows = self._set_aside_repeats(rows)
        if not len(rows):
            return
        self._count += len(rows)
        if self._job is None:
            self._waiting.append(rows)
            if self._count <= self.sink.small_door:
                return
            rows = Rows.join(self._waiting)
            self._waiting.clear()
        await self._stream(rows)

    async def finish(self) -> Outcome:
        """Write what is left, wait for the end of it all, and tell what became of every row."""
        if self._job is not None:
            # The last job may be committed by whoever finds it only if no other is still to be heard of.
            job = await self._start_job(last=not self._later and not await self._still_behind())
            await self._hear_of(job)
            await self._catch_up(0)
        else:
            await self._small_door(self._waiting)
            self._waiting = []
        await self._small_door(self._last_readings())
        return self._outcome

    async def abandon(self) -> None:
        """Give up: nothing that was not started yet will be written."""
        job, self._job = self._job, None
        behind, self._behind = self._behind, []
        for task in behind:
            task.cancel()
        await asyncio.gather(*behind, return_exceptions=True)
        if job is not None:
            job.sending.cancel()
            await asyncio.gather(job.sending, return_exceptions=True)
            if await self.sink.abandon_job(job.id):
                await self.journal.settled(job.id, [])

    def _set_aside_repeats(self, rows: Rows) -> Rows:
        """Keep other readings of a key that came by for the second wave."""
        again = self._keys.add(text_hashes(rows.keys))
        if not again.any():
            return rows
        self._later.append(rows.take(again.nonzero()[0].tolist()))
        return rows.take((~again).nonzero()[0].tolist())

    def _last_readings(self) -> list[Rows]:
        """Of the keys that came by again, the last reading of each: the later is the newer."""
        later, self._later = self._later, []
        if not later:
            return []
        rows = Rows.join(later)
        return [rows.take(sorted({key: i for i, key in enumerate(rows.keys)}.values()))]

    async def _stream(self, rows: Rows) -> None:
        if self._job is None:
            self._job = await self._open()
        job = self._job
        chunk = self.sink.encode(rows, header=job.size == 0)
        if job.size and job.size + len(chunk) > self.sink.job_bytes:
            self._behind.append(asyncio.create_task(self._hear_of(await self._start_job(last=False))))
            await self._catch_up(JOBS_BEHIND)
            job = self._job = await self._open()
            chunk = self.sink.encode(rows, header=True)
        job.size += len(chunk)
        await self._hand_over(job, chunk)

    async def _open(self) -> _Job:
        job_id = await self.sink.open_job(self.target)
        await self.journal.opened(job_id)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(LOOK_AHEAD)
        sending = asyncio.create_task(self.sink.send(job_id, _drain(queue)))
        return _Job(job_id, queue, sending)

    async def _hand_over(self, job: _Job, chunk: bytes | None) -> None:
        """Queue a chunk, but never wait on an upload that has already died."""
        putting = asyncio.create_task(job.queue.put(chunk))
        try:
            await asyncio.wait((putting, job.sending), return_when=asyncio.FIRST_COMPLETED)
            if job.sending.done() and chunk is not None:
                await job.sending
                raise WaitAndRetry("The upload to Salesforce ended before all rows were sent.")
            if not putting.done():
                await job.sending
        finally:
            putting.cancel()

    async def _start_job(self, *, last: bool) -> tuple[str, bool]:
        """Close the upload and start the job; its id, and whether it was sealed as the last."""
        job = self._job
        assert job is not None
        await self._hand_over(job, None)
        await job.sending
        self._job = None
        await self.journal.sealed(job.id, last)
        await self.sink.start_job(job.id)
        return job.id, last

    async def _hear_of(self, started: tuple[str, bool]) -> None:
        """Wait for a job's end, keep its outcome."""
        job, last = started
        ended = await self.sink.finish_job(job, self.target)
        self._outcome.add(await self._retry(ended.outcome, ended.refused))
        if not last:
            await self.journal.settled(job, [])

    async def _still_behind(self) -> bool:
        """Whether jobs before this one are still worked on. Raises what one of them ended with."""
        await self._catch_up(len(self._behind))
        return bool(self._behind)

    async def _catch_up(self, most: int) -> None:
        """Wait until no more than so many jobs are worked on. Raises what one of them ended with."""
        while True:
            for task in [task for task in self._behind if task.done()]:
                self._behind.remove(task)
                await task
            if len(self._behind) <= most:
                return
            await asyncio.wait(self._behind, return_when=asyncio.FIRST_COMPLETED)

    async def _small_door(self, parts: list[Rows]) -> None:
        if parts:
            rows = Rows.join(parts)
            outcome = await self.sink.upsert(self.target, rows)
            self._outcome.add(await self._retry(outcome, _refused(rows, outcome)))

    async def _retry(self, outcome: Outcome, refused: Rows | None) -> Outcome:
        """Offer the rows that may be accepted later again, a few times; keep the others with their reasons."""
        for wait in RETRY_WAITS:
            again = [i for i, failure in enumerate(outcome.failures) if failure.retryable]
            if not again or refused is None:
                break
            await self.sleep(wait)
            kept = [i for i in range(len(outcome.failures)) if not outcome.failures[i].retryable]
            rows = refused.take(again)
            second = await self.sink.upsert(self.target, rows)
            still = _refused(rows, second)
            parts = [part for part in (refused.take(kept) if kept else None, still) if part is not None]
            refused = Rows.join(parts) if parts else None
            outcome.failures = [outcome.failures[i] for i in kept]
            outcome.add(second)
        return outcome


def _refused(rows: Rows, outcome: Outcome) -> Rows | None:
    """The rows that were refused, in the order of the failures."""
    if not outcome.failures:
        return None
    places = {key: i for i, key in enumerate(rows.keys)}
    return rows.take([places[failure.key] for failure in outcome.failures])


async def _drain(queue: "asyncio.Queue[bytes | None]") -> AsyncIterator[bytes]:
    while (chunk := await queue.get()) is not None:
        yield chunk
