"""Procrastinate as the engine: it stores deliveries, wakes workers and beats their hearts.

There is one task. A delivery is a row of the engine's; `Job.engine_id` names the only one that may claim the job, so a
late or doubled delivery finds nothing to do.
"""

from functools import lru_cache
from typing import Any

from django.db import connection
from procrastinate import App, JobContext
from procrastinate.contrib.django.django_connector import DjangoConnector

TASK = "fairlead.run_job"
QUEUE = "fairlead"


@lru_cache(maxsize=1)
def _sender() -> App:
    return App(connector=DjangoConnector())


def deliver(job_id: int, *, seconds: float = 0) -> int:
    """Hand a job to the engine in the caller's transaction, to start after `seconds`; returns the delivery's id."""
    options: dict[str, Any] = {"schedule_in": {"seconds": seconds}} if seconds > 0 else {}
    return _sender().configure_task(TASK, queue=QUEUE, allow_unknown=True, **options).defer(job_id=job_id)


def withdraw(delivery: int | None) -> None:
    """Remove a delivery that nobody may use any more; harmless when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where id = %s", [delivery])


def receiver() -> App:
    """A fresh app for a worker: the task, and connections of its own beside Django's."""
    app = App(connector=DjangoConnector().get_worker_connector())

    async def run_job(context: JobContext, /, job_id: int, **_later: Any) -> None:
        # Arguments of a newer version's deliveries are let through: an upgrade strands no job.
        from fairlead.jobs.run import run

        await run(job_id, delivery=context.job.id or 0)

    app.task(name=TASK, queue=QUEUE, pass_context=True)(run_job)
    return app


LOST = """
select job.id
from jobs_job job
left join procrastinate_jobs delivery on delivery.id = job.engine_id
left join procrastinate_workers worker on worker.id = delivery.worker_id
where job.state in ('queued', 'running')
  and not coalesce(job.state = 'queued' and delivery.status = 'todo', false)
  and not coalesce(
        delivery.status = 'doing' and worker.last_heartbeat > now() - make_interval(secs => %s)
        and (job.state = 'queued' or job.lifeline is null or exists (
            select from pg_locks held
            where held.locktype = 'advisory' and held.granted and held.objsubid = 1
              and held.database = (select oid from pg_database where datname = current_database())
              and held.classid::bigint << 32 | held.objid::bigint = job.lifeline)), false)
order by job.id
"""


def lost(stale_seconds: float) -> list[int]:
    """Jobs that nobody will bring to an end: their worker is dead, silent or gone, or their delivery is gone."""
    with connection.cursor() as cursor:
        cursor.execute(LOST, [stale_seconds])
        return [row[0] for row in cursor.fetchall()]


def living_workers(stale_seconds: float) -> int:
    """Workers that have shown a sign of life within this time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => %s)",
            [stale_seconds],
        )
        return int(cursor.fetchone()[0])


def last_beat() -> float | None:
    """Seconds since the last sign of life of any worker; None where there has been none."""
    with connection.cursor() as cursor:
        cursor.execute("select extract(epoch from now() - max(last_heartbeat)) from procrastinate_workers")
        seconds = cursor.fetchone()[0]
    return None if seconds is None else float(seconds)


def sweep(stale_seconds: float) -> int:
    """Remove deliveries that a dead worker left and that no active job names; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            delete from procrastinate_jobs delivery
            where queue_name = %s
              and not exists (select from jobs_job job where job.engine_id = delivery.id
                              and job.state in ('queued', 'running'))
              and not exists (select from procrastinate_workers worker where worker.id = delivery.worker_id
                              and worker.last_heartbeat > now() - make_interval(secs => %s))
            """,
            [QUEUE, stale_seconds],
        )
        return int(cursor.rowcount)
