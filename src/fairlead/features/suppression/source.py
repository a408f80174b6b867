"""A client's suppression list as a source of the flow: all of it, or its newest pages."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, datetime

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.suppression import Suppressed
from fairlead.domain.records import Scope
from fairlead.features.suppression import rules
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.ports import SourcePage
from fairlead.sync.seen import Seen, text_hashes


@dataclass(slots=True)
class SuppressionSource:
    """`first` is the newest page, as it was just read. `whole`: all pages, noting in `seen` which keys came by.

    Otherwise it reads from the newest entry backwards, to entries of the day before the last reading's. `ticked` is
    awaited with every page; it may raise to end the reading. `listed` is told the keys of each page of a whole reading.
    """

    account: CampaignMonitor
    client: str
    first: Page[Suppressed]
    at: datetime
    back_to: str
    whole: bool
    ticked: Callable[[], Awaitable[None]]
    listed: Callable[[Sequence[str]], None]
    seen: Seen = field(default_factory=Seen)

    async def clock(self) -> datetime:
        """The account's wall clock at the beginning of the run."""
        return self.at

    async def pages(self, scope: Scope, since: date | None) -> AsyncGenerator[SourcePage[Suppressed], None]:
        """The entries. Raises a Failure."""
        if self.whole:
            async for one in self._all():
                yield one
            return
        page = self.first
        number = 1
        with campaign_monitor_failures("read a suppression list"):
            while page.rows:
                await self.ticked()
                yield SourcePage(page.rows, page.total)
                if page.rows[-1].date[:10] < self.back_to or number >= page.pages:
                    return
                number += 1
                page = await self.account.suppression.newest(self.client, number)

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Suppressed]:
        """Nothing: single entries cannot be asked for; the daily whole reading offers them again."""
        return ()

    async def _all(self) -> AsyncGenerator[SourcePage[Suppressed], None]:
        self.seen = Seen()
        with campaign_monitor_failures("read a suppression list"):
            async with aclosing(self.account.suppression.suppressed(self.client)) as pages:
                async for page in pages:
                    await self.ticked()
                    keys = [rules.key(self.client, one.email) for one in page.rows]
                    self.seen.add(text_hashes(keys))
                    self.listed(keys)
                    yield SourcePage(page.rows, page.total)
