"""Rows without a key come once each; rows that enter anywhere are read until they are at rest."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.campaignmonitor.errors import Unavailable
from fairlead.campaignmonitor.paging import Page, StillMoving, each_page_once, pages_at_rest
from tests.unit.campaignmonitor.test_paging import Rows

INSERT = 1000


class Sorted(Rows):
    """Rows in the order of a key: a change of INSERT + n puts a new one at position n."""

    def _change(self, position: int) -> None:
        if position >= INSERT:
            self.rows.insert((position - INSERT) % (len(self.rows) + 1), f"new{len(self.changes)}")
        else:
            super()._change(position)


async def read_once(rows: Rows, look_ahead: int = 4) -> list[str]:
    return [row async for page in each_page_once(rows.ask, look_ahead=look_ahead) for row in page.rows]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (5, 1), (10, 1), (11, 2), (95, 10)])
async def test_a_log_at_rest_is_read_with_one_call_a_page(count, calls):
    rows = Rows(count, 10, [])
    assert sorted(await read_once(rows)) == sorted(rows.rows)
    assert len(rows.asked) == calls


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 80), st.integers(0, 12), st.integers(1, 8), st.randoms())
async def test_events_that_enter_meanwhile_make_no_other_event_missed_or_repeated(count, entering, look_ahead, jitter):
    """Counts stay right although equal rows are legal: nothing tells a repeated page from repeated events."""
    rows = Rows(count, 10, [-1] * entering, jitter)
    got = Counter(await read_once(rows, look_ahead))
    assert {row: got[row] for row in rows.rows if row.startswith("row")} == {f"row{i}": 1 for i in range(count)}
    assert max(got.values(), default=1) == 1


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 80), st.lists(st.integers(0, 79), max_size=12), st.integers(1, 8), st.randoms())
async def test_no_event_that_stays_is_missed_when_others_leave(count, leaving, look_ahead, jitter):
    rows = Rows(count, 10, leaving, jitter)
    got = await read_once(rows, look_ahead)
    assert set(rows.rows) <= set(got)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 80), st.lists(st.integers(-1, 79), max_size=12))
async def test_no_event_that_stays_is_missed_when_some_leave_and_others_enter(count, changes):
    """With one call at a time."""
    rows = Rows(count, 10, changes)
    got = await read_once(rows, look_ahead=1)
    assert {row for row in rows.rows if row.startswith("row")} <= set(got)


async def test_equal_events_are_kept():
    rows = Rows(25, 10, [])
    rows.rows = ["same"] * 25
    assert await read_once(rows) == ["same"] * 25


async def test_a_reading_that_is_left_early_leaves_nothing_on_the_wire():
    rows = Rows(500, 10, [], random.Random(1))
    pages = each_page_once(rows.ask, look_ahead=4)
    await anext(pages)
    await anext(pages)
    await pages.aclose()
    assert rows.on_wire == 0


async def test_rows_that_enter_anywhere_are_read_again_until_they_are_at_rest():
    rows = Sorted(35, 10, [INSERT + 3, INSERT + 20, 7])
    got = [row async for page in pages_at_rest(rows.ask, look_ahead=1) for row in page.rows]
    assert set(rows.rows) <= set(got)
    assert rows.changes == []


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 80), st.lists(st.integers(INSERT, INSERT + 79), max_size=12), st.integers(1, 8), st.randoms())
async def test_a_reading_that_ends_well_has_missed_nobody(count, entering, look_ahead, jitter):
    """Whoever was there when it began is read, wherever others enter; or the reading says that it could not."""
    rows = Sorted(count, 10, entering, jitter)
    got = set()
    try:
        async for page in pages_at_rest(rows.ask, look_ahead=look_ahead):
            got.update(page.rows)
    except StillMoving:
        assert len(rows.rows) > count
    else:
        assert {f"row{i}" for i in range(count)} <= got


async def test_rows_that_never_rest_are_given_up_with_a_next_step():
    rows = Sorted(35, 10, [INSERT] * 1000)
    with pytest.raises(StillMoving) as caught:
        async for _ in pages_at_rest(rows.ask, look_ahead=2):
            pass
    assert isinstance(caught.value, Unavailable)
    assert caught.value.step
    assert len(rows.asked) < 30


async def test_rows_at_rest_are_read_once():
    rows = Sorted(35, 10, [])
    pages: list[Page[str]] = [page async for page in pages_at_rest(rows.ask, look_ahead=4)]
    assert sorted(page.number for page in pages) == [1, 2, 3, 4]
