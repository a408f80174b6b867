"""Lists that are edited, dead, due or prevented: each is dealt with by itself, with a reason, and the others go on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from fairlead.campaignmonitor import ConsentToTrack, SubscriberWish
from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.setting import Given
from fairlead.features.members import flow, rules
from fairlead.features.members.settings import match_rules
from fairlead.salesforce import Salesforce, names
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.sync import guard
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, Run, Wanted
from fairlead_emulators.people import person
from tests.conformance import emulated
from tests.laws.matched_world import Told

pytestmark = pytest.mark.django_db(transaction=True)

ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
SEED: dict[str, Any] = {
    "clients": [
        {
            "name": "Client", "country": "Australia", "time_zone": ZONE,
            "lists": [
                {"title": title, "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                 "custom_fields": [{"name": "Remarks", "type": "Text"}], "people": [[first, 40]]}
                for first, title in ((0, "First"), (100, "Second"), (200, "Third"))
            ],
        }
    ]
}  # fmt: skip


@dataclass
class World:
    emulators: Emulators
    account: CampaignMonitor
    org: Salesforce
    org_id: int
    client: ClientScope
    rows: dict[tuple[str, str], object]
    told: Told
    runs: int = 0

    async def sync(self, **wanted: Any) -> Run:
        """The stages of the room, one after another, as the primary sync runs them; the first failure is raised at the end."""
        self.runs += 1
        settings, asked = Given(dict(self.rows)), Wanted(**wanted)
        keys = LedgerKeys(b"a" * 32, b"c" * 32, lambda text: text.encode(), lambda token: token.decode())
        run = Run(
            number=self.runs,
            org_id=self.org_id,
            wanted=asked,
            clients=[self.client],
            campaign_monitor=self.account,
            salesforce=self.org,
            matcher=OrgMatcher(self.org, read_all=asked.full, rules=match_rules(settings)),
            ledger=PostgresLedger(self.org_id, self.runs, lambda: None, keys),
            progress=self.told,
            settings=settings,
        )
        failure: Exception | None = None
        for stage in flow.STAGES:
            try:
                await stage.run(run)
            except Exception as error:  # noqa: BLE001 - told below
                failure = failure or error
        if failure is not None:
            raise failure
        return run

    async def records(self, soql: str) -> list[dict[str, Any]]:
        return [record async for page in self.org.query(soql) for record in page]

    async def members(self, list_id: str) -> dict[str, dict[str, Any]]:
        found = await self.records(
            "SELECT Id, Email__c, Full_Name__c, State__c, Custom_Fields__c, Consent_To_Track__c, Sync_Run__c "
            f"FROM {names.MEMBER} WHERE List__r.List_Id__c = '{list_id}'"
        )
        return {record["Email__c"].lower(): record for record in found}

    async def lists(self) -> dict[str, str]:
        """Ids of the account's lists by name."""
        return {one.name: one.list_id for one in await self.account.lists(self.client.id)}

    async def due(self, list_id: str) -> None:
        """The list was last read whole long ago."""
        from fairlead.features.members.models import ListReading

        rows = ListReading.objects.filter(org_id=self.org_id, list_id=list_id)
        await sync_to_async(rows.update)(whole_at=datetime.now(UTC) - timedelta(days=30))

    async def rename(self, list_id: str, email: str, name: str) -> None:
        wish = SubscriberWish(email=email, consent_to_track=ConsentToTrack.UNCHANGED, name=name)
        await self.account.subscriptions.update(list_id, email, wish)


@pytest.fixture
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=SEED) as running:
        yield running


@pytest.fixture
async def world(emulators: Emulators, transactional_db: None) -> AsyncIterator[World]:
    from fairlead.store.models import Org

    row = await sync_to_async(Org.objects.create)(name="lists")
    async with AsyncExitStack() as stack:
        account = await stack.enter_async_context(emulated.account_of(emulators))
        org = await stack.enter_async_context(emulated.org_of(emulators))
        client = (await account.clients())[0]
        await org.records.upsert(names.CLIENT, names.CLIENT_KEY, client.client_id, {"Name": "Client"})
        scope = ClientScope(client.client_id, "Client", ZONE)
        yield World(emulators, account, org, row.pk, scope, {}, Told())


async def test_the_counters_of_a_list_are_written_once_and_again_when_they_moved(world: World) -> None:
    """All 24 of them as Campaign Monitor tells them; a run in which none moved writes none."""
    assert (await world.sync()).totals["figures_written"] == 3
    first = (await world.lists())["First"]
    assert (await world.sync()).totals["figures_written"] == 0
    active = next(email for email, each in (await world.members(first)).items() if each["State__c"] == "Active")
    await world.account.subscriptions.unsubscribe(first, active)
    assert (await world.sync()).totals["figures_written"] == 1
    stats = await world.account.list_stats(first)
    record = (
        await world.records(f"SELECT {', '.join(names.LIST_FIGURES)} FROM {names.LIST} WHERE List_Id__c = '{first}'")
    )[0]
    counters = [name for name in names.LIST_FIGURES if name.endswith(("__c",))][:24]
    assert [int(record[name]) for name in counters] == [getattr(stats, name) for name in rules.COUNTERS]
    assert record["Total_Unconfirmed__c"] is not None
    assert record["Last_Synced__c"]
    assert record["Prevent_Member_Sync__c"] is False


async def test_an_edited_name_is_found_when_the_list_is_due_and_only_it_is_written(world: World) -> None:
    """No date tells of it: before the list is due nothing is seen; then one row is written, whatever else the list holds."""
    await world.sync()
    first = (await world.lists())["First"]
    email = person(0).email.lower()
    before = await world.members(first)
    await world.rename(first, before[email]["Email__c"], "Renamed Person")
    await world.sync()
    changed = {key for key, each in (await world.members(first)).items() if each["Sync_Run__c"] != 1}

    await world.due(first)
    run = await world.sync()

    after = await world.members(first)
    assert after[email]["Full_Name__c"] == "Renamed Person"
    assert run.totals["lists_read_whole"] == 1
    assert {key for key, each in after.items() if each["Sync_Run__c"] == 3} == {email} - changed
    assert (await world.sync()).totals.get("lists_read_whole", 0) == 0


async def test_members_that_are_gone_from_a_due_list_go_unless_a_guard_refuses(world: World) -> None:
    """A record without subscriber is swept by the list's whole reading; nearly all of them at once are not."""
    await world.sync()
    first, second = [(await world.lists())[name] for name in ("First", "Second")]
    stray = {"Email__c": "stray@example.com", "List__r": {names.LIST_KEY: first}, "State__c": "Active"}
    await world.org.records.upsert(names.MEMBER, names.MEMBER_KEY, f"{first}:stray@example.com", stray)
    await world.due(first)
    run = await world.sync()
    assert (run.totals["deleted"], len(await world.members(first))) == (1, 40)

    many = [
        {
            names.MEMBER_KEY: f"{second}:s{n}@example.com",
            "Email__c": f"s{n}@example.com",
            "List__r": {names.LIST_KEY: second},
        }
        for n in range(501)
    ]
    await world.org.collections.upsert(names.MEMBER, names.MEMBER_KEY, many)
    await world.due(second)
    with pytest.raises(guard.SweepTooLarge, match="Second"):
        await world.sync()
    assert len(await world.members(second)) == 541
    await world.sync(allow_large_changes=True)
    assert len(await world.members(second)) == 40


async def test_a_prevented_list_has_no_members_and_is_read_anew_afterwards(world: World) -> None:
    """Switched on: its records go in one sweep and no row is read; its figures stay. Switched off: all are back."""
    await world.sync()
    first = (await world.lists())["First"]
    world.rows["members.prevent_sync", first] = True
    run = await world.sync()
    assert (run.totals["deleted"], await world.members(first)) == (40, {})
    shown = await world.records(f"SELECT Prevent_Member_Sync__c FROM {names.LIST} WHERE List_Id__c = '{first}'")
    assert shown[0]["Prevent_Member_Sync__c"] is True
    assert (await world.sync()).totals.get("deleted", 0) == 0

    del world.rows["members.prevent_sync", first]
    await world.sync()
    assert len(await world.members(first)) == 40
    assert (await world.sync()).totals["written"] == 0


async def test_a_list_that_dies_is_named_and_takes_no_other_with_it(world: World) -> None:
    """Gone between listing and reading, or gone from the listing: the other lists are read, and no record is lost unasked."""
    await world.sync()
    found = await world.lists()
    world.emulators.post(
        "campaign_monitor",
        "/_control/faults",
        [{"fault": "status", "match": {"path": f"lists/{found['Second']}/stats"}, "status": 404, "times": 1}],
    )
    email = next(iter(await world.members(found["Third"])))
    await world.account.subscriptions.delete(found["Third"], email)
    run = await world.sync()
    assert {one.name for one in run.lists} == {"First", "Third"}
    assert "“Second” was left out" in world.told.messages["lists"]
    assert (await world.members(found["Third"]))[email]["State__c"] == "Deleted"

    await world.account.list_settings.delete(found["Second"])
    await world.sync()
    assert "1 lists are gone" in world.told.messages["lists"]
    assert len(await world.members(found["Second"])) == 40
    await world.sync(full=True)
    assert await world.members(found["Second"]) == {}


async def test_settings_of_a_list_are_read_when_due_and_counters_every_time(world: World) -> None:
    """A quiet hour costs a listing a client, and for each list its counters and five states; nothing is asked twice."""
    await world.sync()

    def calls() -> list[str]:
        told = next(world.emulators.get("campaign_monitor", "/_control/requests"))
        return [each["path"] for each in (told["requests"] if isinstance(told, dict) else told)]

    before = len(calls())
    await world.sync()
    asked = calls()[before:]
    assert len([path for path in asked if "systemdate" in path]) == 1
    assert len([path for path in asked if path.partition("?")[0].endswith("/stats.json")]) == 3
    assert len(asked) == 1 + 1 + 3 * (1 + 5), asked
