"""What is read of a report, and which events are written, counted and linked."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.domain.tracking_plan import NEVER, Known, Plan, Wanted, after, again_from, missing, plan, whole

KEPT = Wanted("2026-01-01 00:00", totals=True)
KNOWN = Known(5, 5, "2026-03-10 09:30", written_from="2026-01-01 00:00")
OLD, RECENT = "2025-06-01 10:00", "2026-03-10 09:00"


def test_nothing_is_read_where_nothing_is_or_nobody_wants_it() -> None:
    assert plan("opens", 0, None, KEPT) is None
    assert plan("opens", 9, None, Wanted(NEVER, totals=False)) is None
    assert plan("opens", 5, KNOWN, KEPT) is None
    assert plan("opens", 9, KNOWN, Wanted(NEVER, totals=False)) is None


def test_a_first_reading_is_of_everything_unless_only_what_is_kept_is_wanted() -> None:
    made = plan("opens", 9, None, KEPT)
    assert made is not None
    assert made.since is None
    assert (made.writes(OLD, known=False), made.counts(OLD, known=False)) == (False, True)
    assert (made.writes(RECENT, known=False), made.links(RECENT, known=False)) == (True, False)
    made = plan("opens", 9, None, Wanted("2026-01-01 00:00", totals=False))
    assert made is not None
    assert made.since == datetime(2026, 1, 1)
    made = plan("recipients", 9, None, Wanted("2026-01-01 00:00", totals=False))
    assert made is not None
    assert made.since is None


def test_what_moved_is_read_from_three_hours_before_the_newest() -> None:
    made = plan("opens", 6, KNOWN, KEPT)
    assert made is not None
    assert made.since == datetime(2026, 3, 10, 6, 30)
    assert made.counts(RECENT, known=False)
    assert not made.counts(RECENT, known=True)
    assert not made.writes(RECENT, known=True)
    assert plan("clicks", 5, KNOWN, KEPT, suspected=True) is not None


def test_recipients_that_are_no_longer_remembered_are_written_but_not_counted_again() -> None:
    made = plan("recipients", 6, Known(5, 5, "2026-03-10 09:30", kept=False), KEPT)
    assert made is not None
    assert made.since is None
    assert not made.counts("2026-03-10 09:30", known=False)
    assert again_from("recipients", Known(5, 5, "2026-03-10 09:30")) == ""


def test_a_link_reads_from_the_beginning_and_counts_for_members_only_what_is_new() -> None:
    made = plan("opens", 5, KNOWN, Wanted("", totals=True, linked=True))
    assert made is not None
    assert made.since is None
    assert made.links(OLD, known=False)
    assert made.links(RECENT, known=True)
    assert not made.counts(OLD, known=False)
    linked = Known(5, 5, "2026-03-10 09:30", linked=True)
    made = plan("opens", 6, linked, Wanted("", totals=True, linked=True))
    assert made is not None
    assert made.links(RECENT, known=False)
    assert not made.links(RECENT, known=True)


def test_a_longer_time_to_keep_writes_what_was_left_out() -> None:
    made = plan("opens", 5, KNOWN, Wanted("2025-01-01 00:00", totals=True))
    assert made is not None
    assert made.since == datetime(2025, 1, 1)
    assert made.writes(OLD, known=False)
    assert not made.writes("2026-02-01 00:00", known=False)
    assert not made.counts(OLD, known=False)
    assert after(made, KNOWN) == ("", "2025-01-01 00:00")
    assert plan("opens", 5, KNOWN, Wanted("2026-02-01 00:00", totals=True)) is None


def test_totals_wanted_later_count_only_what_was_never_read() -> None:
    half = Known(5, 2, "2026-03-10 09:30", read_from="2026-01-01 00:00", written_from="2026-01-01 00:00")
    made = plan("opens", 5, half, KEPT)
    assert made is not None
    assert made.since is None
    assert made.counts(OLD, known=False)
    assert not made.counts("2026-02-01 00:00", known=False)
    assert after(made, half)[0] == ""


def test_anew_writes_everything_once_a_number() -> None:
    again = Wanted("2026-01-01 00:00", totals=True, full_run=7)
    made = plan("opens", 5, KNOWN, again)
    assert made is not None
    assert made.writes(RECENT, known=True)
    assert not made.counts(OLD, known=False)
    assert plan("opens", 5, Known(5, 5, "2026-03-10 09:30", full_run=7), again) is None
    assert plan("opens", 0, Known(0, 0, ""), again) is None


def test_a_counter_above_what_is_known_asks_for_the_whole_report_once() -> None:
    made = plan("opens", 6, KNOWN, KEPT)
    assert made is not None
    assert missing(7, 6, KNOWN, made)
    assert not missing(6, 6, KNOWN, made)
    assert not missing(7, 6, Known(5, 5, "2026-03-10 09:30", short=1), made)
    assert not missing(7, 6, None, made)
    assert not missing(7, 6, KNOWN, whole(made))
    assert whole(made).writes(RECENT, known=True)


@pytest.mark.parametrize(
    ("since", "written"), [("2025-01-01 00:00", "2026-01-01 00:00"), ("2026-03-01 00:00", "2026-02-01 00:00")]
)
def test_what_is_written_reaches_back_as_far_as_it_was_read(since: str, written: str) -> None:
    made = plan("opens", 6, Known(5, 5, "2026-03-10 09:30", written_from="2026-02-01 00:00"), KEPT)
    assert made is not None
    from dataclasses import replace

    read = replace(made, since=datetime.fromisoformat(since))
    assert after(read, Known(5, 5, "", written_from="2026-02-01 00:00"))[1] == written


minutes = st.sampled_from(["", "2026-03-01 09:00", "2026-03-02 09:00", "2026-03-03 09:00", NEVER])


@settings(deadline=None)
@given(
    st.builds(
        Plan,
        st.none(),
        minutes,
        minutes,
        minutes,
        minutes,
        link_all=st.booleans(),
        link=st.booleans(),
        write_all=st.booleans(),
    ),
    st.lists(st.tuples(minutes, st.booleans()), max_size=6),
)
def test_events_judged_together_are_judged_as_one_by_one(made: Plan, events: list[tuple[str, bool]]) -> None:
    judged = made.judge([date for date, _ in events], [known for _, known in events])

    assert judged.counts == [made.counts(date, known=known) for date, known in events]
    assert judged.writes == [made.writes(date, known=known) for date, known in events]
    assert judged.links == [made.links(date, known=known) for date, known in events]
