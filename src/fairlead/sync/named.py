"""An account in which a list seems to have changed for a few named addresses only: what a webhook points at.

Given to a run in place of the account, it makes the run of a list one of these addresses, by the same flow as ever.
"""

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import replace
from datetime import date

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.paging import unheard
from fairlead.campaignmonitor.subscribers import State, Subscriber, SubscriberPage
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.domain.address import normal
from fairlead.sync.together import each

AT_ONCE = 8
"""Single subscribers asked for side by side."""


class NamedAccount(CampaignMonitor):
    """The account, but for the changed subscribers of one list: these are the named ones, as they are now.

    `singly`: one call an address; else the list is read and the others are left out. A reading of everything is not
    narrowed: whoever asks for all is given all.
    """

    def __init__(self, account: CampaignMonitor, list_id: str, addresses: Collection[str], *, singly: bool) -> None:
        super().__init__(account.transport)
        self._list = list_id
        self._addresses = sorted({normal(address) for address in addresses})
        self._singly = singly
        self._found: dict[str, list[Subscriber]] | None = None

    async def members(
        self,
        list_id: str,
        state: State,
        since: date | None = None,
        *,
        page_size: int = 1000,
        tracking_preference: bool = True,
        sms_preference: bool = False,
        fetched: Callable[[], None] = unheard,
    ) -> AsyncGenerator[SubscriberPage, None]:
        """The named subscribers in this state, in spite of `since`: what changed of them may have moved no date."""
        narrowed = list_id == self._list and since is not None
        if narrowed and self._singly:
            rows = (await self._read()).get(state, [])
            yield SubscriberPage(rows, state, 1, 1, len(rows), 0)
            return
        wanted = set(self._addresses)
        whole = super().members(
            list_id,
            state,
            None if narrowed else since,
            page_size=page_size,
            tracking_preference=tracking_preference,
            sms_preference=sms_preference,
            fetched=fetched,
        )
        async with aclosing(whole) as pages:
            async for page in pages:
                kept = [row for row in page.rows if normal(row.email) in wanted] if narrowed else page.rows
                yield replace(page, rows=kept)

    async def _read(self) -> dict[str, list[Subscriber]]:
        """The named subscribers by state; those that are not on the list are left out."""
        if self._found is None:
            found: dict[str, list[Subscriber]] = {}

            async def one(address: str) -> None:
                try:
                    subscriber = await self.subscriber(self._list, address)
                except RecordRefused as error:
                    if error.code != NOT_ON_THE_LIST:
                        raise
                    return
                found.setdefault(subscriber.state, []).append(subscriber)

            await each(self._addresses, one, at_once=AT_ONCE)
            self._found = found
        return self._found
