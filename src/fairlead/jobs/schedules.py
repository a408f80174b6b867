"""Schedules: rows that people change while the service runs; one tick asks for what is due.

A run that was missed is made up for once, however many were missed. Hours and days are those of the schedule's own
time zone, also on the days on which its clocks change.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from cronsim import CronSim
from django.db import transaction
from django.utils import timezone as clock

from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.jobs import hearing, pausing
from fairlead.jobs.api import ask
from fairlead.jobs.models import Frequency, Job, Schedule
from fairlead.store import audit, orgs
from fairlead.store.models import Org

log = structlog.get_logger(__name__)

CRON: dict[str, str] = {
    Frequency.HOURLY: "0 * * * *",
    Frequency.DAILY: "0 1 * * *",
    Frequency.WEEKLY: "0 1 * * 1",
    Frequency.MONTHLY: "0 1 1 * *",
}
"""On the hour; at one in the night; Mondays; the first of the month. The minute is that of the first org (`minute_of`)."""


class BadSchedule(FixTheSettings):
    """A frequency or a time zone that is none."""

    code = "FL-322"


def minute_of(org: Org) -> int:
    """At which minute of an hour the org's runs begin: those of the first on the hour, each further org seven minutes on.

    So the runs of many orgs are spread over the hour instead of waiting in line at its top.
    """
    return Org.objects.filter(pk__lt=org.pk).count() * 7 % 60


def next_run(frequency: str, zone: str, after: datetime, minute: int = 0) -> datetime | None:
    """The first run after `after` (aware), in UTC, at this minute of an hour; None for Never. Raises `BadSchedule`."""
    if frequency == Frequency.NEVER:
        return None
    if frequency not in CRON:
        raise BadSchedule(f"{frequency!r} is no frequency.", next_step=f"Choose one of {', '.join(Frequency.values)}.")
    cron = f"{minute}{CRON[frequency].removeprefix('0')}"
    if frequency == Frequency.HOURLY:
        # In UTC: an hour that a zone has twice or not at all is still sixty minutes away.
        return next(CronSim(cron, after.astimezone(UTC))).astimezone(UTC)
    return next(CronSim(cron, after.astimezone(_zone(zone)))).astimezone(UTC)


EVERY_HOUR: Final = tuple(range(24))
EVERY_DAY: Final = tuple(range(7))
"""Hours of a day, and days of a week from Monday."""


def next_at(hours: Collection[int], days: Collection[int], zone: str, after: datetime) -> datetime | None:
    """The first full hour after `after` (aware) that is one of these hours and days of the zone, in UTC; None for none.

    `days` are 0 (Monday) to 6. All hours of all days are sixty minutes apart, whatever the zone's clocks do. Raises
    `BadSchedule`.
    """
    if not set(hours) <= set(EVERY_HOUR) or not set(days) <= set(EVERY_DAY):
        raise BadSchedule(
            "A schedule has an hour or a day that is none.", next_step="Give hours from 0 to 23, days from 0 to 6."
        )
    place = _zone(zone)
    if not hours or not days:
        return None
    if set(hours) == set(EVERY_HOUR) and set(days) == set(EVERY_DAY):
        return next_run(Frequency.HOURLY, zone, after)
    said = ",".join(map(str, sorted(set(hours)))), ",".join(str((day + 1) % 7) for day in sorted(set(days)))
    return next(CronSim(f"0 {said[0]} * * {said[1]}", after.astimezone(place))).astimezone(UTC)


Asker = Callable[[datetime], list[Job]]
_askers: dict[str, Asker] = {}


def provide(name: str, asker: Asker) -> None:
    """Have each tick ask `asker`, too, which asks for the jobs that are due by a calendar of its own."""
    _askers[name] = asker


def set_frequency(
    org: Org, kind: str, frequency: str, by: str, *, timezone: str | None = None, now: datetime | None = None
) -> Schedule:
    """Change how often a kind of job is asked for; the next run is computed from `now`. Raises `BadSchedule`."""
    now = now or clock.now()
    with transaction.atomic():
        orgs.lock(org.pk)
        schedule = Schedule.objects.filter(org=org, kind=kind).first() or Schedule(org=org, kind=kind)
        before = {"frequency": schedule.frequency, "timezone": schedule.timezone}
        schedule.timezone = timezone or schedule.timezone
        _zone(schedule.timezone)
        schedule.next_run_at = next_run(frequency, schedule.timezone, now, minute_of(org))
        schedule.frequency, schedule.changed_by = frequency, by
        schedule.save()
        after = {"frequency": schedule.frequency, "timezone": schedule.timezone}
        if before != after:
            audit.record(org, by, "set frequency", kind, before=before, after=after)
    return schedule


def tick(now: datetime) -> list[Job]:
    """Ask for the jobs of all schedules that are due; returns the jobs. Several workers may tick at once.

    What is due while an org's schedules are paused stays due, and is asked for once when the pause ends.
    """
    asked: list[Job] = []
    for schedule in Schedule.objects.filter(next_run_at__lte=now).select_related("org").order_by("next_run_at", "id"):
        if pausing.paused(schedule.org_id):
            continue
        try:
            asked += _claim(schedule, now)
        except BadSchedule as error:
            # One broken row must not stop the others; it stays due and is said again at every tick.
            log.error("schedule cannot be computed", kind=schedule.kind, reason=str(error))
            hearing.schedule_broken(schedule, error)
    for name, asker in _askers.items():
        try:
            asked += asker(now)
        except Failure as error:
            log.error("calendar cannot be kept", calendar=name, reason=str(error))
    return asked


def _claim(schedule: Schedule, now: datetime) -> Iterator[Job]:
    following = next_run(schedule.frequency, schedule.timezone, now, minute_of(schedule.org))
    with transaction.atomic():
        due = Schedule.objects.filter(pk=schedule.pk, next_run_at=schedule.next_run_at, frequency=schedule.frequency)
        if not due.update(next_run_at=following):
            return
        job = ask(schedule.org, schedule.kind, by="schedule")
        Schedule.objects.filter(pk=schedule.pk).update(last_job=job)
        hearing.schedule_kept(schedule)
    yield job


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule(f"{name!r} is no time zone.", next_step="Use a name such as Europe/London.") from error
