"""Jobs whose worker died are given to another one. Looks at the state again and again rather than waiting for a sign."""

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from fairlead.jobs import engine, hearing
from fairlead.jobs.dispatch import again, back_off, dispatch
from fairlead.jobs.models import Job, State
from fairlead.jobs.states import ACTIVE, Event, move
from fairlead.store import orgs

log = structlog.get_logger(__name__)

CODE = "FL-910"


def take_over() -> int:
    """Bring every lost job on: retried, cancelled if that was asked for, failed after its last attempt.

    Returns how many were lost. Several workers may do this at once.
    """
    stale = settings.FAIRLEAD_STALE_SECONDS
    found = engine.lost(stale)
    for job_id in found:
        with transaction.atomic():
            for org_id in Job.objects.filter(pk=job_id).values_list("org_id", flat=True):
                orgs.lock(org_id)
            job = (
                Job.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=job_id, state__in=ACTIVE).first()
            )
            # Looked at again under the lock: another worker may have dealt with it a moment ago.
            if job is not None and job_id in engine.lost(stale):
                _bring_on(job)
    engine.sweep(stale)
    return len(found)


def _bring_on(job: Job) -> None:
    same = {"attempt": job.attempt, "engine_id": job.engine_id}
    old = job.engine_id
    if job.state == State.RUNNING and job.cancel_requested:
        move(job.pk, Event.CANCEL, only_if=same, finished_at=timezone.now(), reason="Cancelled.")
    elif job.state == State.RUNNING and job.attempt >= job.max_attempts:
        reason = f"Its worker stopped without a word in attempt {job.attempt}, the last one. Look at the worker's memory and log."
        if move(job.pk, Event.FAIL, only_if=same, finished_at=timezone.now(), reason=reason, support_code=CODE):
            hearing.ended(Job.objects.select_related("org").get(pk=job.pk), None)
    else:
        # The first loss is nearly always a restart: go on at once. Repeated losses wait longer and longer.
        wait = back_off(job.attempt - 1) if job.state == State.RUNNING else 0.0
        again(job, seconds=wait)
    log.warning("job of a lost worker", job=job.pk, kind=job.kind, attempt=job.attempt)
    engine.withdraw(old)
    transaction.on_commit(lambda: dispatch(job.org_id) and None)


def forget_deliveries() -> None:
    """After a restore: deliveries and workers were not restored, so their numbers would be those of others.

    Jobs that had not ended are then found lost, and go on in the next worker.
    """
    Job.objects.update(engine_id=None, lifeline=None)
