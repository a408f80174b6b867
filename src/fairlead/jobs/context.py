"""What a runner gets: its job's arguments, progress, cancellation, and the fence for its commits."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from fairlead.jobs.models import Job, State
from fairlead.store import tracing

WRITE_EVERY = 0.25
"""Seconds between two writes of progress."""

P = ParamSpec("P")
T = TypeVar("T")


class Cancelled(Exception):
    """Somebody cancelled the job: stop where nothing is half-done."""


class StaleAttempt(Exception):
    """The job was taken over or ended: this attempt may commit nothing more."""


async def in_database(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run Django code off the event loop; a connection that died meanwhile is opened anew."""

    def work() -> T:
        close_old_connections()
        return call(*args, **kwargs)

    return await sync_to_async(work, thread_sensitive=True)()


class JobContext:
    """One attempt of one job."""

    def __init__(self, job: Job) -> None:
        self.job_id = int(job.pk)
        self.org_id = int(job.org_id)
        self.kind = job.kind
        self.attempt = job.attempt
        self.args: dict[str, Any] = dict(job.args)
        self._stages: list[dict[str, Any]] = []
        self._counts: dict[str, int] = {}
        self._began: dict[str, float] = {}
        self._phase = ""
        self._changed = False
        self._written_at = float("-inf")
        self._looked_at = float("-inf")
        self._writing = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    async def stages(self, stages: list[tuple[str, str]]) -> None:
        """Say which stages (name, title) the run has, all waiting; what an earlier attempt said is dropped."""
        self._stages = [
            {
                "name": name,
                "title": title,
                "state": "waiting",
                "done": 0,
                "total": None,
                "unit": "",
                "counts": {},
                "message": "",
            }
            for name, title in stages
        ]
        await self._changed_now(at_once=True)

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
    ) -> None:
        """Report progress of a stage; what is not given stays. A change of state is written at once.

        `code` and `step` are the support code and the next step of the failure that `message` tells.

        Raises `KeyError` for a stage that was not announced, `StaleAttempt` when the job is no longer ours.
        """
        found = next((stage for stage in self._stages if stage["name"] == name), None)
        if found is None:
            raise KeyError(name)
        news = {"state": state, "done": done, "total": total, "unit": unit, "message": message}
        news |= {"code": code, "step": step}
        turned = state is not None and state != found["state"]
        if turned:
            self._trace(name, str(state))
        found.update({field: value for field, value in news.items() if value is not None})
        found["counts"].update(counts)
        if found["state"] == "running":
            self._phase = str(found["title"])
        await self._changed_now(at_once=turned)

    def _trace(self, name: str, state: str) -> None:
        began = self._began.pop(name, None)
        if state == "running":
            self._began[name] = time.monotonic()
        elif began is not None:
            tracing.record("stage", time.monotonic() - began, stage=name, state=state, kind=self.kind, job=self.job_id)

    async def counts(self, **totals: int) -> None:
        """Set totals of the whole run (not increments)."""
        self._counts.update(totals)
        await self._changed_now(at_once=False)

    async def check_cancelled(self) -> None:
        """Raise `Cancelled` when somebody asked for it, `StaleAttempt` when the job is no longer ours.

        Asks the database at most once in `WRITE_EVERY` seconds: call it as often as you like.
        """
        if time.monotonic() - self._looked_at < WRITE_EVERY:
            return
        row = await in_database(self._look)
        self._looked_at = time.monotonic()
        if row is None:
            raise StaleAttempt(f"job {self.job_id} attempt {self.attempt}")
        if row:
            raise Cancelled

    def fence(self) -> None:
        """Inside a transaction, not in the event loop: lock the job's row, or raise `StaleAttempt`.

        Until the transaction ends nobody can take the job over, so what is committed with it is ours to commit.
        """
        row = Job.objects.select_for_update(no_key=True).filter(pk=self.job_id).values_list("state", "attempt").first()
        if row != (State.RUNNING, self.attempt):
            raise StaleAttempt(f"job {self.job_id} attempt {self.attempt}")

    async def close(self) -> None:
        """Write what is not yet written. Called by the worker when the runner has returned or raised."""
        if self._later is not None:
            self._later.cancel()
            await asyncio.wait([self._later])
            self._later = None
        if self._changed:
            await self._write()

    def _look(self) -> bool | None:
        ours = Job.objects.filter(pk=self.job_id, state=State.RUNNING, attempt=self.attempt)
        return ours.values_list("cancel_requested", flat=True).first()

    async def _changed_now(self, *, at_once: bool) -> None:
        self._changed = True
        wait = WRITE_EVERY - (time.monotonic() - self._written_at)
        if at_once or wait <= 0:
            await self._write()
        elif self._later is None or self._later.done():
            self._later = asyncio.create_task(self._write_after(wait))

    async def _write_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._changed:
            # That the attempt is stale is raised by the runner's own next call, not into an empty room.
            try:
                await self._write()
            except StaleAttempt:
                self._changed = True

    async def _write(self) -> None:
        async with self._writing:
            self._changed, self._written_at = False, time.monotonic()
            try:
                ours = await in_database(self._store, self._phase, [dict(s) for s in self._stages], dict(self._counts))
            except BaseException:
                self._changed = True  # cancelled or failed half-way: `close` writes it again
                raise
            if not ours:
                raise StaleAttempt(f"job {self.job_id} attempt {self.attempt}")

    def _store(self, phase: str, stages: list[dict[str, Any]], counts: dict[str, int]) -> bool:
        ours = Job.objects.filter(pk=self.job_id, state=State.RUNNING, attempt=self.attempt)
        return ours.update(phase=phase, stages=stages, counts=counts) == 1
