"""Slots: at most N jobs of an org are queued or running, first in first out, one per kind and key."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from fairlead.jobs import engine, registry
from fairlead.jobs.models import Job, State
from fairlead.jobs.states import ACTIVE, Event, move
from fairlead.store import orgs

LONGEST_WAIT = 900.0
"""Longest back-off, in seconds."""


def dispatch(org_id: int) -> int:
    """Hand the next jobs in sequence to the engine while slots are free; returns how many.

    A job whose kind and key are busy is passed over and keeps its place. So is one whose kind must be kept apart from what
    is active, or from what waits before it: else that would wait for ever behind a stream of others.
    """
    with transaction.atomic():
        if not orgs.lock(org_id):
            return 0
        active = list(Job.objects.filter(org=org_id, state__in=ACTIVE).values_list("kind", "key"))
        free, busy, handed = settings.FAIRLEAD_SLOTS - len(active), set(active), 0
        before = {kind for kind, _ in active}
        if free <= 0:
            return 0
        waiting = Job.objects.filter(org=org_id, state=State.HOLDING).order_by("id").values_list("id", "kind", "key")
        for job_id, kind, key in waiting.iterator(chunk_size=500):
            if (kind, key) not in busy and not before & registry.apart(kind):
                move(job_id, Event.HAND_OVER, engine_id=engine.deliver(job_id), queued_at=timezone.now())
                busy.add((kind, key))
                handed += 1
            before.add(kind)
            if handed == free:
                break
        return handed


def again(job: Job, *, seconds: float, **changes: object) -> bool:
    """Have a queued or running job delivered anew after `seconds`; False when it has moved on meanwhile."""
    with transaction.atomic():
        same = {"attempt": job.attempt, "engine_id": job.engine_id}
        delivery = engine.deliver(job.pk, seconds=seconds)
        moved = move(job.pk, Event.REPEAT, only_if=same, engine_id=delivery, queued_at=timezone.now(), **changes)
        if not moved:
            engine.withdraw(delivery)
        return moved


def back_off(failures: int) -> float:
    """Seconds before the next attempt: nothing before the first, then the base time, doubled each time."""
    if failures <= 0:
        return 0.0
    return float(min(settings.FAIRLEAD_RETRY_SECONDS * 2 ** min(failures - 1, 20), LONGEST_WAIT))
