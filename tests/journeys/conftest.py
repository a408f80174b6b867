"""An admin for each journey: one installation for all, no complaint of the browser left unseen."""

from collections.abc import Iterator

import pytest

from tests.journeys.browser import Admin, admin


@pytest.fixture(scope="package")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation that was synced once; one address of its account is too long for Salesforce."""
    with admin(tmp_path_factory.mktemp("journeys") / "home", "small") as opened:
        opened.fairlead.sync()
        yield opened


@pytest.fixture
def fairlead(installed: Admin) -> Iterator[Admin]:
    """The admin of one journey. At its end the browser must have had nothing to complain of."""
    installed.wrong.clear()
    yield installed
    installed.tidy()
    assert installed.wrong == []
