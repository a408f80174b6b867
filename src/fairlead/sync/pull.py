"""Step 1 and 2: what changed since the cursor, a page at a time."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from fairlead.domain.records import Cursor, Scope
from fairlead.sync.ports import Source, SourcePage

Row = TypeVar("Row")

OVERLAP = timedelta(days=1)
"""Campaign Monitor rounds its times to minutes and gives no offset: ask again for the whole day before."""

OVERLAP_OF_SEVERAL_ZONES = timedelta(days=2)
"""The account's clock and the client's may then differ by up to 26 hours."""

AGAIN_IN_ONE_PAGE = 200
"""Refused rows asked for again, at most, in one run: each costs a call."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a reading covers: rows from the day `since` on (None: all), as of the source's clock `read_at`."""

    since: date | None
    read_at: datetime
    overlap: timedelta

    @property
    def cursor(self) -> Cursor:
        """Where the cursor goes once all that was read is written."""
        return Cursor(self.read_at)

    @property
    def recent_from(self) -> str:
        """The first day (ISO) that the next reading will ask for again."""
        return self.cursor.since(self.overlap).isoformat()


def window(cursor: Cursor | None, read_at: datetime, overlap: timedelta, *, everything: bool) -> Window:
    """The window of the next reading: from the cursor minus the overlap, or everything."""
    since = None if cursor is None or everything else cursor.since(overlap)
    return Window(since, read_at, overlap)


async def pages(
    source: Source[Row], scope: Scope, since: date | None, again: list[str]
) -> AsyncGenerator[SourcePage[Row], None]:
    """The rows of the window, and before them those that were refused earlier and may be accepted by now."""
    if again:
        rows = await source.again(scope, again)
        if rows:  # what was refused may be gone, or be read as a whole anyway
            yield SourcePage(rows, len(rows))
    async with aclosing(source.pages(scope, since)) as pages_of_source:
        async for page in pages_of_source:
            yield page
