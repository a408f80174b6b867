"""A call that answers in numbered pages, read in the way that suits how its rows move."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from fairlead.campaignmonitor.packing import inflated
from fairlead.campaignmonitor.paging import Open, Page, each_page_once, every_page, pages_at_rest
from fairlead.campaignmonitor.subscribers import PAGE_SIZES
from fairlead.campaignmonitor.transport import Door, Transport

Row = TypeVar("Row")


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
        return every_page(self._ask, fetch=self._fetch)

    def at_rest(self) -> AsyncGenerator[Page[Row], None]:
        """For rows with a key that enter anywhere: see `paging.pages_at_rest`."""
        return pages_at_rest(self._ask, fetch=self._fetch)

    def once(self) -> AsyncGenerator[Page[Row], None]:
        """For a log, whose rows enter at the end, stay, and have no key: see `paging.each_page_once`."""
        return each_page_once(self._ask, fetch=self._fetch)

    async def _ask(self, number: int) -> Page[Row]:
        return await self.transport.get(self._door(number), self._opened)

    async def _fetch(self, number: int) -> Open[Row]:
        return partial(self._unpacked, await self.transport.packed(self._door(number)))

    def _door(self, number: int) -> Door:
        numbers = {"page": str(number), "pagesize": str(self.page_size)}
        return replace(self.door, query=numbers | dict(self.door.query or {}))

    def _unpacked(self, body: bytes) -> Page[Row]:
        return self._opened(inflated(body))

    def _opened(self, body: bytes) -> Page[Row]:
        page = self.read(body)
        page.raw_bytes = len(body)
        return page
