"""Readings one after the other: nothing is missed, nobody overtakes, and the wire does not stand still between two."""

import asyncio
from contextlib import aclosing
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.campaignmonitor.errors import Unavailable
from fairlead.campaignmonitor.in_turn import in_turn
from fairlead.campaignmonitor.paging import Page, every_page


class Wire:
    """Several readings over one wire. `asked` are (reading, page) as they were asked for, `here` those that have arrived."""

    def __init__(self, sizes: list[int], broken: tuple[int, int] | None = None) -> None:
        self.sizes, self.broken = sizes, broken
        self.asked: list[tuple[int, int]] = []
        self.here: list[tuple[int, int]] = []
        self.on_wire = 0
        self.closed = 0

    async def ask(self, reading: int, number: int) -> Page[str]:
        self.asked.append((reading, number))
        self.on_wire += 1
        try:
            await asyncio.sleep(0)
        finally:
            self.on_wire -= 1
        if (reading, number) == self.broken:
            raise Unavailable("The page is away.")
        self.here.append((reading, number))
        return Page([f"{reading}:{number}"], number, self.sizes[reading], self.sizes[reading])

    async def begin(self, reading, fetched):
        try:
            async with aclosing(every_page(partial(self.ask, reading), look_ahead=3, fetched=fetched)) as pages:
                async for page in pages:
                    yield page.rows[0]
        finally:
            self.closed += 1

    def readings(self):
        return [partial(self.begin, reading) for reading in range(len(self.sizes))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=5))
async def test_every_page_comes_once_and_each_reading_in_its_turn(sizes):
    wire = Wire(sizes)
    got = [row async for row in in_turn(wire.readings())]
    assert got == [f"{i}:{number}" for i, size in enumerate(sizes) for number in (1, *range(size, 1, -1))]
    assert (wire.on_wire, wire.closed) == (0, len(sizes))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5))
async def test_no_reading_begins_before_all_of_the_last_has_arrived(sizes):
    """Who is moved meanwhile from a reading to a later one is thus met, as if they were read one by one."""
    wire = Wire(sizes)
    assert [row async for row in in_turn(wire.readings())]
    assert [reading for reading, _ in wire.asked] == sorted(reading for reading, _ in wire.asked)
    assert [reading for reading, _ in wire.here] == sorted(reading for reading, _ in wire.here)


async def test_the_next_is_on_the_wire_while_the_last_still_waits_to_be_read():
    wire = Wire([3, 2, 1])
    async with aclosing(in_turn(wire.readings())) as pages:
        assert await anext(pages) == "0:1"
        for _ in range(20):
            await asyncio.sleep(0)
        assert {reading for reading, _ in wire.here} == {0, 1, 2}
        assert len(wire.here) == 6


async def test_a_slow_reader_holds_up_what_is_fetched_before_it_is_wanted():
    wire = Wire([9, 2])
    async with aclosing(in_turn(wire.readings())) as pages:
        assert await anext(pages) == "0:1"
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(wire.here) == 1 + 3


async def test_what_fails_while_it_waits_is_raised_in_its_turn():
    wire, got = Wire([3, 2], broken=(1, 1)), []
    with pytest.raises(Unavailable):
        async for row in in_turn(wire.readings()):
            got.append(row)
    assert got == ["0:1", "0:3", "0:2"]
    assert (wire.on_wire, wire.closed) == (0, 2)


@pytest.mark.parametrize("after", range(6))
async def test_a_reader_that_goes_away_leaves_nothing_on_the_wire(after):
    wire = Wire([3, 5, 1])
    async with aclosing(in_turn(wire.readings())) as pages:
        for _ in range(after):
            await anext(pages)
    asked = len(wire.asked)
    await asyncio.sleep(0)
    assert (wire.on_wire, len(wire.asked)) == (0, asked)
    assert wire.closed == len({reading for reading, _ in wire.asked})


async def test_no_readings_are_nothing():
    assert [row async for row in in_turn([])] == []
