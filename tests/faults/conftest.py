"""What tests that break things share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.features.suppression.rules import SYNC
from fairlead.store.models import SettingRow
from tests.faults import whole as wholes
from tests.faults.whole import Whole

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several cases of a test one is measured for coverage: it more than doubles the time, and they run the same code."""
    met = set()
    for item in items:
        case = getattr(item, "originalname", None)
        if HERE in item.path.parents and case is not None:
            if (item.path, case) in met:
                item.add_marker(pytest.mark.no_cover)
            met.add((item.path, case))


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """Everything of two clients is synced, one campaign linked to a Salesforce campaign; shared by a module's tests."""
    with wholes.open_database(django_db_blocker), wholes.served(wholes.SEED) as whole:
        whole.choose(SYNC, value=True)
        assert whole.sync().failure is None
        sent = next(row["Id"] for row in whole.rows("CM_Campaign__c", "Id", "Name") if row["Name"] == "One July")
        whole.act(act="create", object="Campaign", fields={"Name": "July", "CM_Campaign__c": sent})
        told = whole.sync()
        assert told.failure is None
        assert told.counts["campaign_members_written"] > 0
        yield whole


@pytest.fixture
def whole(running: Whole) -> Iterator[Whole]:
    """The same, without faults and with what was chosen at first, before and after."""
    running.clear_faults()
    yield running
    running.clear_faults()
    SettingRow.objects.filter(org=running.org).exclude(name=SYNC.name).delete()
