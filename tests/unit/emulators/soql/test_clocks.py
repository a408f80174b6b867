"""Days of date literals begin and end by the user's clock, also where that clock is put forward or back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead_emulators.salesforce.soql import dates


def bounds(word, now, zone, number=0):
    """First moment of the literal, and the moment after its last."""
    first, after = dates.span(word, number, now, ZoneInfo(zone))
    return dates.midnight(first, ZoneInfo(zone)), dates.midnight(after, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "now", "first", "after"),
    [
        # 23 hours: the clock goes forward at 01:00
        ("Europe/London", "2026-03-29T12:00:00+00:00", "2026-03-29T00:00:00.000Z", "2026-03-29T23:00:00.000Z"),
        # 25 hours: the clock goes back at 02:00
        ("Europe/London", "2026-10-25T12:00:00+00:00", "2026-10-24T23:00:00.000Z", "2026-10-26T00:00:00.000Z"),
        ("America/New_York", "2026-03-08T12:00:00+00:00", "2026-03-08T05:00:00.000Z", "2026-03-09T04:00:00.000Z"),
        # the south: forward in October
        ("Australia/Sydney", "2026-10-04T03:00:00+00:00", "2026-10-03T14:00:00.000Z", "2026-10-04T13:00:00.000Z"),
        # midnight itself does not exist: the day begins at 01:00
        ("Africa/Cairo", "2026-04-24T12:00:00+00:00", "2026-04-23T22:00:00.000Z", "2026-04-24T21:00:00.000Z"),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(zone, now, first, after):
    assert bounds("today", datetime.fromisoformat(now), zone) == (first, after)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/London", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_now_lies_in_today_and_the_days_around_it_touch(now, zone):
    yesterday, today, tomorrow = (bounds(word, now, zone) for word in ("yesterday", "today", "tomorrow"))
    assert today[0] <= dates.moment(now) < today[1]
    assert (yesterday[1], today[1]) == (today[0], tomorrow[0])


@given(st.dates(datetime(1990, 1, 1).date(), datetime(2037, 1, 1).date()))
def test_the_last_90_days_are_91(day):
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    first, after = dates.span("last_90_days", 0, now, UTC)
    assert (after - first, after - day) == (timedelta(days=91), timedelta(days=1))
    assert dates.span("last_n_days", 90, now, UTC) == (first, after)


@given(st.dates(datetime(1990, 1, 1).date(), datetime(2037, 1, 1).date()))
def test_weeks_begin_on_sunday(day):
    first, after = dates.span("this_week", 0, datetime(day.year, day.month, day.day, tzinfo=UTC), UTC)
    assert (first.strftime("%a"), after - first) == ("Sun", timedelta(days=7))
    assert first <= day < after


def test_moments_at_the_edges_of_a_short_day_fall_on_the_right_side(table):
    for moment in ("2026-03-14T23:59:59.999Z", "2026-03-15T00:00:00.000Z", "2026-03-15T23:59:59.999Z"):
        table.add("Child__c", Moment__c=moment, Note__c=moment[5:19])
    assert table.notes("Moment__c < TODAY") == ["03-14T23:59:59"]
    assert table.notes("Moment__c >= TODAY") == ["03-15T00:00:00", "03-15T23:59:59"]
    assert table.notes("Moment__c != TODAY") == ["03-14T23:59:59"]
    table.add("Child__c", Note__c="never")
    assert table.notes("Moment__c != TODAY") == ["03-14T23:59:59", "never"]
