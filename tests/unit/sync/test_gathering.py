"""What is asked by several at once is asked by one call; nobody suffers by what others ask."""

import asyncio
from collections.abc import Sequence

import pytest

from fairlead.domain.failure import WaitAndRetry
from fairlead.sync.gathering import Gathering


class Door:
    """Answers every number with its double; refuses calls with a number of `bad`."""

    def __init__(self, bad: int = -1) -> None:
        self.calls: list[list[int]] = []
        self.bad = bad

    async def ask(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        await asyncio.sleep(0)
        if self.bad in numbers:
            raise WaitAndRetry(f"{self.bad} cannot be asked.")
        return [number * 2 for number in numbers]


async def test_those_who_ask_in_one_moment_share_a_call() -> None:
    door = Door()
    gathering = Gathering(door.ask, wait_s=0)
    assert await asyncio.gather(gathering([1, 2]), gathering([]), gathering([3])) == [[2, 4], (), [6]]
    assert door.calls == [[1, 2, 3]]
    assert await gathering([4]) == [8]
    assert door.calls == [[1, 2, 3], [4]]


async def test_where_the_joint_call_fails_everybody_asks_alone() -> None:
    door = Door(bad=2)
    gathering = Gathering(door.ask, wait_s=0)
    told = await asyncio.gather(gathering([1]), gathering([2]), gathering([3]), return_exceptions=True)
    assert (told[0], told[2]) == ([2], [6])
    assert isinstance(told[1], WaitAndRetry)
    assert sorted(door.calls) == [[1], [1, 2, 3], [2], [3]]


async def test_who_asks_alone_fails_after_one_call() -> None:
    door = Door(bad=2)
    with pytest.raises(WaitAndRetry):
        await Gathering(door.ask, wait_s=0)([2])
    assert door.calls == [[2]]


async def test_one_who_is_cancelled_takes_nobody_along() -> None:
    door = Door()
    gathering = Gathering(door.ask, wait_s=0.01)
    first, second = asyncio.create_task(gathering([1])), asyncio.create_task(gathering([2]))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == [4]
    assert first.cancelled() or await asyncio.gather(first, return_exceptions=True)


async def test_the_last_who_is_cancelled_ends_the_call() -> None:
    door = Door()
    gathering = Gathering(door.ask, wait_s=0.01)
    alone = asyncio.create_task(gathering([1]))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.gather(alone, return_exceptions=True)
    await asyncio.sleep(0.02)
    assert door.calls == []
    assert await gathering([5]) == [10]
