"""A call that answers in numbered pages, read in the way that suits how its rows move."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Generic, TypeVar

from fairlead.campaignmonitor.errors import Unavailable
from fairlead.campaignmonitor.paging import Open, Page, ask_or_empty, every_page, pages_ahead
from fairlead.campaignmonitor.subscribers import PAGE_SIZES
from fairlead.campaignmonitor.transport import Door, Transport

Row = TypeVar("Row")

READINGS: Final = 3
"""How often rows that enter anywhere are read from the beginning before the reading is given up."""


class StillMoving(Unavailable):
    """Rows entered or left during every reading, so that none is known to be whole."""

    next_step = "Read again when it has come to rest."


@dataclass(frozen=True, slots=True)
class Numbered(Generic[Row]):
    """The pages of one call. `door` lacks page and page size, `read` makes a page of a body.

    Three ways of reading, for three ways in which rows move meanwhile; each gives pages in an order of its own and
    wants closing (`contextlib.aclosing`) when it is left early. Raises ValueError for a page size that cannot be asked.
    """

    transport: Transport
    door: Door
    read: Callable[[bytes], Page[Row]]
    page_size: int = 1000

    def __post_init__(self) -> None:
        if self.page_size not in PAGE_SIZES:
            raise ValueError(f"A page of {self.page_size} rows cannot be asked for: give 10 to 1000.")

    def every(self) -> AsyncGenerator[Page[Row], None]:
        """For rows with a key that enter at the end and leave anywhere: see `paging.every_page`."""
        return every_page(self._ask, look_ahead=self.transport.limit.most, fetch=self._fetch)

    async def at_rest(self) -> AsyncGenerator[Page[Row], None]:
        """For rows with a key that enter anywhere: all of them again, and again, while their number changes.

        A row may come several times. Raises StillMoving after three such readings.
        """
        for _ in range(READINGS):
            totals = set()
            async with aclosing(self.every()) as pages:
                async for page in pages:
                    totals.add(page.total)
                    yield page
            if len(totals) == 1:
                return
        raise StillMoving(f"The rows of {self.door.template} changed in number during {READINGS} readings.")

    async def once(self) -> AsyncGenerator[Page[Row], None]:
        """For a log, whose rows enter at the end, stay, and have no key: every page comes once, page 1 last.

        Rows that enter meanwhile are no reason for another to come twice or to be missed; the next reading finds them.
        Should rows leave all the same, those behind them may come twice, and still none is missed: no page is taken
        that was counted before rows left the page behind it.
        """
        first = await self._ask(1)
        behind: Page[Row] | None = None
        moved = False
        numbers = range(first.pages, 1, -1)
        async with aclosing(pages_ahead(self._ask, self._fetch, numbers, self.transport.limit.most)) as ahead:
            async for number, found in ahead:
                # Of two pages on the wire together, the one with fewer rows may have been counted later.
                newer = behind is not None and found.total > behind.total
                page = await ask_or_empty(self._ask, number) if newer else found
                moved = moved or page.total != first.total
                behind = page
                if page.rows:
                    yield page
        yield await self._ask(1) if moved else first

    async def _ask(self, number: int) -> Page[Row]:
        return await self.transport.get(self._door(number), self._opened)

    async def _fetch(self, number: int) -> Open[Row]:
        return partial(self._opened, await self.transport.get(self._door(number), bytes))

    def _door(self, number: int) -> Door:
        numbers = {"page": str(number), "pagesize": str(self.page_size)}
        return replace(self.door, query=numbers | dict(self.door.query or {}))

    def _opened(self, body: bytes) -> Page[Row]:
        page = self.read(body)
        page.raw_bytes = len(body)
        return page
