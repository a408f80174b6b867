"""What rooms and entrances may ask of jobs. Plain Django: call it in the transaction of the change that needs the job."""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import Number
from fairlead.jobs import engine
from fairlead.jobs.dispatch import dispatch
from fairlead.jobs.models import Job, State
from fairlead.jobs.states import ENDED, WAITING, Event, move
from fairlead.store import audit, orgs, setting_rows
from fairlead.store.models import Org

__all__ = ["ATTEMPTS", "NoSuchJob", "NotEnded", "ask", "cancel", "dispatch", "retry", "unfinished"]

ATTEMPTS: Final = Number(
    name="maintenance.job_attempts",
    title="Attempts of a job",
    help="How often a job is tried before it counts as failed: after an answer that only asks for patience, or after its "
    "worker died. Between two attempts it waits longer and longer, a quarter of an hour at most.",
    default=5,
    unit="attempts",
    least=1,
    most=20,
)


class NoSuchJob(FixTheSettings):
    """The job is not there, or no longer."""

    code = "FL-320"
    next_step = "Open the list of jobs and choose one from it; ended jobs are deleted after some days."

    def __init__(self, job_id: int) -> None:
        super().__init__(f"There is no job {job_id}.")


class NotEnded(FixTheSettings):
    """A job that still runs cannot be asked for again."""

    code = "FL-321"
    next_step = "Wait for its end, or cancel it first."

    def __init__(self, job_id: int, state: str) -> None:
        super().__init__(f"Job {job_id} is {state}.")


def unfinished(org: Org) -> str | None:
    """Says that the org has jobs which have not ended; None where it has none."""
    many = Job.objects.filter(org=org).exclude(state__in=ENDED).count()
    return f"It has jobs that have not ended: {many}." if many else None


def ask(org: Org, kind: str, *, key: str = "", args: dict[str, Any] | None = None, by: str = "") -> Job:
    """Ask for work. A job that waits with the same kind, key and arguments is returned instead of a second one.

    `args` holds ids only: it is stored and shown.
    """
    with transaction.atomic():
        orgs.lock(org.pk)
        same = Job.objects.filter(
            org=org, kind=kind, key=key, args=args or {}, state__in=WAITING, cancel_requested=False
        )
        job = same.order_by("id").first()
        if job is None:
            most = setting_rows.value(org, ATTEMPTS)
            job = Job.objects.create(org=org, kind=kind, key=key, args=args or {}, requested_by=by, max_attempts=most)
            dispatch(org.pk)
            job.refresh_from_db()
        return job


def cancel(job_id: int, by: str) -> Job:
    """Cancel: at once while it waits; a running job is told, and stops at its next look. Raises `NoSuchJob`."""
    with transaction.atomic():
        job = _locked(job_id)
        before = job.state
        if before in WAITING:
            move(job_id, Event.CANCEL, finished_at=timezone.now(), reason=f"Cancelled by {by}." if by else "Cancelled.")
            engine.withdraw(job.engine_id)
        elif before == State.RUNNING:
            Job.objects.filter(pk=job_id).update(cancel_requested=True)
        if not job.ended:
            audit.record(job.org, by, "cancel job", f"{job.kind} {job_id}", before=before)
    dispatch(job.org_id)
    job.refresh_from_db()
    return job


def retry(job_id: int, by: str) -> Job:
    """Ask anew for what an ended job was to do. Raises `NoSuchJob` or `NotEnded`."""
    with transaction.atomic():
        job = _locked(job_id)
        if not job.ended:
            raise NotEnded(job_id, job.state)
        return ask(job.org, job.kind, key=job.key, args=job.args, by=by)


def _locked(job_id: int) -> Job:
    """The job, its org's row locked first: the same order as in `dispatch`, so that nobody waits in a circle."""
    org_id = Job.objects.filter(pk=job_id).values_list("org_id", flat=True).first()
    if org_id is None:
        raise NoSuchJob(job_id)
    orgs.lock(org_id)
    job = Job.objects.select_for_update(of=("self",), no_key=True).select_related("org").filter(pk=job_id).first()
    if job is None:
        raise NoSuchJob(job_id)
    return job
