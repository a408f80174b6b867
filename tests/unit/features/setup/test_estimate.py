"""Laws of the estimate: it follows what is chosen, never promises less than is asked for, and says so in words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.activity import Activity
from fairlead.features.setup.rules import estimate as rules
from fairlead.features.setup.rules.estimate import Figures, ListCount, Sending, Wanted

FIGURES = Figures(
    clients=2,
    lists=(ListCount("a", "News", "One", 1_000), ListCount("b", "Offers", "Two", 500)),
    more_lists=0,
    sendings=(Sending(5, 1_000), Sending(100, 2_000)),
    rates=rules.rates(1_000, {Activity.OPENED: 400, Activity.CLICKED: 100}),
    suppressed=70,
)
ALL = Wanted(365, frozenset(Activity), suppression=True)


def counted(figures: Figures, wanted: Wanted) -> dict[str, int]:
    return dict(rules.estimate(figures, wanted, 500.0).rows)


def test_everything_that_is_chosen_is_counted() -> None:
    assert counted(FIGURES, ALL) == {
        "Clients and lists": 4, "Members": 1_500, "Campaigns": 2, "Tracking events": 4_500, "Suppressed addresses": 70,
    }  # fmt: skip


def test_what_is_left_out_is_not_counted() -> None:
    wanted = Wanted(30, frozenset({Activity.OPENED}), suppression=False, prevented=frozenset({"a"}))
    assert counted(FIGURES, wanted) == {
        "Clients and lists": 4, "Members": 500, "Campaigns": 2, "Tracking events": 400, "Suppressed addresses": 0,
    }  # fmt: skip
    assert counted(FIGURES, replace(wanted, days=0))["Tracking events"] == 0


def test_lists_that_were_not_asked_count_as_average() -> None:
    assert counted(replace(FIGURES, more_lists=2), ALL)["Members"] == 1_500 + 2 * 750
    assert counted(replace(FIGURES, lists=(), more_lists=2), ALL)["Members"] == 0


@given(days=st.integers(0, 400), more=st.integers(0, 400))
def test_more_days_never_take_less(days: int, more: int) -> None:
    """What is kept longer takes at least as much."""
    few = rules.estimate(FIGURES, replace(ALL, days=days), 500.0)
    many = rules.estimate(FIGURES, replace(ALL, days=days + more), 500.0)
    assert few.records <= many.records
    assert few.megabytes <= many.megabytes
    assert few.seconds <= many.seconds


def test_storage_is_2_kb_a_record_and_held_against_what_is_free() -> None:
    told = rules.estimate(FIGURES, ALL, 500.0, free=100)
    assert told.megabytes == told.records * 2 / 1024
    assert sum(mb for _, _, mb in told.parts) == pytest.approx(told.megabytes)
    assert told.fits
    assert not rules.estimate(FIGURES, ALL, 500.0, free=1).fits
    assert rules.estimate(FIGURES, ALL, 500.0, free=None).fits


def test_rates_are_for_a_recipient_and_one_for_what_was_sent() -> None:
    assert rules.rates(0, {})[Activity.OPENED] == 0.0
    found = rules.rates(200, {Activity.OPENED: 50})
    assert (found[Activity.SENT], found[Activity.OPENED], found[Activity.BOUNCED]) == (1.0, 0.25, 0.0)


def test_a_small_run_tells_nothing_of_the_rate() -> None:
    assert rules.measured(10, 1) == rules.ROWS_A_SECOND
    assert rules.measured(5_000, 0) == rules.ROWS_A_SECOND
    assert rules.measured(5_000, 5) == 1_000


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "less than a minute"),
        (70, "about a minute"),
        (170, "about 3 minutes"),
        (5_399, "about 90 minutes"),
        (7_200, "about 2 hours"),
    ],
)
def test_a_duration_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert rules.in_words(seconds) == words
