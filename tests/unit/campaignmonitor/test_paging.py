"""Pages of rows that move while they are read: nobody who stays is missed, memory stays flat, nothing is left on the wire."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.campaignmonitor.errors import RequestWrong, Unavailable
from fairlead.campaignmonitor.paging import Page, every_page


class Rows:
    """A list ordered by entry; `changes` are applied one before each answer: a position to remove, or -1 to add at the end."""

    def __init__(self, count: int, size: int, changes: list[int], jitter: random.Random | None = None) -> None:
        self.rows = [f"row{i}" for i in range(count)]
        self.size = size
        self.changes = changes
        self.jitter = jitter
        self.asked: list[int] = []
        self.on_wire = 0
        self.most = 0

    async def ask(self, number: int) -> Page[str]:
        self.asked.append(number)
        self.on_wire += 1
        self.most = max(self.most, self.on_wire)
        try:
            for _ in range(self.jitter.randint(0, 5) if self.jitter else 1):
                await asyncio.sleep(0)
        finally:
            self.on_wire -= 1
        if self.changes and number > 1:
            self._change(self.changes.pop(0))
        begin = (number - 1) * self.size
        total = len(self.rows)
        return Page(self.rows[begin : begin + self.size], number, -(-total // self.size), total)

    def _change(self, position: int) -> None:
        if position < 0:
            self.rows.append(f"new{len(self.changes)}")
        elif self.rows:
            del self.rows[position % len(self.rows)]


async def read(rows: Rows, look_ahead: int = 4) -> list[str]:
    return [row async for page in every_page(rows.ask, look_ahead=look_ahead) for row in page.rows]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (5, 1), (10, 1), (11, 2), (95, 10)])
async def test_rows_at_rest_are_read_once_with_one_call_a_page(count, calls):
    rows = Rows(count, 10, [])
    got = await read(rows)
    assert sorted(got) == sorted(rows.rows)
    assert len(rows.asked) == calls


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 80), st.lists(st.integers(0, 79), max_size=12))
async def test_nobody_who_stays_is_missed_when_others_leave(count, leaving):
    """One call at a time: whoever is there from beginning to end is read."""
    rows = Rows(count, 10, leaving)
    got = await read(rows, look_ahead=1)
    assert set(rows.rows) <= set(got)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 80), st.lists(st.integers(0, 79), max_size=12), st.integers(1, 8), st.randoms())
async def test_nobody_is_missed_with_several_calls_at_once_either(count, leaving, look_ahead, jitter):
    rows = Rows(count, 10, leaving, jitter)
    got = await read(rows, look_ahead)
    assert set(rows.rows) <= set(got)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 80), st.lists(st.integers(-1, 79), max_size=12))
async def test_who_enters_meanwhile_makes_nobody_else_missed(count, changes):
    rows = Rows(count, 10, changes)
    got = await read(rows, look_ahead=1)
    assert {row for row in rows.rows if row.startswith("row")} <= set(got)


async def test_no_more_than_the_look_ahead_is_fetched_before_it_is_wanted():
    rows = Rows(500, 10, [])
    pages = every_page(rows.ask, look_ahead=4)
    for seen in range(1, 20):
        await anext(pages)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(rows.asked) <= seen + 4
    assert rows.most <= 4
    await pages.aclose()


async def test_a_reader_that_goes_away_leaves_nothing_on_the_wire():
    rows = Rows(500, 10, [], random.Random(1))
    pages = every_page(rows.ask, look_ahead=4)
    await anext(pages)
    await anext(pages)
    await pages.aclose()
    await asyncio.sleep(0)
    assert rows.on_wire == 0
    assert len(asyncio.all_tasks()) == 1


async def test_a_page_that_fails_ends_the_reading_and_the_other_calls():
    rows = Rows(500, 10, [])

    async def ask(number: int) -> Page[str]:
        if number == 48:
            raise Unavailable("It failed.")
        return await rows.ask(number)

    with pytest.raises(Unavailable):
        async for _ in every_page(ask, look_ahead=4):
            pass
    assert len(asyncio.all_tasks()) == 1


async def test_a_page_beyond_the_end_is_empty_whether_the_server_says_so_or_refuses_it():
    rows = Rows(35, 10, [])

    async def ask(number: int) -> Page[str]:
        if number == 4:
            raise RequestWrong("Page number out of range.", code=800)
        return await rows.ask(number)

    got = [row async for page in every_page(ask, look_ahead=2) for row in page.rows]
    assert {f"row{i}" for i in range(30)} == set(got)


async def test_a_page_that_cannot_be_read_when_its_turn_comes_is_asked_for_again():
    """Pages wait as bytes: what turns out to be cut is fetched anew, and no row is lost."""
    rows = Rows(95, 10, [])
    cut = {3, 7}

    async def fetch(number: int):
        page = await rows.ask(number)

        def opens():
            if number in cut:
                cut.discard(number)
                raise Unavailable("cut")
            return page

        return opens

    got = [row async for page in every_page(rows.ask, look_ahead=4, fetch=fetch) for row in page.rows]

    assert sorted(got) == sorted(rows.rows)
    assert sorted(rows.asked) == sorted([*range(1, 11), 3, 7])


async def test_pages_are_on_the_wire_before_the_first_is_done_with():
    """Whoever has to wait with the first page, for whom to match it with, finds the others there."""
    rows = Rows(500, 10, [], random.Random(1))
    pages = every_page(rows.ask, look_ahead=4)
    await anext(pages)
    await asyncio.sleep(0)
    await pages.aclose()
    assert rows.asked == [1, 50, 49, 48, 47]
