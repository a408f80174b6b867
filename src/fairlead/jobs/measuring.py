"""Counts how jobs end, for whoever watches (`store.measures`): in the transaction of the end, so that each counts once."""

from datetime import datetime
from typing import Final

from fairlead.domain.failure import Failure
from fairlead.jobs.models import Job, Schedule, State
from fairlead.store import measures

ENDED: Final = "jobs_ended"
ROWS: Final = "rows"
LAST_DONE: Final = "last_done"
SECONDS: Final = "job_seconds"
OUTCOMES: Final = ("read", "written", "unchanged", "refused", "deleted")
"""Totals of a run that are counted on; others differ from kind to kind."""


class Measuring:
    """Hears of ends (`jobs.hearing.Listener`)."""

    def ended(self, job: Job, failure: Failure | None) -> None:
        """Count the end, how long the work took, the rows; and note when a kind last came to a good end."""
        measures.add(job.org_id, ENDED, 1, kind=job.kind, state=job.state)
        if job.finished_at and job.started_at:
            seconds = (job.finished_at - job.started_at).total_seconds()
            measures.add(job.org_id, SECONDS, seconds, kind=job.kind, state=job.state)
        for name in OUTCOMES:
            if job.counts.get(name):
                measures.add(job.org_id, ROWS, job.counts[name], kind=job.kind, outcome=name)
        if job.state == State.DONE and job.finished_at:
            measures.put(job.org_id, LAST_DONE, job.finished_at.timestamp(), kind=job.kind)

    def schedule_broken(self, schedule: Schedule, failure: Failure) -> None:
        """Nothing to count: a message tells of it."""

    def schedule_kept(self, schedule: Schedule) -> None:
        """Nothing to count: its job is counted."""

    def ticked(self, now: datetime) -> None:
        """Nothing to count."""

    def hour_passed(self, now: datetime) -> None:
        """Nothing is too old: there is one row a number."""
