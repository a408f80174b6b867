"""How many API calls the org has left, read off every answer: calls go slower as our share runs out, and then stop."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from fairlead.salesforce.errors import OutOfCalls

LIMIT_INFO: Final = "Sforce-Limit-Info"
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")

DAY: Final = 86_400.0
# Usage falls only when calls of a day ago grow old; a refusal that never asked again would never end.
_PROBE_AFTER: Final = 300.0


class Limit(msgspec.Struct, frozen=True):
    """One row of the org's limits: how many there are, and how many are left."""

    maximum: int = msgspec.field(name="Max")
    remaining: int = msgspec.field(name="Remaining")

    @property
    def used(self) -> int:
        return self.maximum - self.remaining


class BudgetSpent(OutOfCalls):
    """We stopped by ourselves, so that people and other systems still have API calls."""

    next_step = "Wait until calls of the last 24 hours grow old, or raise FAIRLEAD_SALESFORCE_CALL_SHARE."


class Budget:
    """API calls of the org in the rolling 24 hours, by everyone: `used` of `limit`.

    `share` (0 to 1) is the part of the limit after which we stop by ourselves: at `stop_at` calls. Calls of other programs
    count, as the org counts them. Over the last fifth of the share calls go ever slower, down to the pace at which a day
    gives them back: the rest lasts for hours instead of minutes, and small work still gets through.
    """

    slow_over: Final = 0.2
    """The last part of the share, in which calls are spaced."""
    longest: Final = 30.0
    """Seconds. No call waits longer for its turn, however small the org's limit is."""

    def __init__(
        self,
        share: float = 0.95,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock` tells seconds, `sleep` waits so many. Raises ValueError for a share outside of 0 to 1."""
        self.used = 0
        self.limit: int | None = None
        self.calls = 0
        self._clock = clock
        self._sleep = sleep
        self._seen = 0.0
        self._last_turn = float("-inf")
        self._turn = asyncio.Lock()
        self.share = share

    @property
    def share(self) -> float:
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"The share of API calls is {share}; it must be above 0 and at most 1.")
        self._share = share

    @property
    def stop_at(self) -> int | None:
        """The number of used calls at which we stop; None until the first answer told the limit."""
        return None if self.limit is None else int(self.limit * self._share)

    @property
    def remaining(self) -> int | None:
        """Calls until we stop; None until known."""
        stop = self.stop_at
        return None if stop is None else max(0, stop - self.used)

    @property
    def spacing(self) -> float:
        """Seconds that lie between two calls now; 0 while more than the last fifth of the share is left.

        It grows evenly to a day divided by the calls of the share: at that pace as many calls return as are made.
        """
        stop, remaining = self.stop_at, self.remaining
        if not stop or remaining is None:
            return 0.0
        spent = 1.0 - remaining / (stop * self.slow_over)
        return min(self.longest, max(0.0, spent) * DAY / stop)

    def observe(self, header: str | None) -> None:
        """Take the figures from a `Sforce-Limit-Info` header, e.g. `api-usage=18/15000`."""
        self.calls += 1
        match = _USAGE.search(header or "")
        if match:
            self._know(int(match.group(1)), int(match.group(2)))

    def learn(self, limit: Limit) -> None:
        """Take the figures from the org's limit `DailyApiRequests`."""
        self._know(limit.used, limit.maximum)

    def _know(self, used: int, limit: int) -> None:
        self.used, self.limit = used, limit
        self._seen = self._clock()

    async def admit(self) -> None:
        """Let one call through in its turn. Raises BudgetSpent when our share is used, before or while it waits."""
        if self.remaining == 0:
            self.check()
        elif self.spacing:
            async with self._turn:
                # asked only now: meanwhile answers may have told that calls came back
                if (wait := self._last_turn + self.spacing - self._clock()) > 0:
                    await self._sleep(wait)
                self.check()
                self._last_turn = self._clock()

    def check(self) -> None:
        """Raise BudgetSpent when our share is used; every five minutes one call may look again."""
        if self.remaining != 0:
            return
        now = self._clock()
        if now - self._seen >= _PROBE_AFTER:
            self._seen = now
            return
        raise BudgetSpent(
            f"{self.used} of the org's {self.limit} API calls of the last 24 hours are used; "
            f"this service stops at {self.stop_at}.",
            code="budget_spent",
        )
