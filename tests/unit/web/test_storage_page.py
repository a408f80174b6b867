"""Laws of the storage page: what is used, what a choice would keep, and that nothing is overwritten unseen."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.test import Client

from fairlead.domain import tracking_settings
from fairlead.salesforce.limits import Limit
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, Org
from fairlead.sync import sides


class SmallOrg:
    """As much of an org as the page asks for: 50 sent and 20 opened events, two lists."""

    async def limits(self) -> dict[str, Limit]:
        return {"DataStorageMB": Limit(1024, 824)}

    async def count(self, soql: str) -> int:
        return 70 if "CM_Tracking__c" in soql else 3

    async def query(self, soql: str) -> AsyncIterator[list[dict[str, Any]]]:
        if "GROUP BY Activity__c" in soql:
            share = 2 if "WHERE" in soql else 1
            yield [{"kind": "Sent", "n": 50 // share}, {"kind": "Opened", "n": 20 // share}]
        elif "GROUP BY List__r" in soql:
            yield [{"id": "a" * 32, "title": "Newsletter", "n": 2}]
        else:
            yield [{"recipients": 500}]


class Opener:
    """Opens the small org, or raises."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Any]:
        if self.failure:
            raise self.failure
        yield SmallOrg()

    campaign_monitor = salesforce


@pytest.fixture(autouse=True)
def opener() -> Iterator[None]:
    sides.provide(Opener())
    yield
    sides.provide(None)  # type: ignore[arg-type]


def test_the_page_shows_use_by_object_and_what_is_kept(admin: Client) -> None:
    page = admin.get("/storage/").text
    for text in ("Tracking events", "Newsletter", "Free 824.0 MB", 'value="180"', "Everything else"):
        assert text in page


def test_an_org_that_does_not_answer_leaves_the_settings_usable(admin: Client) -> None:
    from fairlead.sync.failures import SalesforceUnavailable

    sides.provide(Opener(SalesforceUnavailable("Salesforce does not answer.", next_step="Try later.")))
    page = admin.get("/storage/").text
    assert "Salesforce does not answer. Try later." in page
    assert 'name="days"' in page
    assert "Salesforce does not answer." in admin.get("/storage/estimate/?days=9&types=Sent").text


def test_an_estimate_changes_nothing_and_says_what_would_be_freed(admin: Client) -> None:
    fragment = admin.get("/storage/estimate/", {"days": "30", "types": ["Sent"], "journeys": "on"}).text
    assert "25 events would be kept" in fragment
    assert "would be freed" in fragment
    assert not AuditEntry.objects.exists()
    more = admin.get("/storage/estimate/", {"days": "365", "types": ["Sent"]}).text
    assert "500 events would be kept, about" in more
    assert "MB more would be needed" in more


def test_saving_is_audited_and_takes_effect(admin: Client, org: Org) -> None:
    form = {"days": "30", "types": ["Sent", "Opened"], "seen_days": "0", "seen_types": "0", "seen_journeys": "0"}
    assert "Saved." in admin.post("/storage/", form, follow=True).text
    chosen = setting_rows.values(org)
    assert chosen.of(tracking_settings.DAYS_TO_KEEP) == 30
    assert chosen.of(tracking_settings.TYPES) == ("Sent", "Opened")
    assert chosen.of(tracking_settings.JOURNEYS) is False
    assert AuditEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"days": "many", "types": "Sent"}, "Give a whole number from 0 to 3,650."),
        ({"days": "5000", "types": "Sent"}, "5000"),
        ({"days": "3", "types": "Posted"}, "Posted"),
        ({"days": "3", "types": "Sent", "seen_days": "x"}, "Load the page again."),
    ],
)
def test_a_bad_choice_is_named_keeps_the_input_and_saves_nothing(
    admin: Client, org: Org, form: dict, said: str
) -> None:
    answer = admin.post("/storage/", form)
    assert answer.status_code == 400
    assert said in answer.text
    assert f'value="{form["days"]}"' in answer.text
    assert setting_rows.values(org).rows == {}
    assert said in admin.get("/storage/estimate/", form).text or "seen_days" in form


def test_the_second_of_two_admins_is_told(admin: Client, org: Org) -> None:
    setting_rows.put(org, tracking_settings.DAYS_TO_KEEP, 90, "somebody")
    form = {"days": "30", "types": "Sent", "seen_days": "0", "seen_types": "0", "seen_journeys": "0"}
    answer = admin.post("/storage/", form)
    assert "was changed by somebody meanwhile" in answer.text
    assert setting_rows.value(org, tracking_settings.DAYS_TO_KEEP) == 90
    assert setting_rows.value(org, tracking_settings.TYPES) == tracking_settings.TYPES.default
