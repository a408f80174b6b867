"""Waiting for a job on the other side."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")

GROWTH: Final = 1.25

Progress = Callable[[Any], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Polling:
    """How to wait for a job: first and longest pause in seconds.

    Each pause is a quarter as long again, so that a job's end is met at most a quarter of its time late: one of five
    seconds is looked at seven times.
    """

    first: float = 0.5
    longest: float = 15.0


async def poll(
    look: Callable[[], Awaitable[T]], done: Callable[[T], bool], pace: Polling, on_progress: Progress | None
) -> T:
    """Look until `done`, ever more slowly; each look is told to `on_progress` (plain or async)."""
    pause = pace.first
    while True:
        seen = await look()
        if on_progress is not None:
            told = on_progress(seen)
            if told is not None:
                await told
        if done(seen):
            return seen
        await asyncio.sleep(pause)
        pause = min(pause * GROWTH, pace.longest)
