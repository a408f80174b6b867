"""Labels name zones; wall-clock texts become UTC exactly as the zone's rules say, around gaps and folds too."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.campaignmonitor.timezones import (
    UnknownTimeZone,
    _labels,
    find,
    instants,
    to_utc,
    wall_clock,
    zone,
)
from fairlead.campaignmonitor.utc_column import UtcColumn

LONDON = "(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London"


def by_rules(text: str, place) -> str:
    """What zoneinfo itself says, with no memory and no shortcut."""
    wall = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=place, fold=0)
    return wall.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def minutes(begin: datetime, count: int) -> list[str]:
    return [(begin + timedelta(minutes=i)).strftime("%Y-%m-%d %H:%M:%S") for i in range(count)]


def test_every_known_label_has_a_zone_with_rules():
    assert len(_labels()) == 97 + 38, "an older list, and what newer ones have beside it"
    for label, name in _labels().items():
        assert find(label).certain
        assert zone(label) == ZoneInfo(name)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("(GMT+00:00) Dublin, Edinburgh, Lisbon, London", "Europe/London"),
        ("(GMT+02:00) Istanbul, Athens", "Europe/Bucharest"),
        ("(GMT+03:00) Istanbul", "Europe/Istanbul"),
        ("(UTC+03:00) Istanbul", "Europe/Istanbul"),
        ("(UTC-11:00) Samoa", "Pacific/Pago_Pago"),
        ("(UTC+13:00) Samoa", "Pacific/Apia"),
        ("(UTC+1) Madrid", "Europe/Paris"),
        ("(GMT-07:00) La Paz", "America/Mazatlan"),
        ("(GMT-04:00) La Paz", "America/La_Paz"),
        ("(GMT-05:00) eastern time (US & canada)", "America/New_York"),
        ("(GMT+02:00) Johannesburg", "Africa/Johannesburg"),
        ("(GMT-05:00) New York", "America/New_York"),
        ("Europe/Vienna", "Europe/Vienna"),
        ("UTC", "UTC"),
    ],
)
def test_other_spellings_are_understood_by_their_places(label, name):
    assert find(label).zone == ZoneInfo(name)
    assert find(label).certain


@pytest.mark.parametrize(
    ("label", "hours"), [("(GMT+05:30) Nowhere at all", 5.5), ("(GMT-3) Atlantis", -3), ("(UTC) Limbo", 0)]
)
def test_an_unknown_place_gets_the_labels_offset_with_a_warning(label, hours):
    found = find(label)
    assert found.zone == timezone(timedelta(hours=hours))
    assert not found.certain


@pytest.mark.parametrize("label", ["", "Mars", "(GMT+01:00", "GMT+1"])
def test_a_label_that_says_nothing_is_refused_by_name(label):
    with pytest.raises(UnknownTimeZone) as caught:
        zone(label)
    assert repr(label) in str(caught.value)
    assert caught.value.step


@pytest.mark.parametrize("label", sorted(_labels()))
def test_every_minute_around_every_change_of_two_years_is_right(label):
    """A column through gap and fold equals zoneinfo's own answer, one text at a time."""
    place = zone(label)
    hour = datetime(2024, 1, 1, tzinfo=UTC)
    changes = []
    while hour.year < 2026:
        after = hour + timedelta(hours=1)
        if hour.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            changes.append(hour)
        hour = after
    for change in [*changes, datetime(2025, 6, 6, 6, tzinfo=UTC)]:
        wall = change.astimezone(place).replace(tzinfo=None) - timedelta(hours=2)
        texts = minutes(wall, 6 * 60)
        assert UtcColumn(place)(texts) == [by_rules(text, place) for text in texts]


@pytest.mark.parametrize("name", ["Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"])
def test_changes_by_half_an_hour_are_right_too(name):
    place = ZoneInfo(name)
    texts = minutes(datetime(2025, 4, 5, 22), 600) + minutes(datetime(2025, 10, 4, 22), 600)
    assert UtcColumn(place)(texts) == [by_rules(text, place) for text in texts]


def test_a_skipped_time_moves_forward_and_of_a_doubled_one_the_first_is_meant():
    london = zone(LONDON)
    assert to_utc(["2025-03-30 01:30:00"], london) == ["2025-03-30T01:30:00.000Z"]  # 02:30 summer time
    assert to_utc(["2025-10-26 01:30:00"], london) == ["2025-10-26T00:30:00.000Z"]  # still summer time


@settings(max_examples=200)
@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2076, 6, 6)).map(lambda d: d.strftime("%Y-%m-%d %H:%M:%S")),
    st.sampled_from(sorted(set(_labels().values()))),
)
def test_any_second_of_any_zone_is_right(text, name):
    text = text.rjust(19, "0")
    assert to_utc([text], ZoneInfo(name)) == [by_rules(text, ZoneInfo(name))]


def test_a_blank_stays_blank_and_shorter_forms_are_read():
    texts = ["", "  ", "2025-01-02 03:04", "2025-01-02", "2025-01-02T03:04:05"]
    expected = ["", "", "2025-01-02T03:04:00.000Z", "2025-01-02T00:00:00.000Z", "2025-01-02T03:04:05.000Z"]
    assert to_utc(texts, ZoneInfo("UTC")) == expected


@pytest.mark.parametrize("text", ["0000-00-00 00:00:00", "soon", "2025-02-30 00:00:00", "2025-01-01T00:00:00Z"])
def test_what_is_no_wall_clock_time_is_refused(text):
    with pytest.raises(ValueError):
        to_utc([text], ZoneInfo("UTC"))


def test_a_column_that_holds_other_forms_too_is_right():
    place = ZoneInfo("Europe/London")
    usual = minutes(datetime(2025, 6, 1), 100)
    for odd in ("", "2025-01-02", "2025-01-02T03:04:05", "1969-07-20 20:17:40", "2345-01-02 03:04:05"):
        texts = [*usual, odd, *usual]
        one_by_one = [to_utc([text], place)[0] for text in texts]
        assert UtcColumn(place)(texts) == one_by_one
        assert one_by_one[:100] == [by_rules(text, place) for text in usual]


@pytest.mark.parametrize(
    "text",
    ["2025-02-30 00:00:00", "2025-01-01T00:00:0Z", " 025-01-01 00:00:00", "2025-01-01 24:00:00", "2025-1a-01 00:00:00"],
)
def test_what_is_no_wall_clock_time_is_refused_in_a_long_column_too(text):
    with pytest.raises(ValueError):
        to_utc([*minutes(datetime(2025, 1, 1), 100), text], ZoneInfo("UTC"))


@settings(max_examples=50)
@given(
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2150, 6, 6)), min_size=51, max_size=60),
    st.sampled_from(sorted(set(_labels().values()))),
)
def test_a_long_column_is_what_its_texts_are_one_by_one(moments, name):
    place = ZoneInfo(name)
    texts = [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments]
    assert to_utc(texts, place) == [to_utc([text], place)[0] for text in texts]


ZONES = st.sampled_from(sorted(set(_labels().values()) | {"Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"}))
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2076, 6, 6), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
NEAR_CHANGES = st.tuples(
    st.sampled_from(
        [datetime(2025, 3, 30, 1), datetime(2025, 10, 26, 1), datetime(2025, 4, 5, 15), datetime(2025, 11, 2, 6)]
    ),
    st.integers(-7200, 7200),
).map(lambda pair: (pair[0] + timedelta(seconds=pair[1])).replace(tzinfo=UTC))


@settings(max_examples=300)
@given(MOMENTS | NEAR_CHANGES, ZONES)
def test_what_the_wall_clock_showed_may_mean_the_moment_it_was(moment, name):
    """There and back: the moment is one of the two that its text may mean, and the column gives the earlier."""
    place = ZoneInfo(name)
    text = wall_clock(moment, place)
    earliest, latest = instants(text, place)
    assert moment in (earliest, latest)
    assert to_utc([text], place) == [earliest.strftime("%Y-%m-%dT%H:%M:%S.000Z")]


@settings(max_examples=300)
@given(MOMENTS | NEAR_CHANGES, ZONES)
def test_a_time_means_two_moments_only_where_the_clock_was_set(moment, name):
    """Both show the same text, if the clock ever showed it; they lie a change of the clock apart."""
    place = ZoneInfo(name)
    wall = moment.replace(tzinfo=None)
    earliest, latest = instants(f"{wall:%Y-%m-%d %H:%M:%S}", place)
    shown = {wall_clock(each, place) for each in (earliest, latest)}
    if earliest == latest:
        assert shown == {f"{wall:%Y-%m-%d %H:%M:%S}"}
    else:
        offsets = [each.astimezone(place).utcoffset() for each in (earliest, latest)]
        assert latest - earliest == abs(offsets[0] - offsets[1])
        skipped = len(shown) == 2
        assert skipped or shown == {f"{wall:%Y-%m-%d %H:%M:%S}"}


def test_a_doubled_time_has_two_moments_and_a_skipped_one_its_both_sides():
    london = zone(LONDON)
    assert [f"{each:%H:%M}" for each in instants("2025-10-26 01:30:00", london)] == ["00:30", "01:30"]
    assert [f"{each:%H:%M}" for each in instants("2025-03-30 01:30:00", london)] == ["00:30", "01:30"]
    assert [f"{each:%H:%M}" for each in instants("2025-06-30 01:30:00", london)] == ["00:30", "00:30"]


def test_what_is_half_a_time_is_refused_by_value():
    with pytest.raises(ValueError, match="has an offset"):
        instants("2025-01-01T00:00:00+01:00", UTC)
    with pytest.raises(ValueError, match="no time zone"):
        wall_clock(datetime(2025, 1, 1), UTC)
