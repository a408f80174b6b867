"""Sources on a Campaign Monitor account: the subscribers of a list in all states, and small listings."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Generic, TypeVar

from fairlead.campaignmonitor.client import CampaignMonitor
from fairlead.campaignmonitor.errors import NotOnTheList
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.domain.member import STATES
from fairlead.domain.records import Scope
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.ports import SourcePage
from fairlead.sync.stage import Run

Row = TypeVar("Row")

READ_AGAIN_AT_MOST: Final = 3
"""Times a state is read anew because its total shrank while it was read."""


class SubscriberSource:
    """The subscribers of one list, state after state.

    Pages are cut by number over living data: when a subscriber leaves the state while it is read, the rows behind move
    up by one and one of them may be missed. The total of each page tells: if it shrank, the state is read once more.
    """

    def __init__(self, account: CampaignMonitor, clock: datetime, ticked: Callable[[], Awaitable[None]]) -> None:
        self._account = account
        self._clock = clock
        self._ticked = ticked

    async def clock(self) -> datetime:
        """The account's wall clock when the run began, so that every scope of the run overlaps alike."""
        return self._clock

    async def pages(self, scope: Scope, since: date | None) -> AsyncIterator[SourcePage[Subscriber]]:
        """Every subscriber whose state changed on or after `since`, or all of them for None. Raises a Failure."""
        with campaign_monitor_failures("read the subscribers of a list"):
            for state in STATES:
                for _ in range(READ_AGAIN_AT_MOST):
                    shrank = False
                    highest = 0
                    async for page in self._account.members(scope.list, state, since):
                        await self._ticked()
                        shrank = shrank or page.total < highest
                        highest = max(highest, page.total)
                        yield SourcePage(page.results, state, page.total)
                    if not shrank:
                        break

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Subscriber]:
        """Single subscribers by the address in their member key; those no longer on the list are left out."""
        found = []
        with campaign_monitor_failures("read single subscribers"):
            for key in keys:
                try:
                    found.append(await self._account.subscriber(scope.list, key.partition(":")[2]))
                except NotOnTheList:
                    continue
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

    async def pages(self, scope: Scope, since: date | None) -> AsyncIterator[SourcePage[Row]]:
        """The listing as one page."""
        rows = await self.read()
        yield SourcePage(rows, "", len(rows))

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Row]:
        """Nothing: the whole listing is read anyway."""
        return ()
