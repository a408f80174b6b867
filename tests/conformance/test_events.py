"""Campaigns, journeys, their events and the totals made of them: the stages over both emulated sides."""

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from fairlead.domain.setting import Given
from fairlead.salesforce import names
from fairlead.sync.memory import MemoryMatcher
from fairlead.sync.stage import ClientScope, Run, Wanted
from tests.conformance.emulated import account_of, org_of, served

ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
PEOPLE = 300
SPEC = {
    "clients": [
        {
            "name": "Events",
            "country": "Australia",
            "time_zone": ZONE,
            "lists": [
                {"title": "News", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                 "custom_fields": [], "people": [[0, PEOPLE]]},
            ],
            "campaigns": [
                {"name": "Spring", "lists": ["News"], "sent_days_ago": 20, "tags": ["a", "b"], "times": 3},
            ],
            "journeys": [
                {"name": "Welcome", "list": "News", "emails": [{"name": "Hello", "delay_hours": 1}], "history_days": 4000},
            ],
        }
    ]
}  # fmt: skip


class Silent:
    """Progress that nobody hears."""

    async def stage(self, name: str, **news: Any) -> None: ...
    async def check_cancelled(self) -> None: ...


@dataclass
class World:
    """Both sides and what Fairlead remembers of them."""

    emulators: Any
    org_id: int
    numbers: int = 100
    settings: dict[tuple[str, str], Any] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    calls: Counter = field(default_factory=Counter)

    def sync(self, *, full: bool = False, number: int = 0, stop: Callable[[str], None] = lambda act: None) -> Run:
        return async_to_sync(self._sync)(full, number, stop)

    async def _sync(self, full: bool, number: int, stop: Callable[[str], None]) -> Run:
        from fairlead.features.campaigns import flow as campaigns
        from fairlead.features.campaigns.journeys import read_journeys
        from fairlead.features.connections.flow import write_clients
        from fairlead.features.members.flow import read_lists, read_members
        from fairlead.features.tracking_history import flow as tracking
        from fairlead.features.tracking_history import records
        from fairlead.store.ledger import LedgerKeys, PostgresLedger

        self.numbers += 1
        state = next(self.emulators.get("campaign_monitor", "/_control/state"))
        async with account_of(self.emulators) as account, org_of(self.emulators) as org:
            before = self.requests()
            keys = LedgerKeys(b"a" * 32, b"c" * 32, str.encode, bytes.decode)
            run = Run(
                number or self.numbers,
                self.org_id,
                Wanted(full=full, allow_large_changes=full),
                [ClientScope(each["id"], each["name"], ZONE) for each in state["clients"]],
                account,
                org,
                MemoryMatcher(),
                PostgresLedger(self.org_id, self.numbers, lambda: None, keys),
                Silent(),
                settings=Given(self.settings),
                counters_seen=lambda: records.counters_seen(self.org_id),
                linked_campaigns=self.linked,
            )
            for stage in (
                write_clients,
                read_lists,
                read_members,
                campaigns.read_campaigns,
                read_journeys,
                tracking.read_events,
                tracking.write_totals,
            ):
                stop(stage.__name__)
                await stage(run)
            self.calls = self.requests() - before
        return run

    def requests(self) -> Counter:
        counted: Counter = Counter()
        for side in ("campaign_monitor", "salesforce"):
            told = next(self.emulators.get(side, "/_control/requests"))
            counted[side] = told.get("total", len(told.get("requests", ())))
        return counted

    def records(self, name: str) -> list[dict[str, Any]]:
        return list(self.emulators.get("salesforce", f"/_control/records?object={name}"))

    def act(self, **act: Any) -> None:
        self.emulators.post("campaign_monitor", "/_control/act", act)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    from fairlead.store.models import Org

    with served(campaign_monitor=SPEC) as emulators:
        yield World(emulators, Org.objects.create(name="test").pk)


def test_first(world: World) -> None:
    run = world.sync()
    print(run.totals, world.calls)
    tracking = world.records(names.TRACKING)
    print(Counter((row["Activity__c"], row["Email_Type__c"]) for row in tracking))
    print(tracking[0])
    print(world.records(names.CAMPAIGN)[0])
    print(world.records(names.JOURNEY), world.records(names.JOURNEY_EMAIL))
    print([row for row in world.records(names.MEMBER)][:1])
    run = world.sync()
    print(run.totals, world.calls)
