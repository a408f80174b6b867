"""How long work has been waiting and going on, over all orgs: for whoever watches."""

from dataclasses import dataclass

from django.db import connection

WAITING = """
select org_id, kind, state, count(*),
       coalesce(extract(epoch from now() - min(case state
           when 'running' then started_at when 'queued' then queued_at else created_at end)), 0)
from jobs_job where state in ('holding', 'queued', 'running') group by org_id, kind, state order by org_id, kind, state
"""
LATE = """
select org_id, kind, greatest(0, extract(epoch from now() - next_run_at))
from jobs_schedule where next_run_at is not null order by org_id, kind
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs of one kind in one state: how many, and for how many seconds the oldest is in it."""

    org: int
    kind: str
    state: str
    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule, and how many seconds ago it should have asked for its job; 0 where it is in time."""

    org: int
    kind: str
    late: float


def waiting() -> list[Waiting]:
    """Jobs that have not ended."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return [Waiting(org, kind, state, count, float(oldest)) for org, kind, state, count, oldest in cursor]


def due() -> list[Due]:
    """Schedules that are on."""
    with connection.cursor() as cursor:
        cursor.execute(LATE)
        return [Due(org, kind, float(late)) for org, kind, late in cursor]
