"""Ended jobs are kept for some days."""

from datetime import datetime, timedelta

from fairlead.jobs.models import Job
from fairlead.jobs.states import ENDED

BATCH = 1000


def prune(now: datetime, days: int) -> int:
    """Delete jobs that ended more than `days` before `now`, a batch at a time; returns how many."""
    total = 0
    while True:
        old = Job.objects.filter(state__in=ENDED, finished_at__lt=now - timedelta(days=days)).order_by("id")
        found = list(old.values_list("id", flat=True)[:BATCH])
        if not found:
            return total
        Job.objects.filter(pk__in=found).delete()
        total += len(found)
