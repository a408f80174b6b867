"""How many calls may be on the wire at once: fewer when the server is pressed, more again slowly."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

RESET: Final = "X-RateLimit-Reset"
REMAINING: Final = "X-RateLimit-Remaining"

LONGEST_PAUSE: Final = 900.0
"""Seconds. A server that asks for a longer pause gets this one, and is asked again."""


class AdaptiveLimit:
    """A limit on calls in flight that halves under pressure and grows by one per full round of good answers.

    One limit is shared by all tasks of a connection; so is a pause that the server asks for.
    """

    def __init__(self, most: int) -> None:
        """`most` is the limit to begin with and never to exceed; at least 1."""
        if most < 1:
            raise ValueError(f"concurrency is {most}; give 1 or more.")
        self.most = most
        self.width = most
        self.active = 0
        self._good = 0
        self._cut_at = 0.0
        self._resume_at = 0.0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Hold one place on the wire; yields the time at which it was taken, for `pressed`."""
        while self.active >= self.width:
            await self._wait()
        self.active += 1
        try:
            while (wait := self._resume_at - time.monotonic()) > 0:  # noqa: ASYNC110 - the pause may grow meanwhile
                await asyncio.sleep(wait)
            yield time.monotonic()
        finally:
            self.active -= 1
            self._wake()

    def well(self) -> None:
        """A call was answered as it should be."""
        self._good += 1
        if self._good >= self.width and self.width < self.most:
            self.width += 1
            self._good = 0
            self._wake()

    def pressed(self, began: float) -> None:
        """A call that began at `began` met a limit or a failing server. Calls of one burst halve the limit once."""
        self._good = 0
        if began >= self._cut_at:
            self.width = max(1, self.width // 2)
            self._cut_at = time.monotonic()

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._resume_at = max(self._resume_at, time.monotonic() + min(seconds, LONGEST_PAUSE))

    async def _wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # the place meant for this task goes to the next
            raise

    def _wake(self) -> None:
        free = self.width - self.active
        while free > 0 and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds until the server's rate limit starts anew, if it says that nothing is left."""
    if headers.get(REMAINING, "0").strip() != "0":
        return None
    try:
        return max(0.0, float(headers[RESET]))
    except (KeyError, ValueError):
        return None
