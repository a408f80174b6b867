"""When a call is tried again, and what becomes of a write whose answer was lost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import stamina

from fairlead.campaignmonitor.errors import AddedTooOften, CampaignMonitorError, NotSent, OutcomeUnknown, Unavailable

T = TypeVar("T")
Settle = Callable[[], Awaitable[T | None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again: attempts in all, and waits in seconds (doubling, with jitter): half a minute.

    `crowded` is the wait, in seconds, before the same address is added again where that was done too often.
    """

    attempts: int = 7
    first: float = 0.5
    longest: float = 30.0
    crowded: float = 30.0


@dataclass(frozen=True, slots=True)
class Care(Generic[T]):
    """What may be done after a fault.

    `repeatable`: twice is as good as once. `once`: never try again, whatever the fault. `settle` looks whether it was
    done, and gives the result or None. `gone`: codes, or HTTP statuses, that say after a lost answer that it has been done.
    """

    repeatable: bool = False
    once: bool = False
    settle: Settle[T] | None = None
    gone: frozenset[int] = frozenset()


async def _spent() -> bytes:
    raise AssertionError("the call and its repeats are over")


@dataclass(slots=True)
class Attempts(Generic[T]):
    """One call and its repeats. `lost`: an attempt may have been carried out, but no answer tells."""

    ask: Callable[[], Awaitable[bytes]]
    read: Callable[[bytes], T]
    care: Care[T]
    patience: Patience
    lost: bool = False

    async def result(self) -> T:
        """What was asked for. Raises OutcomeUnknown for a write that may have been done, else as `errors.py` says."""
        patience = self.patience
        context = stamina.retry_context(
            on=self._again,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        )
        try:
            async for attempt in context:
                with attempt:
                    return await self._attempt()
        except OutcomeUnknown:
            raise
        except Unavailable as error:
            if self.care.repeatable or not self.lost:
                raise
            return await self._found_or(_unknown(error))
        finally:
            # What repeats calls refers to itself and to us: a body must not wait for the cycle collector.
            self.ask, self.care = _spent, Care()
        raise AssertionError("the loop above returns or raises")

    def _again(self, error: Exception) -> bool | float:
        """Whether to try again after this error, or after how many seconds."""
        if not isinstance(error, Unavailable) or isinstance(error, OutcomeUnknown) or self.care.once:
            return False
        if self.lost and not self.care.repeatable and self.care.settle is None:
            return False
        return self.patience.crowded if isinstance(error, AddedTooOften) else True

    async def _attempt(self) -> T:
        if self.lost and not self.care.repeatable:
            found = await self._found()
            if found is not None:
                return found
        try:
            return self.read(await self.ask())
        except Unavailable as error:
            self.lost = self.lost or _may_be_done(error)
            raise
        except CampaignMonitorError as error:
            if not self.lost:
                raise
            if {error.code, error.status} & self.care.gone:
                return self.read(b"")
            return await self._found_or(error)

    async def _found_or(self, error: CampaignMonitorError) -> T:
        """What an earlier attempt has done after all; else raises the error."""
        found = await self._found()
        if found is None:
            raise error from None
        return found

    async def _found(self) -> T | None:
        try:
            return await self.care.settle() if self.care.settle else None
        except CampaignMonitorError as error:
            raise _unknown(error) from None


def _may_be_done(error: Unavailable) -> bool:
    """Whether the call may have been carried out: it reached the server, and the server did not decline it."""
    return not isinstance(error, NotSent) and not 400 <= error.status < 500


def _unknown(error: CampaignMonitorError) -> OutcomeUnknown:
    return OutcomeUnknown(error.text, code=error.code, status=error.status)
