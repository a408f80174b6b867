"""The limit halves once per burst, grows slowly, never exceeds itself, and a cancelled task gives its place back."""

import asyncio
import time

import pytest

from fairlead.campaignmonitor.limits import LONGEST_PAUSE, AdaptiveLimit, asked_pause


async def test_never_more_than_the_width_are_in_flight():
    limit, highest = AdaptiveLimit(3), 0

    async def call():
        nonlocal highest
        async with limit.slot():
            highest = max(highest, limit.active)
            await asyncio.sleep(0.001)

    await asyncio.gather(*(call() for _ in range(30)))
    assert highest == 3
    assert limit.active == 0


async def test_a_burst_of_refusals_halves_once_and_a_later_one_again():
    limit = AdaptiveLimit(8)
    began = time.monotonic()
    for _ in range(8):
        limit.pressed(began)
    assert limit.width == 4
    limit.pressed(time.monotonic())
    assert limit.width == 2


async def test_the_width_never_falls_below_one_and_grows_back_by_rounds():
    limit = AdaptiveLimit(4)
    for _ in range(5):
        limit.pressed(time.monotonic())
    assert limit.width == 1
    widths = []
    for _ in range(1 + 2 + 3):
        limit.well()
        widths.append(limit.width)
    assert widths == [2, 2, 3, 3, 3, 4]
    for _ in range(100):
        limit.well()
    assert limit.width == 4


async def test_after_halving_no_new_call_starts_until_enough_have_ended():
    limit = AdaptiveLimit(4)
    gates = [asyncio.Event() for _ in range(4)]

    async def hold(gate):
        async with limit.slot():
            await gate.wait()

    holders = [asyncio.create_task(hold(gate)) for gate in gates]
    await asyncio.sleep(0)
    limit.pressed(time.monotonic())
    newcomer = asyncio.create_task(hold(gates[0]))
    for i, gate in enumerate(gates[1:]):
        await asyncio.sleep(0.002)
        assert limit.active == 4 - i
        gate.set()
    await asyncio.sleep(0.002)
    assert limit.active == 2  # the first holder and the newcomer
    gates[0].set()
    await asyncio.gather(newcomer, *holders)
    assert limit.active == 0


async def test_a_cancelled_waiter_hands_its_place_on():
    limit = AdaptiveLimit(1)
    entered = []

    async def call(name):
        async with limit.slot():
            entered.append(name)

    async with limit.slot():
        first, second = asyncio.create_task(call("first")), asyncio.create_task(call("second"))
        await asyncio.sleep(0)
    first.cancel()  # it was woken, but has not run yet
    await asyncio.wait_for(second, 1)
    assert entered == ["second"]


async def test_a_pause_holds_everyone():
    limit = AdaptiveLimit(2)
    limit.pause(0.05)
    began = time.monotonic()
    async with limit.slot():
        pass
    assert time.monotonic() - began >= 0.05


async def test_an_absurd_pause_is_cut():
    limit = AdaptiveLimit(2)
    limit.pause(1e9)
    assert limit._resume_at <= time.monotonic() + LONGEST_PAUSE


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "348", "X-RateLimit-Remaining": "0"}, 348.0),
        ({"X-RateLimit-Reset": "348", "X-RateLimit-Remaining": "5"}, None),
        ({"X-RateLimit-Reset": "2.5"}, 2.5),
        ({"X-RateLimit-Reset": "-3"}, 0.0),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({}, None),
    ],
)
def test_a_pause_is_asked_only_when_nothing_is_left(headers, seconds):
    assert asked_pause(headers) == seconds


def test_no_concurrency_at_all_is_refused():
    with pytest.raises(ValueError, match="give 1 or more"):
        AdaptiveLimit(0)
