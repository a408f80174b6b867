"""The worker: runs jobs, asks for what is due, takes over what was lost. Any number may run, on any number of machines."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable

import structlog
from django.conf import settings
from django.utils import timezone
from procrastinate.worker import Worker

from fairlead.jobs import collector, companions, engine, hearing, history, schedules, takeover
from fairlead.jobs.context import in_database
from fairlead.jobs.dispatch import dispatch
from fairlead.jobs.lifeline import Lifeline
from fairlead.jobs.models import Job, State

log = structlog.get_logger(__name__)

PRUNE_EVERY = 3600.0
RESTART_AFTER = (0.5, 1.0, 2.0, 5.0)
"""Seconds before the engine is started again after it broke off, first to last."""


async def run_worker(
    *, concurrency: int | None = None, stop: asyncio.Event | None = None, install_signal_handlers: bool = True
) -> None:
    """Work until `stop` is set or SIGTERM or SIGINT comes; then running jobs get `FAIRLEAD_STOP_SECONDS` to end.

    What has not ended by then is handed back and goes on in the next worker.
    """
    collector.calm()
    stop = stop or asyncio.Event()
    if install_signal_handlers:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    tick = settings.FAIRLEAD_TICK_SECONDS
    async with Lifeline() as lifeline:
        log.info("worker begins", pid=os.getpid())
        work = asyncio.create_task(_engine(concurrency or settings.FAIRLEAD_CONCURRENCY, stop, lifeline), name="engine")
        loops = [
            asyncio.create_task(_again_and_again(_take_over, tick), name="take over"),
            asyncio.create_task(_again_and_again(_tick, tick), name="tick"),
            asyncio.create_task(_again_and_again(_prune, PRUNE_EVERY), name="prune"),
            *(asyncio.create_task(_again_and_again(one, tick), name="companion") for one in companions.provided()),
        ]
        try:
            await stop.wait()
        finally:
            # The lifeline ends last: until then the jobs that are being handed back are still ours.
            await _cancel(*loops)
            await _cancel(work)
    log.info("worker ends", pid=os.getpid())


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _engine(concurrency: int, stop: asyncio.Event, lifeline: Lifeline) -> None:
    """Procrastinate's worker, started again whenever it breaks off (the database went away, its row was pruned)."""
    failures = 0
    while not stop.is_set():
        app = engine.receiver()
        try:
            async with app.open_async():
                worker = Worker(
                    app,
                    queues=[engine.QUEUE],
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    fetch_job_polling_interval=settings.FAIRLEAD_TICK_SECONDS,
                    update_heartbeat_interval=settings.FAIRLEAD_HEARTBEAT_SECONDS,
                    # Only tidies the table; a dead worker's jobs are taken over long before.
                    stalled_worker_timeout=10 * settings.FAIRLEAD_STALE_SECONDS,
                    shutdown_graceful_timeout=settings.FAIRLEAD_STOP_SECONDS,
                )
                lifeline.worker = worker
                await worker.run()  # type: ignore[no-untyped-call]  # the engine gives it no annotations
        except Exception as error:
            log.error("engine broke off", error=type(error).__name__)
        wait = RESTART_AFTER[min(failures, len(RESTART_AFTER) - 1)]
        failures += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)


async def _again_and_again(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Do it now and then every so many seconds; an error is logged and does not end the loop."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("loop failed", loop=getattr(work, "__qualname__", type(work).__name__))
        await asyncio.sleep(seconds)


async def _take_over() -> None:
    await in_database(takeover.take_over)


async def _tick() -> None:
    await in_database(schedules.tick, timezone.now())
    await in_database(hearing.ticked, timezone.now())
    await in_database(_dispatch_all)


async def _prune() -> None:
    await in_database(history.prune, timezone.now(), settings.FAIRLEAD_HISTORY_DAYS)
    await in_database(hearing.hour_passed, timezone.now())


def _dispatch_all() -> None:
    """Orgs in which jobs wait, although their dispatch after an end may have been lost with a process."""
    for org_id in Job.objects.filter(state=State.HOLDING).order_by().values_list("org_id", flat=True).distinct():
        dispatch(org_id)
