"""How many API calls the org has left, read off every answer, and the refusal before they run out."""

import re
import time
from collections.abc import Callable
from typing import Final

import msgspec

from fairlead.salesforce.errors import OutOfCalls

LIMIT_INFO: Final = "Sforce-Limit-Info"
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")

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

    next_step = "Wait until calls of the last 24 hours grow old, or raise the share of API calls that may be used."


class Budget:
    """API calls of the org in the rolling 24 hours, by everyone: `used` of `limit`.

    `share` (0 to 1) is the part of the limit after which we stop by ourselves: at `stop_at` calls.
    """

    def __init__(self, share: float = 0.95, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.used = 0
        self.limit: int | None = None
        self.calls = 0
        self._clock = clock
        self._seen = 0.0
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

    def observe(self, header: str | None) -> None:
        """Take the figures from a `Sforce-Limit-Info` header, e.g. `api-usage=18/15000`."""
        self.calls += 1
        match = _USAGE.search(header or "")
        if match:
            self.used, self.limit = int(match.group(1)), int(match.group(2))
            self._seen = self._clock()

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
