"""One attempt of a job: claim it, run it, and say how it ended. The end is refused for a stale attempt."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from fairlead.domain.failure import Failure, OurBug, WaitAndRetry
from fairlead.jobs import hearing, lifeline, registry
from fairlead.jobs.context import Cancelled, JobContext, StaleAttempt, in_database
from fairlead.jobs.dispatch import again, back_off, dispatch
from fairlead.jobs.models import Job
from fairlead.jobs.states import Event, move
from fairlead.store import orgs, scrub, tracing

_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


class DatabaseAway(WaitAndRetry):
    """A connection broke, or two transactions waited for one another."""

    code = "FL-110"
    next_step = "Nothing need be done; should it last, look at the database server's log."

    def __init__(self) -> None:
        super().__init__("The database broke off a connection.")


log = structlog.get_logger(__name__)


async def run(job_id: int, *, delivery: int) -> None:
    """Run the job that this delivery of the engine's names, if it may claim it; a late delivery does nothing."""
    job = await in_database(claim, job_id, delivery)
    if job is None:
        return
    context = JobContext(job)
    log.info("job begins", job=job_id, kind=job.kind, attempt=job.attempt)
    try:
        with (
            orgs.within(job.org),
            tracing.span("job", kind=job.kind, job=job.number, org=job.org_id, attempt=job.attempt),
        ):
            await registry.find(job.kind).runner(context)
        await context.close()
    except asyncio.CancelledError:
        # The worker is being stopped: somebody else goes on, and this attempt does not count against the job.
        await asyncio.shield(in_database(_give_back, job))
        raise
    except BaseException as error:
        await _flush(context)
        await in_database(_end, job, error)
    else:
        await in_database(_end, job, None)


def claim(job_id: int, delivery: int) -> Job | None:
    """Begin the next attempt; None when this delivery is not the one that may, or the job is not queued."""
    claimed = move(
        job_id,
        Event.CLAIM,
        only_if={"engine_id": delivery},
        attempt=F("attempt") + 1,
        started_at=Coalesce("started_at", timezone.now()),
        lifeline=lifeline.held(),
        reason="",
        support_code="",
    )
    return Job.objects.select_related("org").get(pk=job_id) if claimed else None


async def _flush(context: JobContext) -> None:
    try:
        await context.close()
    except Exception as error:
        log.warning("last progress not written", job=context.job_id, error=type(error).__name__)


def _give_back(job: Job) -> None:
    again(job, seconds=0, max_attempts=F("max_attempts") + 1)


def _end(job: Job, error: BaseException | None) -> None:
    cause = None if error is None else _decisive(error)
    if isinstance(cause, StaleAttempt):
        log.info("job was taken over meanwhile", job=job.pk, attempt=job.attempt)
        return
    if isinstance(cause, Failure) and not isinstance(cause, OurBug):
        if Job.objects.filter(pk=job.pk, cancel_requested=True).exists():
            cause = Cancelled()  # such as by disconnecting, after which there are no credentials to go on with
        elif isinstance(cause, WaitAndRetry) and _retried(job, cause):
            return
    event, changes = _verdict(cause)
    same = {"attempt": job.attempt, "engine_id": job.engine_id}
    with transaction.atomic():
        orgs.lock(job.org_id)  # before the job: who hears of the end may ask for another
        if move(job.pk, event, only_if=same, finished_at=timezone.now(), **changes):
            log.info("job ends", job=job.pk, kind=job.kind, how=event.name.lower(), reason=changes.get("reason", ""))
            hearing.ended(
                Job.objects.select_related("org").get(pk=job.pk), cause if isinstance(cause, Failure) else None
            )
    if isinstance(cause, OurBug) or not isinstance(cause, (Failure, Cancelled, type(None))):
        log.error("job failed by a fault of ours", job=job.pk, kind=job.kind, exc_info=error)
    dispatch(job.org_id)


def _retried(job: Job, cause: WaitAndRetry) -> bool:
    if job.attempt >= job.max_attempts:
        return False
    wait = max(back_off(job.attempt), cause.after or 0.0)
    log.info("job waits to be tried again", job=job.pk, attempt=job.attempt, seconds=wait)
    again(job, seconds=wait, reason=scrub.text(str(cause)), support_code=cause.code)
    return True


def _verdict(cause: BaseException | None) -> tuple[Event, dict[str, Any]]:
    if cause is None:
        return Event.FINISH, {"cancel_requested": False}
    if isinstance(cause, Cancelled):
        return Event.CANCEL, {"reason": "Cancelled."}
    if isinstance(cause, Failure):
        return Event.FAIL, {"reason": scrub.text(str(cause)), "support_code": cause.code}
    reason = f"An error in Fairlead: {scrub.location(cause)}. {OurBug.next_step}"
    return Event.FAIL, {"reason": reason, "support_code": OurBug.code}


def _decisive(error: BaseException) -> BaseException:
    """Of several errors raised together, the one that decides what happens next."""
    leaves = [DatabaseAway() if isinstance(leaf, _AWAY) else leaf for leaf in _leaves(error)]
    ranks = (StaleAttempt, Cancelled)
    for kind in ranks:
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    bugs = [leaf for leaf in leaves if not isinstance(leaf, Failure)]
    final = [leaf for leaf in leaves if not isinstance(leaf, WaitAndRetry)]
    return (bugs or final or leaves)[0]


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error
