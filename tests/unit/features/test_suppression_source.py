"""Reading a suppression list from its newest entry backwards."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.suppression import Suppressed
from fairlead.domain.records import Scope
from fairlead.features.suppression.source import SuppressionSource

NOW = datetime.fromisoformat("2026-03-10T09:30:00")
DAYS = ("2026-03-10", "2026-03-09", "2026-03-08", "2026-03-07")


class Account:
    """A list of two entries a page, newest first; remembers which pages were asked for."""

    def __init__(self) -> None:
        self.suppression = self
        self.asked: list[int] = []

    async def newest(self, client: str, number: int) -> Page[Suppressed]:
        self.asked.append(number)
        return page(number)


def page(number: int) -> Page[Suppressed]:
    day = DAYS[number - 1]
    rows = [Suppressed(f"{name}{number}@example.com", f"{day} 10:00:00") for name in "ab"]
    return Page(rows, number, len(DAYS), 2 * len(DAYS))


async def read(back_to: str, first: Page[Suppressed]) -> tuple[Sequence[str], list[int]]:
    account = Account()

    async def ticked() -> None:
        """Goes on."""

    source = SuppressionSource(
        account,  # type: ignore[arg-type]
        "c",
        first,
        NOW,
        back_to,
        whole=False,
        ticked=ticked,
        listed=pytest.fail,  # type: ignore[arg-type]
    )
    found = [row.email for part in [one async for one in source.pages(Scope("s", "c"), None)] for row in part.rows]
    assert await source.clock() == NOW
    assert await source.again(Scope("s", "c"), found) == ()
    return found, account.asked


@pytest.mark.parametrize(
    ("back_to", "asked"), [("2026-03-11", []), ("2026-03-10", [2]), ("2026-03-09", [2, 3]), ("2020-01-01", [2, 3, 4])]
)
async def test_it_goes_back_to_the_day_before_the_last_reading_and_no_further(back_to: str, asked: list[int]) -> None:
    found, pages = await read(back_to, page(1))
    assert pages == asked
    assert len(found) == 2 + 2 * len(asked)


async def test_an_empty_list_has_no_pages() -> None:
    assert await read("2020-01-01", Page([], 1, 1, 0)) == ([], [])
