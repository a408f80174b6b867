"""The first page: from the database alone, in few queries; what is read live comes in parts, each for itself."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fairlead.features.connections.models import CampaignMonitorAccount
from fairlead.features.home import rules
from fairlead.features.members.models import ListReading
from fairlead.jobs.models import Frequency, Job, Schedule
from fairlead.salesforce.limits import Limit
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import SalesforceUnavailable

FRAGMENT = {"HX-Request": "true"}
MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class CountingOrg:
    """An org that counts, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def limits(self) -> dict[str, Limit]:
        self.asked.append("limits")
        return {"DataStorageMB": Limit(1_000, 100), "DailyApiRequests": Limit(15_000, 14_000)}

    async def query(self, soql: str) -> AsyncIterator[list[dict[str, Any]]]:
        self.asked.append(soql)
        day = timezone.now().date().isoformat()
        yield [{"day": day, "what": "Opened", "many": 7}] if "CM_Tracking__c" in soql else [{"day": day, "many": 3}]


class Opener:
    """Opens the org, or raises."""

    def __init__(self, org: CountingOrg, failure: Exception | None = None) -> None:
        self.org = org
        self.failure = failure

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Any]:
        if self.failure:
            raise self.failure
        yield self.org

    def campaign_monitor(self, org_id: int) -> Any:
        raise AssertionError("the first page does not ask Campaign Monitor")


@pytest.fixture(autouse=True)
def counting() -> Iterator[CountingOrg]:
    org = CountingOrg()
    sides.provide(Opener(org))
    cache.clear()
    yield org
    cache.clear()
    sides.provide(None)  # type: ignore[arg-type]


def test_an_empty_installation_leads_to_set_up(admin: Client) -> None:
    page = admin.get("/").text
    assert "Welcome. Nothing has run yet." in page
    assert 'href="/setup/"' in page
    assert "/glance/charts/" not in page


def test_the_last_sync_the_next_and_open_problems_are_seen_at_a_glance(
    admin: Client, org: Org, job: Callable[..., Job], refuse: Callable[..., None]
) -> None:
    Schedule.objects.create(org=org, kind="primary_sync", frequency=Frequency.DAILY, next_run_at=MOMENT)
    stages = [{"name": "members", "title": "Members", "state": "failed", "message": "A list was left out."}]
    last = job(stages=stages)
    refuse(last, 3, "FL-400", "too long")
    job("failed", kind="other", reason="no", finished_at=timezone.now())
    ListReading.objects.create(org=org, client_id="c", list_id="x", name="Old", gone_at=MOMENT)
    CampaignMonitorAccount.objects.create(org=org, state="failing", message="The key is refused.")
    page = admin.get("/").text
    for text in (
        "5 problems are open.",
        "Members: A list was left out.",
        "3 rows are refused by Salesforce.",
        f'<a href="/jobs/{last.pk}/">Reasons of job {last.pk}</a>',
        "1 job failed in the last 7 days.",
        "One list is gone in Campaign Monitor",
        "Campaign Monitor fails: The key is refused.",
        "4.2 s",
        "4 Mar 2026, 05:06:07 UTC",
    ):
        assert text in page, text


def test_subscribers_are_added_up_by_state(admin: Client, org: Org, job: Callable[..., Job]) -> None:
    job()
    for number in range(2):
        figures = {"active": 1_000 + number, "unsubscribed": 5, "bounced": 2, "deleted": 1}
        named = {"client_id": "c", "list_id": f"l{number}", "name": "News", "unconfirmed": 3}
        ListReading.objects.create(org=org, figures=figures, **named)
    page = admin.get("/").text
    assert "<dt>Active</dt><dd>2,001</dd>" in page
    assert "<dt>Unconfirmed</dt><dd>6</dd>" in page
    assert "<dt>Unsubscribed</dt><dd>10</dd>" in page
    assert "All is well." in page


def test_the_frame_asks_no_side_and_its_queries_do_not_grow(
    admin: Client, org: Org, job: Callable[..., Job], counting: CountingOrg
) -> None:
    job()

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert admin.get("/").status_code == 200
        return len(counted)

    before = queries()
    ListReading.objects.bulk_create(
        ListReading(org=org, client_id="c", list_id=f"l{n}", name="News", gone_at=MOMENT) for n in range(200)
    )
    for _ in range(20):
        job("failed", finished_at=timezone.now())
    assert queries() <= before
    assert counting.asked == []


def test_allowances_say_who_used_what_and_are_asked_for_once_in_minutes(
    admin: Client, job: Callable[..., Job], counting: CountingOrg
) -> None:
    job(counts={"sf_calls": 400}, finished_at=timezone.now())
    job(counts={"sf_calls": 7_000}, finished_at=timezone.now() - timedelta(days=2))
    for _ in range(2):
        part = admin.get("/glance/org/", headers=FRAGMENT).text
        assert "<html" not in part
        assert "Fairlead 400" in part
        assert "Others 600" in part
        assert "Data storage: 900 of 1,000 MB used" in part
        assert "Nearly used up" in part
    assert counting.asked == ["limits"]


def test_charts_come_by_week_and_by_day_from_one_reading(admin: Client, counting: CountingOrg) -> None:
    part = admin.get("/glance/charts/", headers=FRAGMENT).text
    assert "<title>Week of " in part
    assert "<desc" in part
    assert part.count("<details>") == 2
    assert "Joined: 3" in part
    assert "Opens: 7" in part
    asked = len(counting.asked)
    assert "Day (UTC)" in admin.get("/glance/charts/?by=day", headers=FRAGMENT).text
    assert len(counting.asked) == asked == 3


@pytest.mark.parametrize("path", ["/glance/org/", "/glance/charts/"])
def test_a_side_that_does_not_answer_leaves_the_rest(admin: Client, job: Callable[..., Job], path: str) -> None:
    job()
    failure = SalesforceUnavailable("Salesforce does not answer.", next_step="Try later.")
    sides.provide(Opener(CountingOrg(), failure))
    assert admin.get("/").status_code == 200
    part = admin.get(path, headers=FRAGMENT)
    assert part.status_code == 200
    assert "Salesforce does not answer. Try later." in part.text
    assert "FL-121" in part.text


@pytest.mark.parametrize("path", ["/glance/org/", "/glance/charts/"])
def test_without_a_script_a_part_is_a_page(admin: Client, path: str) -> None:
    page = admin.get(path).text
    assert "<html" in page
    assert 'href="/">Home</a>' in page


@pytest.mark.parametrize(
    ("state", "problems", "says"),
    [
        ("", 0, "Welcome. Nothing has run yet."),
        ("failed", 3, "The last sync failed."),
        ("done", 0, "All is well."),
        ("done", 1, ""),
        ("running", 0, "A sync is running."),
        ("queued", 2, "A sync is waiting."),
        ("cancelled", 0, "The last sync was cancelled."),
    ],
)
def test_the_heading_says_it_in_a_few_words(state: str, problems: int, says: str) -> None:
    assert rules.heading(state, problems) == says


def test_a_bar_is_whole_whatever_is_used() -> None:
    for used, limit, ours in ((0, 0, 0), (5, 10, 7), (20, 10, 3), (1, 3, 1)):
        parts = rules.calls(used, limit, ours).parts
        assert sum(part.width for part in parts) == pytest.approx(100 if used or limit else 0, abs=0.01)
        assert [part.label for part in parts] == ["Fairlead", "Others", "Left"]
