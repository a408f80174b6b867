"""Readings one after the other, without the wire standing still between two."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

Begin = Callable[[Callable[[], None]], AsyncGenerator[T, None]]
"""Begins a reading. It calls what it is given once nothing of it is left to be fetched."""

_END: Final = object()


@dataclass(slots=True)
class _Begun(Generic[T]):
    """A reading that may wait for its turn, and what it yields first."""

    pages: AsyncGenerator[T, None]
    first: asyncio.Task[T | object]


async def in_turn(readings: Sequence[Begin[T]]) -> AsyncGenerator[T, None]:
    """What the readings yield, one reading after the other. Close it (`contextlib.aclosing`) when leaving it early.

    The next one begins when the last page of the one before has arrived, and not before: so whoever is moved from what
    is read early to what is read late is met, as if each had been read to its end before. What is raised while one waits
    is raised in its turn.
    """
    begun: list[_Begun[T]] = []
    closed = False

    def begin(number: int) -> None:
        if number == len(begun) < len(readings) and not closed:
            pages = readings[number](lambda: begin(number + 1))
            begun.append(_Begun(pages, asyncio.create_task(_first(pages))))

    try:
        for number in range(len(readings)):
            begin(number)
            pages = begun[number].pages
            page = await begun[number].first
            while page is not _END:
                yield page  # type: ignore[misc]
                page = await anext(pages, _END)
    finally:
        closed = True
        for one in begun:
            one.first.cancel()
        await asyncio.gather(*(one.first for one in begun), return_exceptions=True)
        for one in begun:
            await one.pages.aclose()


async def _first(pages: AsyncGenerator[T, None]) -> T | object:
    return await anext(pages, _END)
