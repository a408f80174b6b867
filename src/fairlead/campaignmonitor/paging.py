"""Numbered pages of rows that may move while they are read, several at a time, memory flat."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from itertools import islice
from typing import Final, Generic, TypeVar

import msgspec

from fairlead.campaignmonitor.errors import CampaignMonitorError, Unavailable

Row = TypeVar("Row")

BEYOND_THE_END: Final = 800
"""The error code of a page number out of range: pages can vanish between two calls."""

LOOK_AHEAD: Final = 100
"""Pages of a reading that are on the wire or wait, packed, some 3 MB of them: a reader that waits for the org, or reads whom
to match with, finds them there. How many are on the wire at once is the connection's own limit."""

READINGS: Final = 3
"""How often rows that enter anywhere are read from the beginning before the reading is given up."""


class StillMoving(Unavailable):
    """Rows entered or left during every reading, so that none is known to be whole."""

    next_step = "Read again when it has come to rest."


class Page(
    msgspec.Struct,
    Generic[Row],
    rename={
        "rows": "Results",
        "number": "PageNumber",
        "pages": "NumberOfPages",
        "total": "TotalNumberOfRecords",
    },
):
    """A page as the API gives it. `raw_bytes`, the size of the inflated body, is filled in by the reader."""

    rows: list[Row] = []
    number: int = 0
    pages: int = 0
    total: int = 0
    raw_bytes: int = 0


Ask = Callable[[int], Awaitable[Page[Row]]]
Open = Callable[[], Page[Row]]
"""Reads a page that has arrived; raises Unavailable when it cannot be read."""

Fetch = Callable[[int], Awaitable[Open[Row]]]


def unheard() -> None:
    """Nobody wants to know."""


async def every_page(
    ask: Ask[Row],
    *,
    look_ahead: int = LOOK_AHEAD,
    fetch: Fetch[Row] | None = None,
    fetched: Callable[[], None] = unheard,
) -> AsyncGenerator[Page[Row], None]:
    """Page 1, then the others from the last to the second; at most `look_ahead` are on the wire or waiting.

    The rows must be in the order in which they entered, oldest first, so that new ones only ever stand at the end.
    There is no cursor: a row that leaves moves every later row one place towards the beginning. Read backwards, such a
    row is met twice and not missed. Pages on the wire together could still let one through between them: where a page
    was counted with more rows than the page behind it, it is asked for again, and so is page 1 if any count differs
    from its own. Rows added since stand behind the last page; the next reading's overlap finds them.
    A row may thus come twice; of two readings of it the later is the newer.

    With `fetch`, pages that wait are kept as they came and read when it is their turn: packed they take little room.
    `fetched` is called once all pages have arrived, of which some may still wait; those asked for again come later.
    """
    first = await ask(1)
    moved = False
    behind: Page[Row] | None = None
    async with _ahead(ask, fetch or _at_once(ask), range(first.pages, 1, -1), look_ahead, fetched) as ahead:
        yield first
        async for number, page in ahead:
            moved = moved or page.total != first.total
            if page.rows:
                yield page
            if behind is not None and page.total > behind.total:
                yield await _ask_or_empty(ask, number)
            behind = page
    if moved:
        yield await ask(1)


async def pages_at_rest(
    ask: Ask[Row], *, look_ahead: int = LOOK_AHEAD, fetch: Fetch[Row] | None = None
) -> AsyncGenerator[Page[Row], None]:
    """For rows with a key that enter anywhere: all pages again, and again, while the number of rows changes.

    A row may come several times. Raises StillMoving after three such readings.
    """
    for _ in range(READINGS):
        totals = set()
        async with aclosing(every_page(ask, look_ahead=look_ahead, fetch=fetch)) as pages:
            async for page in pages:
                totals.add(page.total)
                yield page
        if len(totals) == 1:
            return
    raise StillMoving(f"The number of rows changed during each of {READINGS} readings.")


async def each_page_once(
    ask: Ask[Row], *, look_ahead: int = LOOK_AHEAD, fetch: Fetch[Row] | None = None
) -> AsyncGenerator[Page[Row], None]:
    """For a log, whose rows enter at the end, stay, and have no key: every page comes once, page 1 last.

    Rows that enter meanwhile are no reason for another to come twice or to be missed; the next reading finds them.
    Should rows leave all the same, those behind them may come twice, and still none is missed: of two pages on the
    wire together, the one that was counted with more rows may be older than the page behind it; it is asked for again.
    """
    first = await ask(1)
    moved = False
    behind: Page[Row] | None = None
    async with _ahead(ask, fetch or _at_once(ask), range(first.pages, 1, -1), look_ahead) as ahead:
        async for number, found in ahead:
            older = behind is not None and found.total > behind.total
            page = await _ask_or_empty(ask, number) if older else found
            moved = moved or page.total != first.total
            behind = page
            if page.rows:
                yield page
    yield await ask(1) if moved else first


def _at_once(ask: Ask[Row]) -> Fetch[Row]:
    async def fetch(number: int) -> Open[Row]:
        page = await ask(number)
        return lambda: page

    return fetch


@asynccontextmanager
async def _ahead(
    ask: Ask[Row], fetch: Fetch[Row], numbers: range, look_ahead: int, fetched: Callable[[], None] = unheard
) -> AsyncIterator[AsyncIterator[tuple[int, Page[Row]]]]:
    """These pages in this order, fetched `look_ahead` at a time, from now on: also before the first is waited for."""
    tasks: deque[tuple[int, asyncio.Task[Open[Row] | None]]] = deque()
    rest = iter(numbers)
    missing = len(numbers)

    def arrived(task: asyncio.Task[Open[Row] | None]) -> None:
        nonlocal missing
        missing -= not task.cancelled()
        if not missing:
            fetched()

    def fill() -> None:
        for number in islice(rest, look_ahead - len(tasks)):
            task = asyncio.create_task(_fetch_or_none(fetch, number))
            task.add_done_callback(arrived)
            tasks.append((number, task))

    async def pages() -> AsyncGenerator[tuple[int, Page[Row]], None]:
        while tasks:
            number, task = tasks[0]
            opens = await task
            tasks.popleft()
            fill()
            yield number, await _opened(ask, number, opens)

    fill()
    if not missing:
        fetched()
    try:
        async with aclosing(pages()) as given:
            yield given
    finally:
        # The reader went away, or a page failed: nothing may stay on the wire.
        for _, task in tasks:
            task.cancel()
        await asyncio.gather(*(task for _, task in tasks), return_exceptions=True)


async def _fetch_or_none(fetch: Fetch[Row], number: int) -> Open[Row] | None:
    """A page as it came; None for one that vanished since the first was counted."""
    try:
        return await fetch(number)
    except CampaignMonitorError as error:
        if error.code != BEYOND_THE_END:
            raise
        return None


async def _opened(ask: Ask[Row], number: int, opens: Open[Row] | None) -> Page[Row]:
    """The page read; one that cannot be read is asked for again, with the patience of any other call."""
    if opens is None:
        return Page(number=number)
    try:
        return opens()
    except Unavailable:
        return await _ask_or_empty(ask, number)


async def _ask_or_empty(ask: Ask[Row], number: int) -> Page[Row]:
    """A page; one that vanished since the first was counted is empty."""
    try:
        return await ask(number)
    except CampaignMonitorError as error:
        if error.code != BEYOND_THE_END:
            raise
        return Page(number=number)
