"""Field mappings over both emulated sides: what changed on one reaches the other, once, and nobody is added."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from fairlead.cli.demo_emulators import Emulators
from fairlead.features.field_mappings.models import Agreed, ValueChange
from fairlead.store.ledger_models import RowRefusal
from fairlead.store.models import Org
from tests.conformance import emulated, mapped
from tests.conformance.mapped import World, line

pytestmark = pytest.mark.django_db(transaction=True)
ADA = "ada@example.com"


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=mapped.SPEC, salesforce={}) as running:
        yield running


@pytest.fixture
async def world(emulators: Emulators, transactional_db: None) -> Any:
    org = await sync_to_async(Org.objects.create)(name="Org")
    made = World(emulators, org)
    await made.begin()
    yield made
    made.clear_faults()


async def test_an_edited_contact_reaches_its_subscriber_by_one_call_and_its_echo_writes_nothing(world: World) -> None:
    address = f"one-{world.list.id[:6]}@example.com"
    await world.subscribe(address, City="Rome")
    ada = await world.contact(address, MailingCity="Oslo", Department="7.50")
    await world.sync()
    await world.map(line("MailingCity", "[City]"), line("Department", "[Score]"))
    before = len(world.imports())
    await world.outward(ada)
    assert await world.values(address) == {"City": "Oslo", "Score": "7.5"}
    assert len(world.imports()) - before == 1
    await world.outward(ada)
    await world.sync()
    await world.outward(ada)
    assert len(world.imports()) - before == 1
    await world.edit(ada, MailingCity="Bergen")
    await world.outward(ada)
    assert await world.values(address) == {"City": "Bergen", "Score": "7.5"}


def named(world: World, name: str) -> str:
    return f"{name}-{world.list.id[:6]}@example.com"


async def test_all_kinds_of_fields_go_over_and_a_parent_s_field_too(world: World) -> None:
    address = named(world, "kinds")
    await world.subscribe(address)
    account = await world.make("Account", Name="Firm", Industry="Energy")
    ada = await world.contact(
        address, AccountId=account, Birthdate="1990-02-03", Description="Rum;Tea", FirstName="Ada"
    )
    await world.sync()
    await world.map(
        line("Birthdate", "[Since]"),
        line("Description", "[City]"),
        line("Account.Industry", "[Industry]"),
        line("Name", "Name"),
        line("Department", "[Score]", default="3"),
    )
    await world.outward(ada)
    assert world.problem is None
    assert await world.values(address) == {
        "Since": "1990-02-03", "City": "Rum;Tea", "Industry": "Energy", "Score": "3",
    }  # fmt: skip
    assert (await world.subscriber(address)).name == "Ada Berg"


async def test_a_value_that_does_not_fit_is_refused_with_its_reason_and_the_other_fields_go(world: World) -> None:
    address = named(world, "unfit")
    await world.subscribe(address, Score="1")
    ada = await world.contact(address, MailingCity="Oslo", Department="many", Phone="12")
    await world.sync()
    world.chosen["sms.country", ""] = "US"
    await world.map(line("MailingCity", "[City]"), line("Department", "[Score]"), line("Phone", "MobileNumber"))
    await world.outward(ada)
    assert await world.values(address) == {"City": "Oslo", "Score": "1"}
    (refusal,) = [row async for row in RowRefusal.objects.filter(org=world.org)]
    assert refusal.code == "VALUE_DOES_NOT_FIT"
    assert "Department" in refusal.reason
    assert "Phone" in refusal.reason
    assert "many" not in refusal.reason
    await world.edit(ada, Department="12", Phone="(201) 555-0123")
    await world.outward(ada)
    assert (await world.values(address))["Score"] == "12"
    assert (await world.subscriber(address)).mobile_number == "+12015550123"
    assert not await RowRefusal.objects.filter(org=world.org).aexists()


async def test_a_blank_empties_a_field_only_where_the_line_says_so_and_never_the_first_time(world: World) -> None:
    address = named(world, "blank")
    await world.subscribe(address, City="Rome", Industry="Oil")
    ada = await world.contact(address)
    await world.sync()
    await world.map(line("MailingCity", "[City]", clear_blank=True), line("Department", "[Industry]"))
    await world.outward(ada)
    assert await world.values(address) == {"City": "Rome", "Industry": "Oil"}
    await world.edit(ada, MailingCity="Oslo", Department="Gas")
    await world.outward(ada)
    await world.edit(ada, MailingCity=None, Department=None)
    await world.outward(ada)
    assert await world.values(address) == {"Industry": "Gas"}


async def test_only_who_is_on_the_list_is_written_and_nobody_is_added(world: World) -> None:
    out, renamed, nobody = (named(world, name) for name in ("out", "old", "nobody"))
    await world.subscribe(out, City="Rome")
    await world.subscribe(renamed, City="Rome")
    people = [await world.contact(address, MailingCity="Oslo") for address in (out, renamed, nobody)]
    await world.sync()
    world.act(out, "unsubscribe")
    world.act(renamed, "change_address", new_email=named(world, "new"))
    world.emulators.post("campaign_monitor", "/_control/clock", {"advance_seconds": 3_600})
    await world.map(line("MailingCity", "[City]"))
    await world.outward(*people)
    assert (await world.subscriber(out)).state == "Unsubscribed"
    assert await world.values(out) == {"City": "Rome"}
    assert (await world.subscriber(renamed)).state == "Deleted"
    assert world.totals["mapping_taken_back"] == 1
    with pytest.raises(Exception, match="203"):
        await world.subscriber(nobody)


async def test_a_lead_is_followed_and_who_is_both_follows_the_contact(world: World) -> None:
    lone, both = named(world, "lead"), named(world, "both")
    for address in (lone, both):
        await world.subscribe(address)
    lead = await world.contact(lone, "Lead", City="Oslo")
    second = await world.contact(both, "Lead", City="Kiel")
    contact = await world.contact(both, MailingCity="Bonn")
    await world.sync()
    await world.map(line("MailingCity", "[City]"), line("City", "[City]", object="Lead"))
    await world.outward(contact)
    await world.outward(lead, second, object="Lead")
    assert (await world.values(lone), await world.values(both)) == ({"City": "Oslo"}, {"City": "Bonn"})


async def test_a_changed_value_of_a_list_reaches_its_contact_and_its_echo_writes_nothing(world: World) -> None:
    address = named(world, "in")
    await world.subscribe(address, City="Rome", Score="5", Since="1990/02/03")
    ada = await world.contact(address, MailingCity="Oslo")
    await world.map(
        line("MailingCity", "[City]", "both"),
        line("Department", "[Score]", "to_salesforce"),
        line("Birthdate", "[Since]", "to_salesforce"),
    )
    await world.sync()
    assert world.problem is None
    assert await world.record(ada, "MailingCity", "Department", "Birthdate") == {
        "MailingCity": "Oslo", "Department": "5", "Birthdate": "1990-02-03",
    } | {"attributes": (await world.record(ada, "Id"))["attributes"]}  # fmt: skip
    await world.outward(ada)
    assert (await world.values(address))["City"] == "Oslo"
    await world.subscribe(address, City="Bergen")
    await world.sync(full=True)
    assert (await world.record(ada, "MailingCity"))["MailingCity"] == "Bergen"
    before = len(world.imports())
    await world.outward(ada)
    assert len(world.imports()) == before
    await world.sync(full=True)
    assert world.totals.get("written", 0) == 0


async def test_where_both_changed_the_owner_keeps_its_own(world: World) -> None:
    mine, theirs = named(world, "mine"), named(world, "theirs")
    people = []
    for address in (mine, theirs):
        await world.subscribe(address, City="Rome", Industry="Oil")
        people.append(await world.contact(address, MailingCity="Rome", Department="Oil"))
    await world.map(
        line("MailingCity", "[City]", "both", owner="salesforce"),
        line("Department", "[Industry]", "both", owner="campaign_monitor"),
    )
    await world.sync()
    await world.outward(*people)
    for address, record in zip((mine, theirs), people, strict=True):
        await world.subscribe(address, City="Kiel", Industry="Gas")
        await world.edit(record, MailingCity="Oslo", Department="Coal")
    await world.sync(full=True)
    await world.outward(*people)
    for address, record in zip((mine, theirs), people, strict=True):
        found = await world.record(record, "MailingCity", "Department")
        assert (found["MailingCity"], found["Department"]) == ("Oslo", "Gas")
        assert await world.values(address) == {"City": "Oslo", "Industry": "Gas"}


async def test_what_campaign_monitor_changed_of_a_field_that_salesforce_owns_goes_back(world: World) -> None:
    """Without anybody touching the contact: the sync sees it, the next run to Campaign Monitor rights it, once."""
    address = named(world, "owned")
    await world.subscribe(address, City="Rome", Industry="Mine")
    ada = await world.contact(address, MailingCity="Oslo", Department="Mine")
    await world.sync()
    await world.map(line("MailingCity", "[City]"), line("Department", "[Industry]", owner="campaign_monitor"))
    await world.outward(ada)
    await world.sync()
    assert not await owed(world)
    await world.subscribe(address, City="Kiel", Industry="Yours")
    await world.sync(full=True)
    assert await owed(world) == 1
    before = len(world.imports())
    await world.outward()
    assert await world.values(address) == {"City": "Oslo", "Industry": "Yours"}
    assert len(world.imports()) - before == 1
    await world.sync(full=True)
    await world.outward()
    assert not await owed(world)
    assert len(world.imports()) - before == 1


async def test_a_lead_to_whom_something_is_owed_may_have_become_a_contact_too(world: World) -> None:
    """Then the contact is followed, and the run comes to its end."""
    address = named(world, "owedlead")
    await world.subscribe(address, City="Rome")
    lead = await world.contact(address, "Lead", City="Oslo")
    await world.sync()
    await world.map(line("City", "[City]", object="Lead"), line("MailingCity", "[City]"))
    await world.outward(lead, object="Lead")
    await world.sync()
    await world.subscribe(address, City="Kiel")
    await world.sync(full=True)
    assert await owed(world) == 1
    await world.contact(address, MailingCity="Bergen")
    await world.sync(inward=False, full=True)
    await world.outward()
    assert world.problem is None
    assert await world.values(address) == {"City": "Bergen"}
    assert not await owed(world)


async def owed(world: World) -> int:
    """Members whom the next run to Campaign Monitor looks at although no contact of theirs changed."""
    return await Agreed.objects.filter(org=world.org, owed_at__isnull=False).acount()


async def test_many_records_cost_one_call_a_thousand_and_one_write_each(world: World) -> None:
    count = 2_100
    addresses = [f"n{n}-{world.list.id[:6]}@example.com" for n in range(count)]
    await world.subscribe_many(addresses)
    people = await world.contacts([{"LastName": "N", "Email": one, "MailingCity": "Oslo"} for one in addresses])
    await world.sync()
    await world.map(line("MailingCity", "[City]"))
    before = len(world.imports())
    await world.outward(*people)
    assert world.problem is None
    assert world.totals["mapping_written"] == count
    assert len(world.imports()) - before == 3
    await world.outward(*people)
    assert len(world.imports()) - before == 3
    assert await ValueChange.objects.filter(org=world.org).acount() == count
    assert await Agreed.objects.filter(org=world.org).acount() == count


async def test_killed_half_way_and_told_again_it_ends_where_an_undisturbed_run_would_have(world: World) -> None:
    addresses = [f"k{n}-{world.list.id[:6]}@example.com" for n in range(1_200)]
    await world.subscribe_many(addresses)
    people = await world.contacts([{"LastName": "K", "Email": one, "MailingCity": "Oslo"} for one in addresses])
    await world.sync()
    await world.map(line("MailingCity", "[City]"))
    before = len(world.imports())
    await world.outward(*people, breaks_after=1)
    assert world.broken
    await world.outward(*people, number=world.number)
    assert len(world.imports()) - before == 3  # only the call whose outcome was not noted was made again
    assert await ValueChange.objects.filter(org=world.org).acount() == 1_200
    assert (await world.values(addresses[0]), await world.values(addresses[-1])) == ({"City": "Oslo"},) * 2


async def test_many_changed_subscribers_reach_their_contacts_by_a_bulk_job(world: World) -> None:
    addresses = [f"b{n}-{world.list.id[:6]}@example.com" for n in range(2_050)]
    await world.subscribe_many(addresses, City="Rome")
    people = await world.contacts([{"LastName": "B", "Email": one} for one in addresses])
    await world.map(line("MailingCity", "[City]", "to_salesforce"))
    await world.sync()
    assert world.problem is None
    assert world.totals["written"] == 2_050
    assert (await world.record(people[-1], "MailingCity"))["MailingCity"] == "Rome"


async def test_a_line_whose_field_is_gone_is_left_out_and_told_and_the_others_go_on(world: World) -> None:
    address = named(world, "gone")
    await world.subscribe(address)
    ada = await world.contact(address, MailingCity="Oslo")
    await world.map(line("MailingCity", "[City]"), line("Nowhere__c", "[Industry]"), line("Department", "[Lost]"))
    await world.sync()
    await world.outward(ada)
    assert world.problem is None
    assert world.totals["mapping_lines_left_out"] == 2
    assert await world.values(address) == {"City": "Oslo"}


async def test_a_side_that_fails_is_told_and_the_next_run_makes_up_for_it(world: World) -> None:
    address = named(world, "fails")
    await world.subscribe(address)
    ada = await world.contact(address, MailingCity="Oslo")
    await world.sync()
    await world.map(line("MailingCity", "[City]"))
    world.fault("campaign_monitor", {"fault": "status", "status": 500, "times": None, "match": {"path": "/import"}})
    await world.outward(ada)
    assert world.problem is not None
    world.clear_faults()
    await world.outward(ada)
    assert world.problem is None
    assert await world.values(address) == {"City": "Oslo"}


async def test_nothing_of_anybody_is_kept_in_clear(world: World) -> None:
    address = named(world, "private")
    await world.subscribe(address)
    ada = await world.contact(address, MailingCity="Trondheim")
    await world.sync()
    await world.map(line("MailingCity", "[City]"))
    await world.outward(ada)
    rows = [str(row) async for row in ValueChange.objects.values()]
    rows += [str(row) async for row in Agreed.objects.values()]
    assert rows
    assert not any("Trondheim" in row or "example.com" in row for row in rows)


async def test_a_stage_that_was_killed_before_it_noted_what_it_wrote_writes_nothing_twice(world: World) -> None:
    address = named(world, "twice")
    await world.subscribe(address, City="Rome")
    ada = await world.contact(address)
    await world.map(line("MailingCity", "[City]", "to_salesforce"))
    await world.sync(breaks_after=0)
    assert world.broken
    assert (await world.record(ada, "MailingCity"))["MailingCity"] == "Rome"
    before = (await world.record(ada, "SystemModstamp"))["SystemModstamp"]
    await world.sync()
    assert (world.problem, world.totals.get("written", 0)) == (None, 0)
    assert (await world.record(ada, "SystemModstamp"))["SystemModstamp"] == before


async def test_a_value_that_the_record_cannot_hold_is_refused_with_its_reason_and_the_others_arrive(
    world: World,
) -> None:
    long, short = named(world, "long"), named(world, "short")
    await world.subscribe(long, City="x" * 81, Score="4")
    await world.subscribe(short, City="Rome", Score="5")
    people = [await world.contact(address) for address in (long, short)]
    await world.map(line("Department", "[City]", "to_salesforce"), line("Title", "[Score]", "to_salesforce"))
    await world.sync()
    found = [await world.record(one, "Department", "Title") for one in people]
    assert [(one["Department"], one["Title"]) for one in found] == [(None, "4"), ("Rome", "5")]
    (refusal,) = [row async for row in RowRefusal.objects.filter(org=world.org)]
    assert "at most 80 characters" in refusal.reason
    assert "xxx" not in refusal.reason
    await world.subscribe(long, City="Oslo")
    await world.sync(full=True)
    assert (await world.record(people[0], "Department"))["Department"] == "Oslo"
    assert not await RowRefusal.objects.filter(org=world.org).aexists()
