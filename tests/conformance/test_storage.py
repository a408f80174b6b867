"""The storage room on the emulated org: old events go, the estimate comes true, nothing else is touched."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain import tracking_settings
from fairlead.domain.activity import Activity
from fairlead.domain.setting import Given
from fairlead.features.storage import flow, live, rules
from fairlead.salesforce import Salesforce, names
from fairlead.sync.memory import MemoryLedger
from tests.conformance import emulated

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Heard:
    """Progress that remembers the last of what it was told."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}

    async def stage(self, name: str, **news: Any) -> None:
        assert name == "retention"
        self.last.update(news)

    async def check_cancelled(self) -> None:
        pass


@pytest.fixture(scope="module")
def running() -> Iterator[Emulators]:
    with emulated.served() as started:
        yield started


@pytest.fixture
async def org(running: Emulators) -> AsyncIterator[Salesforce]:
    async with emulated.org_of(running) as opened:
        yield opened
        ids = [row["Id"] async for page in opened.query(f"SELECT Id FROM {names.TRACKING}") for row in page]
        await opened.collections.delete(ids)


async def lay(org: Salesforce, events: list[tuple[Activity, int, str]]) -> None:
    """Events: what, how many days ago, and of which type of e-mail."""
    records = [
        {
            names.TRACKING_KEY: f"event {number}",
            "Activity__c": activity.value,
            "Activity_Date__c": f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
            "Email_Type__c": kind,
        }
        for number, (activity, days, kind) in enumerate(events)
    ]
    assert all(done.success for done in await org.collections.upsert(names.TRACKING, names.TRACKING_KEY, records))


def run_with(org: Salesforce, **chosen: Any) -> Any:
    """As much of a run as the stage looks at."""
    rows = {(f"tracking_history.{name}", ""): value for name, value in chosen.items()}
    totals: dict[str, int] = {}
    return SimpleNamespace(
        salesforce=org,
        settings=Given(rows),
        clock=NOW.replace(tzinfo=None),
        progress=Heard(),
        add=totals.update,
        ledger=MemoryLedger(),
        wanted=SimpleNamespace(full=False),
    )


EVENTS = [
    (Activity.SENT, 1, "Campaign"), (Activity.OPENED, 1, "Campaign"), (Activity.CLICKED, 40, "Campaign"),
    (Activity.OPENED, 200, "Campaign"), (Activity.SENT, 9, "Journey"), (Activity.SENT, 181, "Journey"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({}, 4),
        ({"days_to_keep": 30}, 3),
        ({"types": ["Sent"]}, 2),
        ({"journeys": False}, 3),
        ({"days_to_keep": 0}, 0),
        ({"days_to_keep": 3650}, 6),
    ],
)
async def test_events_that_are_not_kept_are_deleted_and_counted(org: Salesforce, chosen: dict, left: int) -> None:
    await lay(org, EVENTS)
    run = run_with(org, **chosen)
    await flow.delete_what_is_not_kept(run)
    assert sum((await live.events(org)).values()) == left
    assert run.progress.last["deleted"] == len(EVENTS) - left
    await flow.delete_what_is_not_kept(run)
    assert run.progress.last["deleted"] == 0


async def test_the_org_is_asked_once_for_a_day_and_its_settings_and_by_every_full_sync(org: Salesforce) -> None:
    run = run_with(org)
    await flow.delete_what_is_not_kept(run)
    await lay(org, EVENTS)
    await flow.delete_what_is_not_kept(run)
    assert sum((await live.events(org)).values()) == len(EVENTS)
    run.clock += timedelta(days=1)
    await flow.delete_what_is_not_kept(run)
    assert sum((await live.events(org)).values()) == 4
    await lay(org, EVENTS)
    run.wanted.full = True
    await flow.delete_what_is_not_kept(run)
    assert sum((await live.events(org)).values()) == 4


async def test_an_estimate_of_less_comes_true(org: Salesforce) -> None:
    await lay(org, EVENTS)
    wanted = rules.Kept.of(30, ["Sent", "Opened"])
    since = tracking_settings.oldest_kept(NOW.date(), 30)
    told = rules.estimate(
        rules.Kept.of(3650, [kind.value for kind in Activity]),
        wanted,
        await live.events(org),
        await live.events(org, since),
        await live.told(org, since),
    )
    assert told.exact
    await flow.delete_what_is_not_kept(run_with(org, days_to_keep=30, types=["Sent", "Opened"]))
    assert sum((await live.events(org)).values()) == told.records_after


async def test_use_is_told_by_object_and_lists_by_size(org: Salesforce) -> None:
    await lay(org, EVENTS)
    use = await live.use(org)
    assert use.records[names.TRACKING] == len(EVENTS)
    assert use.total_mb >= use.free_mb > 0
    assert ("Tracking events", 6, rules.megabytes(6)) in use.rows
    assert await live.largest_lists(org) == []


async def test_campaigns_tell_what_more_days_would_bring(org: Salesforce) -> None:
    for number, days in enumerate((5, 50)):
        fields = {
            "Name": f"Campaign {number}",
            "Sent_Date__c": f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
            "Recipients__c": 100,
            "Opens__c": 40,
            "Clicks__c": 7,
        }
        await org.records.upsert(names.CAMPAIGN, names.CAMPAIGN_KEY, f"{number:032x}", fields)
    assert await live.told(org, NOW - timedelta(days=30)) == {
        Activity.SENT: 100, Activity.OPENED: 40, Activity.CLICKED: 7, Activity.BOUNCED: 0, Activity.UNSUBSCRIBED: 0,
        Activity.COMPLAINED: 0,
    }  # fmt: skip
    assert (await live.told(org, NOW - timedelta(days=60)))[Activity.SENT] == 200
