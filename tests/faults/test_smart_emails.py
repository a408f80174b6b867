"""Smart e-mails over both emulators: filled from records, sent once whatever happens, and recorded in Salesforce."""

from collections.abc import Iterator
from typing import Any

import pytest

from fairlead import wiring
from fairlead.features.transactional_email.models import Send, SmartMapping
from fairlead.features.transactional_email.settings import SETTLE_MINUTES
from fairlead.jobs.models import Job
from fairlead.store.models import SettingRow
from tests.faults import smart_world as world
from tests.faults import whole as wholes
from tests.faults.whole import Whole


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """Both sides connected, the list known; shared by this module's tests."""
    with wholes.open_database(django_db_blocker), wholes.served(world.SEED) as whole:
        assert whole.sync().failure is None
        yield whole


@pytest.fixture
def whole(served: Whole) -> Iterator[Whole]:
    served.clear_faults()
    for model in (SettingRow, Send, SmartMapping, Job):
        model.objects.filter(org=served.org).delete()
    wiring.register_runners()
    served.choose(SETTLE_MINUTES, value=0)
    yield served
    served.clear_faults()


def state(row: Send) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.support_code


def test_an_order_is_sent_with_its_line_items_and_becomes_a_task(whole: Whole) -> None:
    """Fields of parents, dates, money, children filtered, sorted and limited; the task names message, recipient, state."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    told = world.run(whole)
    assert told.failure is None
    assert state(row) == ("done", "")
    (message,) = [one for one in world.log(whole) if one["Recipient"] == address]
    data = world.transactional(whole, f"messages/{message['MessageID']}")["Message"]["Data"]
    data.pop("fairlead_request")
    assert data == {
        "name": "Acme",
        "day": "9 March 2026",
        "total": "$1,234.50",
        "items": [{"what": "Sail", "price": "30.00"}, {"what": "Rope", "price": "20.00"}],
    }
    (task,) = [one for one in whole.rows("Task") if one["WhatId"] == record]
    assert task["CM_Smart_Email_Message_Id__c"] == message["MessageID"]
    assert task["CM_Smart_Email_Recipient__c"] == address
    assert (task["Status"], task["CM_Smart_Email_Status__c"]) == ("Completed", "Sent")
    assert row.sealed is None
