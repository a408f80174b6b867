"""Changed addresses and undone runs, over both emulated sides."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.features.field_mappings import addresses, undo
from fairlead.features.field_mappings.models import AddressChange, Reason, ValueChange
from fairlead.salesforce import names
from fairlead.store import hashing, moves
from fairlead.store.consent_models import OptShadow
from fairlead.store.models import Org
from fairlead.sync import sides
from tests.conformance import emulated, mapped
from tests.conformance.mapped import World, line

pytestmark = pytest.mark.django_db(transaction=True)


class Both:
    """Opens both local sides for what people do."""

    def __init__(self, emulators: Emulators) -> None:
        self.emulators = emulators

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Any]:
        async with emulated.org_of(self.emulators) as crm:
            yield crm

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[Any]:
        async with emulated.account_of(self.emulators) as account:
            yield account


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=mapped.SPEC, salesforce={}) as running:
        running.post("salesforce", "/_control/settings", {"tracked_fields": {"Contact": ["MailingCity", "Department"]}})
        sides.provide(Both(running))
        yield running
        sides.provide(None)  # type: ignore[arg-type]


@pytest.fixture
async def world(emulators: Emulators, transactional_db: None) -> Any:
    org = await sync_to_async(Org.objects.create)(name="Org")
    made = World(emulators, org)
    await made.begin()
    yield made
    made.clear_faults()


def named(world: World, name: str) -> str:
    return f"{name}-{world.list.id[:6]}@example.com"


async def known(world: World, name: str) -> tuple[str, str]:
    """A subscriber and its contact, of which one run has seen that they share their address."""
    address = named(world, name)
    await world.subscribe(address, "Ada", City="Rome")
    record = await world.contact(address, MailingCity="Rome")
    await world.sync()
    await world.map(line("MailingCity", "[City]"))
    await world.outward(record)
    return address, record


async def state(world: World, address: str) -> str:
    try:
        return (await world.subscriber(address)).state
    except Exception:  # noqa: BLE001 - whatever says that there is none
        return "nobody"


async def test_a_new_address_of_a_contact_renames_its_subscriber_and_the_other_fields_go_along(world: World) -> None:
    old, ada = await known(world, "old")
    new = named(world, "new")
    await world.edit(ada, Email=new.title(), MailingCity="Oslo")
    await world.outward(ada)
    assert world.problem is None
    assert (await state(world, old), await state(world, new)) == ("nobody", "Active")
    assert await world.values(new) == {"City": "Oslo"}
    async with emulated.org_of(world.emulators) as crm:
        soql = f"SELECT Email__c FROM {names.MEMBER} WHERE Contact__c = '{ada}'"
        assert [row["Email__c"] async for page in crm.query(soql) for row in page] == [new]
    before = len(world.imports())
    await world.outward(ada)
    assert len(world.imports()) == before
    assert not await AddressChange.objects.aexists()


async def test_a_rename_that_was_killed_is_brought_to_its_end(world: World) -> None:
    old, ada = await known(world, "killed")
    new = named(world, "after")
    await world.edit(ada, Email=new)
    world.fault(
        "salesforce", {"fault": "status", "status": 503, "times": None, "match": {"path": "/composite/sobjects"}}
    )
    await world.outward(ada)
    assert world.problem is not None
    world.clear_faults()
    await world.outward(ada)
    assert world.problem is None
    assert (await state(world, old), await state(world, new)) == ("nobody", "Active")
    async with emulated.org_of(world.emulators) as crm:
        soql = f"SELECT Email__c FROM {names.MEMBER} WHERE Contact__c = '{ada}'"
        assert [row["Email__c"] async for page in crm.query(soql) for row in page] == [new]


async def test_a_taken_address_waits_sealed_and_merging_takes_the_old_subscriber_off(world: World) -> None:
    old, ada = await known(world, "mine")
    taken = named(world, "taken")
    await world.subscribe(taken, "Other", City="Kiel")
    await world.edit(ada, Email=taken)
    await world.outward(ada)
    (row,) = [one async for one in AddressChange.objects.filter(org=world.org)]
    assert row.reason == Reason.TAKEN
    assert b"example.com" not in bytes(row.old) + bytes(row.new)
    (one,) = await sync_to_async(addresses.waiting)(world.org)
    assert (one.old, one.new, one.mergeable) == (old, taken, True)
    await sync_to_async(addresses.merge)(world.org, one.id, "ada")
    assert (await state(world, old), await state(world, taken)) == ("Deleted", "Active")
    assert await world.values(taken) == {"City": "Kiel"}
    assert not await AddressChange.objects.aexists()
    with pytest.raises(addresses.AddressSettled):
        await sync_to_async(addresses.merge)(world.org, one.id, "ada")


async def test_an_address_that_opted_out_is_not_put_on_the_list(world: World) -> None:
    old, ada = await known(world, "inn")
    out = named(world, "left")
    await sync_to_async(_remember_out)(world, out)
    await world.edit(ada, Email=out)
    await world.outward(ada)
    assert (await state(world, old), await state(world, out)) == ("Active", "nobody")
    (one,) = await sync_to_async(addresses.waiting)(world.org)
    assert (one.reason, one.mergeable) == (Reason.OPTED_OUT, False)
    with pytest.raises(addresses.AddressSettled):
        await sync_to_async(addresses.merge)(world.org, one.id, "ada")
    await sync_to_async(addresses.leave)(world.org, one.id, "ada")
    await world.outward(ada)
    assert (await state(world, old), await state(world, out)) == ("Active", "nobody")
    assert not await AddressChange.objects.aexists()


def _remember_out(world: World, address: str) -> None:
    from datetime import UTC, datetime

    OptShadow.objects.create(
        org=world.org,
        client=world.client.id,
        address=hashing.keyed_hash(address),
        agreed="out",
        since=datetime.now(UTC),
    )


async def test_a_new_address_of_a_subscriber_goes_to_its_contact(world: World) -> None:
    old, ada = await known(world, "was")
    new = named(world, "is")
    await world.map(line("MailingCity", "[City]", "both"))
    await world.sync()
    world.act(old, "change_address", new_email=new)
    await sync_to_async(moves.follow)(world.org.pk, world.list.id, old, new, merge=False)
    async with emulated.org_of(world.emulators) as crm:
        record = {"Id": await _member(world, ada), names.MEMBER_KEY: f"{world.list.id}:{new}", "Email__c": new}
        await crm.collections.update(names.MEMBER, [record])
    await world.sync()
    assert world.problem is None
    assert (await world.record(ada, "Email"))["Email"] == new
    await world.outward(ada)
    assert await state(world, new) == "Active"


async def _member(world: World, record: str) -> str:
    async with emulated.org_of(world.emulators) as crm:
        soql = f"SELECT Id FROM {names.MEMBER} WHERE Contact__c = '{record}'"
        return [str(row["Id"]) async for page in crm.query(soql) for row in page][0]


async def test_a_run_is_undone_where_the_history_still_holds_what_was_there(world: World) -> None:
    address = named(world, "undo")
    await world.subscribe(address, City="Rome")
    ada = await world.contact(address, MailingCity="Rome")
    await world.sync()
    await world.map(line("MailingCity", "[City]"), line("Department", "[Industry]"))
    await world.outward(ada)
    await world.edit(ada, MailingCity="Oslo", Department="Oil")
    await world.outward(ada)
    assert await world.values(address) == {"City": "Oslo", "Industry": "Oil"}
    done = await sync_to_async(undo.undo)(world.org, world.number, "ada")
    assert done.counts == {undo.RESTORED: 2}
    assert await world.values(address) == {"City": "Rome"}
    await world.outward(ada)
    assert await world.values(address) == {"City": "Rome"}
    with pytest.raises(undo.NothingToUndo):
        await sync_to_async(undo.undo)(world.org, world.number, "ada")
    assert [one["can_undo"] for one in await sync_to_async(undo.runs)(world.org)] == [False]


async def test_what_a_sync_wrote_to_contacts_is_undone_and_what_was_changed_since_is_left_alone(world: World) -> None:
    one, other = named(world, "u1"), named(world, "u2")
    people = []
    for address in (one, other):
        await world.subscribe(address, City="Rome")
        people.append(await world.contact(address, MailingCity="Kiel"))
    await world.map(line("MailingCity", "[City]", "to_salesforce", owner="campaign_monitor"))
    await world.sync()
    assert (await world.record(people[0], "MailingCity"))["MailingCity"] == "Rome"
    await world.edit(people[1], MailingCity="Bonn")
    done = await sync_to_async(undo.undo)(world.org, world.number, "ada")
    assert done.counts == {undo.RESTORED: 1, undo.CHANGED_SINCE: 1}
    assert (await world.record(people[0], "MailingCity"))["MailingCity"] == "Kiel"
    assert (await world.record(people[1], "MailingCity"))["MailingCity"] == "Bonn"
    await world.sync()
    assert (await world.record(people[0], "MailingCity"))["MailingCity"] == "Kiel"


async def test_what_nothing_holds_any_more_and_whose_line_is_gone_is_counted(world: World) -> None:
    address = named(world, "lost")
    await world.subscribe(address, City="Rome", Industry="Oil")
    ada = await world.contact(address, Title="Boss", FirstName="Ada")
    await world.sync()
    await world.map(line("Title", "[City]"), line("FirstName", "[Industry]"))
    await world.outward(ada)
    await world.sync(full=True)
    await world.map(line("Title", "[City]"))
    done = await sync_to_async(undo.undo)(world.org, world.number - 1, "ada")
    assert done.counts == {undo.NOT_HELD: 1, undo.LINE_GONE: 1}
    assert await ValueChange.objects.filter(undone_at=None).acount() == 2


async def test_a_merge_that_cannot_be_made_is_told(world: World) -> None:
    with pytest.raises(Failure):
        await sync_to_async(addresses.leave)(world.org, 0, "ada")
