"""Readings one after the other, without the wire standing still between two."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack
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
    first: asyncio.Task[T | object] | None

    async def next(self) -> T | object:
        """What it yields next; what it has yielded is not held on to."""
        if self.first is None:
            return await anext(self.pages, _END)
        page = await self.first
        self.first = None
        return page

    async def end(self) -> None:
        """Leave nothing of it on the wire, whatever became of it."""
        try:
            if self.first is not None:
                self.first.cancel()
                await asyncio.gather(self.first, return_exceptions=True)
        finally:
            await self.pages.aclose()


async def in_turn(readings: Sequence[Begin[T]]) -> AsyncGenerator[T, None]:
    """What the readings yield, one reading after the other. Close it (`contextlib.aclosing`) when leaving it early.

    The next one begins when the last page of the one before has arrived, and not before: so whoever is moved from what
    is read early to what is read late is met, as if each had been read to its end before. What is raised while one waits
    is raised in its turn.
    """
    begun: list[_Begun[T]] = []
    closed = False
    async with AsyncExitStack() as ends:

        def begin(number: int) -> None:
            if number == len(begun) < len(readings) and not closed:
                pages = readings[number](lambda: begin(number + 1))
                begun.append(_Begun(pages, asyncio.create_task(_first(pages))))
                ends.push_async_callback(begun[-1].end)

        try:
            for number in range(len(readings)):
                begin(number)
                while (page := await begun[number].next()) is not _END:
                    yield page  # type: ignore[misc]
        finally:
            closed = True  # what ends now tells that it has been fetched, and nothing is to begin


async def _first(pages: AsyncGenerator[T, None]) -> T | object:
    return await anext(pages, _END)
