"""Waiting for a job on the other side."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

Progress = Callable[[Any], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Polling:
    """How to wait for a job: first and longest pause in seconds; each pause is half as long again."""

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
        pause = min(pause * 1.5, pace.longest)
