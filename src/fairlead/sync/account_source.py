"""Sources on a Campaign Monitor account: the subscribers of a list in all states, and small listings."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Generic, TypeVar

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscribers import STATES, Subscriber
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.domain.records import Scope
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.ports import SourcePage
from fairlead.sync.stage import Run

Row = TypeVar("Row")

ENOUGH: Final = 500
"""Subscribers that are worth a page of their own."""


class SubscriberSource:
    """The subscribers of one list, state after state. `ticked` is awaited with every page; it may raise to end the reading.

    `totals` are how many each state had, as of its last page read.
    """

    def __init__(self, account: CampaignMonitor, clock: datetime, ticked: Callable[[], Awaitable[None]]) -> None:
        self._account = account
        self._clock = clock
        self._ticked = ticked
        self.totals: dict[str, int] = {}

    async def clock(self) -> datetime:
        """The account's wall clock when the run began, so that every scope of the run overlaps alike."""
        return self._clock

    async def pages(self, scope: Scope, since: date | None) -> AsyncGenerator[SourcePage[Subscriber], None]:
        """Every subscriber whose state changed on or after `since`, or all of them for None. Raises a Failure.

        Small pages are put together: each page that is handed on may cost calls to find its contacts and leads.
        """
        gathered: list[Subscriber] = []
        totals = self.totals = {}
        with campaign_monitor_failures("read the subscribers of a list"):
            # closed at once when the reading ends early: no call of it is left on the wire
            async with aclosing(self._account.in_states(scope.list, STATES, since, sms_preference=True)) as pages:
                async for page in pages:
                    await self._ticked()
                    totals[page.state] = page.total
                    gathered += page.rows
                    if len(gathered) >= ENOUGH:
                        yield SourcePage(gathered, sum(totals.values()))
                        gathered = []
        if gathered:
            yield SourcePage(gathered, sum(totals.values()))

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Subscriber]:
        """Single subscribers by the address in their member key; those no longer on the list are left out."""
        found = []
        with campaign_monitor_failures("read single subscribers"):
            for key in keys:
                try:
                    found.append(await self._account.subscriber(scope.list, key.partition(":")[2]))
                except RecordRefused as error:
                    if error.code != NOT_ON_THE_LIST:
                        raise
        return found


async def clock(run: Run) -> datetime:
    """The account's wall clock at the start of the run: asked once, the same for every scope. Raises a Failure."""
    if run.clock is None:
        with campaign_monitor_failures("read the clock of the account"):
            run.clock = await run.campaign_monitor.system_date()
    return run.clock


@dataclass(frozen=True, slots=True)
class ListingSource(Generic[Row]):
    """A listing small enough for one page, without dates: all of it is read each time."""

    read: Callable[[], Awaitable[Sequence[Row]]]
    at: datetime

    async def clock(self) -> datetime:
        return self.at

    async def pages(self, scope: Scope, since: date | None) -> AsyncGenerator[SourcePage[Row], None]:
        """The listing as one page."""
        rows = await self.read()
        yield SourcePage(rows, len(rows))

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Row]:
        """Nothing: the whole listing is read anyway."""
        return ()
