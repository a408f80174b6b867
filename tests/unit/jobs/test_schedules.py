"""Schedules as laws, also on the days on which clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import settings as budget
from hypothesis import strategies as some

from fairlead.jobs import api, schedules
from fairlead.jobs.models import Frequency, Job, Schedule, State
from fairlead.store.models import AuditEntry, Org

ZONES = [
    "UTC",
    "Europe/London",
    "Australia/Sydney",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Havana",
]
MOMENTS = some.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001


def runs(frequency, zone, start, count):
    found, now = [], start
    for _ in range(count):
        now = schedules.next_run(frequency, zone, now)
        found.append(now)
    return found


@given(zone=some.sampled_from(ZONES), start=MOMENTS)
@example(zone="Europe/London", start=datetime(2026, 3, 28, 12, tzinfo=UTC))
@example(zone="Europe/London", start=datetime(2026, 10, 24, 12, tzinfo=UTC))
@example(zone="America/New_York", start=datetime(2026, 10, 31, 12, tzinfo=UTC))
@example(zone="America/Havana", start=datetime(2026, 10, 31, 12, tzinfo=UTC))
@budget(deadline=None)
def test_a_daily_schedule_runs_exactly_once_on_every_day_of_its_zone(zone, start):
    days = [run.astimezone(ZoneInfo(zone)).date() for run in runs("daily", zone, start, 5)]
    assert days == [days[0] + timedelta(days=i) for i in range(5)]


@given(zone=some.sampled_from(ZONES), start=MOMENTS)
@example(zone="Europe/London", start=datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
@example(zone="Australia/Lord_Howe", start=datetime(2026, 4, 4, 14, 30, tzinfo=UTC))
@budget(deadline=None)
def test_an_hourly_schedule_runs_every_sixty_minutes_also_when_clocks_change(zone, start):
    found = runs("hourly", zone, start, 6)
    assert {later - earlier for earlier, later in zip(found, found[1:], strict=False)} == {timedelta(hours=1)}


@given(zone=some.sampled_from(ZONES), start=MOMENTS)
@budget(deadline=None)
def test_weekly_runs_on_mondays_and_monthly_on_the_first_of_every_month(zone, start):
    weeks = [run.astimezone(ZoneInfo(zone)) for run in runs("weekly", zone, start, 3)]
    assert {run.weekday() for run in weeks} == {0}
    assert (weeks[1].date() - weeks[0].date()).days == 7
    months = [run.astimezone(ZoneInfo(zone)) for run in runs("monthly", zone, start, 13)]
    assert {run.day for run in months} == {1}
    assert (months[12].year, months[12].month) == (months[0].year + 1, months[0].month)


@given(
    frequency=some.sampled_from([f for f in Frequency.values if f != "never"]),
    zone=some.sampled_from(ZONES),
    start=MOMENTS,
)
@budget(deadline=None)
def test_the_next_run_is_always_later(frequency, zone, start):
    found = schedules.next_run(frequency, zone, start)
    assert found > start
    assert found.utcoffset() == timedelta(0)


NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def test_a_due_schedule_asks_once_however_often_and_late_it_is_looked_at(org):
    schedules.set_frequency(org, "primary_sync", "hourly", "admin", now=NOW)
    assert schedules.tick(NOW + timedelta(minutes=29)) == []
    late = NOW + timedelta(days=3)
    (job,) = schedules.tick(late)
    assert schedules.tick(late) == []
    found = Schedule.objects.get()
    assert (job.kind, job.requested_by, found.last_job) == ("primary_sync", "schedule", job)
    assert found.next_run_at == datetime(2026, 11, 26, 11, tzinfo=UTC)


def test_orgs_that_come_later_run_at_minutes_of_their_own(org):
    """Sixty orgs have sixty minutes; the first keeps the full hour, and each keeps its minute from run to run."""
    orgs = [org, *(Org.objects.create(name=f"Org {number}") for number in range(59))]
    made = [schedules.set_frequency(each, "primary_sync", "hourly", "admin", now=NOW) for each in orgs]
    assert made[0].next_run_at == datetime(2026, 11, 23, 11, tzinfo=UTC)
    minutes = [each.next_run_at.minute for each in made]
    assert sorted(minutes) == list(range(60))
    schedules.tick(NOW + timedelta(hours=1))
    assert [each.next_run_at.minute for each in Schedule.objects.order_by("org_id")] == minutes


@pytest.mark.parametrize(("frequency", "hour"), [("daily", 1), ("weekly", 1), ("monthly", 1)])
def test_a_minute_of_its_own_moves_a_night_run_by_less_than_an_hour(frequency, hour):
    found = schedules.next_run(frequency, "Europe/Berlin", NOW, 42).astimezone(ZoneInfo("Europe/Berlin"))
    assert (found.hour, found.minute) == (hour, 42)


def test_a_run_that_is_due_while_one_waits_makes_no_second_one(org):
    schedules.set_frequency(org, "primary_sync", "hourly", "admin", now=NOW)
    waiting = api.ask(org, "primary_sync")
    assert schedules.tick(NOW + timedelta(hours=1)) == [waiting]
    assert Job.objects.count() == 1


def test_never_asks_for_nothing_and_shows_no_next_run(org):
    schedules.set_frequency(org, "primary_sync", "hourly", "admin", now=NOW)
    assert schedules.set_frequency(org, "primary_sync", "never", "admin", now=NOW).next_run_at is None
    assert schedules.tick(NOW + timedelta(days=400)) == []


def test_a_change_while_running_takes_effect_at_the_next_look(org):
    schedules.set_frequency(org, "primary_sync", "monthly", "admin", now=NOW)
    schedules.set_frequency(org, "primary_sync", "hourly", "other", now=NOW)
    assert len(schedules.tick(NOW + timedelta(minutes=31))) == 1
    entry = AuditEntry.objects.first()
    assert (entry.who, entry.before["frequency"], entry.after["frequency"]) == ("other", "monthly", "hourly")


def test_a_claim_with_an_outdated_view_of_the_schedule_asks_for_nothing(org):
    """Two workers that see the same due row: the second finds it claimed."""
    schedules.set_frequency(org, "primary_sync", "hourly", "admin", now=NOW)
    seen_by_both = Schedule.objects.select_related("org").get()
    due = NOW + timedelta(hours=1)
    assert len(list(schedules._claim(seen_by_both, due))) == 1
    assert list(schedules._claim(seen_by_both, due)) == []


def test_one_broken_schedule_does_not_stop_the_others(org):
    schedules.set_frequency(org, "broken", "daily", "admin", now=NOW)
    Schedule.objects.update(timezone="No/Where", next_run_at=NOW)
    schedules.set_frequency(org, "whole", "hourly", "admin", now=NOW)
    assert [job.kind for job in schedules.tick(NOW + timedelta(hours=1))] == ["whole"]


@pytest.mark.parametrize(
    ("frequency", "zone", "named"),
    [("yearly", "UTC", "'yearly'"), ("daily", "Mars/Base", "'Mars/Base'"), ("never", "x" * 9, "xxx")],
)
def test_a_bad_frequency_or_zone_is_refused_by_name_with_the_next_step(org, frequency, zone, named):
    with pytest.raises(schedules.BadSchedule, match=named) as caught:
        schedules.set_frequency(org, "primary_sync", frequency, "admin", timezone=zone)
    assert caught.value.step
    assert not Schedule.objects.exists()


def test_a_scheduled_job_is_dispatched_at_once(org):
    schedules.set_frequency(org, "primary_sync", "hourly", "admin", now=NOW)
    (job,) = schedules.tick(NOW + timedelta(hours=1))
    assert job.state == State.QUEUED


@given(
    zone=some.sampled_from(ZONES),
    start=MOMENTS,
    hours=some.sets(some.integers(0, 23), min_size=1),
    days=some.sets(some.integers(0, 6), min_size=1),
)
@budget(deadline=None)
def test_chosen_hours_and_days_are_those_of_the_zone(zone, start, hours, days):
    run = schedules.next_at(hours, days, zone, start)
    there = run.astimezone(ZoneInfo(zone))
    assert run > start
    assert run - start <= timedelta(days=15)
    if len(hours) < 24 or len(days) < 7:
        assert there.weekday() in days
        # an hour that a day does not have is made up for in the next
        assert there.hour in hours or (there.hour - 1) % 24 in hours


def test_all_hours_of_all_days_are_sixty_minutes_apart_and_none_are_never():
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert schedules.next_at(range(24), range(7), "Europe/London", start) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert schedules.next_at([], range(7), "UTC", start) is None
    assert schedules.next_at([1], [], "UTC", start) is None


@pytest.mark.parametrize(("hours", "days", "zone"), [([24], [0], "UTC"), ([1], [7], "UTC"), ([1], [1], "Nowhere/None")])
def test_a_calendar_that_is_none_is_refused(hours, days, zone):
    with pytest.raises(schedules.BadSchedule):
        schedules.next_at(hours, days, zone, datetime(2026, 1, 1, tzinfo=UTC))


def test_each_tick_asks_calendars_and_one_that_fails_does_not_stop_the_others(db):
    asked = []

    def broken(now):
        raise schedules.BadSchedule("It cannot be kept.")

    def good(now):
        asked.append(now)
        return []

    now = datetime(2026, 1, 1, tzinfo=UTC)
    kept = dict(schedules._askers)
    try:
        schedules._askers.clear()
        schedules.provide("broken", broken)
        schedules.provide("good", good)
        assert schedules.tick(now) == []
    finally:
        schedules._askers.clear()
        schedules._askers.update(kept)
    assert asked == [now]
