"""An admin for each journey: one installation for all, no complaint of the browser left unseen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.journeys.browser import Admin, admin


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives the browsers: one at a time in a process, or the second finds the first's loop running."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def installed(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation that was synced once; one address of its account is too long for Salesforce."""
    with admin(playwright, tmp_path_factory.mktemp("journeys") / "home", "small") as opened:
        opened.fairlead.sync()
        yield opened


@pytest.fixture
def fairlead(installed: Admin) -> Iterator[Admin]:
    """The admin of one journey. At its end the browser must have had nothing to complain of."""
    installed.wrong.clear()
    yield installed
    installed.tidy()
    assert installed.wrong == []
