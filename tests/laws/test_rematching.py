"""Matching anew, after whatever people did to contacts and leads, leads where a full sync would."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async

from fairlead.cli.demo_emulators import Emulators
from fairlead.features.members import changes, rules
from fairlead.features.members.rematch import LINKED
from fairlead.sync import org_reading
from tests.conformance import emulated
from tests.laws.matched_world import Killed, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


@pytest.fixture
async def world(emulators: Emulators, request: pytest.FixtureRequest, transactional_db: None) -> AsyncIterator[World]:
    from fairlead.store.models import Org

    name = f"w{abs(hash(request.node.name)) % 10**8}"
    row = await sync_to_async(Org.objects.create)(name=name)
    async with emulated.org_of(emulators) as org:
        world = World(emulators, org, row.pk, name)
        await world.lay()
        yield world


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 6))])
async def test_after_any_edits_the_links_are_those_of_a_full_sync(world: World, seed: int) -> None:
    """Made, edited, touched, deleted, brought back, merged, converted: a run links every record as a full sync would."""
    chance = random.Random(seed)
    for _ in range(8):
        done = [world.edit(chance) for _ in range(chance.randrange(1, 6))]
        await world.match()
        assert await world.links() == await world.expected(), done


async def test_a_quiet_org_costs_two_calls_and_writes_nothing(world: World) -> None:
    """What changed is looked at twice at most, then only the question remains."""
    world.add("Contact", world.pool[0])
    for _ in range(3):
        run = await world.match()
    calls = world.emulators
    before = len(list(requests(calls)))
    run = await world.match()
    assert run.totals["relinked"] == 0
    assert len(list(requests(calls))) - before == 2


def requests(emulators: Emulators) -> list[object]:
    """Data calls that the org has answered."""
    told = next(emulators.get("salesforce", "/_control/requests"))
    return list(told["requests"] if isinstance(told, dict) else told)


async def test_a_change_of_the_rules_matches_everything_anew_in_the_next_run(world: World) -> None:
    """The oldest instead of the latest: every record follows, without a full sync and without a changed contact."""
    first = world.add("Contact", world.pool[0])
    world.emulators.post("salesforce", "/_control/clock", {"advance_seconds": 60})
    second = world.add("Contact", world.pool[0])
    await world.match()
    assert {pair[0] for pair in (await world.links()).values()} == {second, None}

    world.rows["members.match_tie", ""] = "oldest"
    run = await world.match()

    assert run.totals["relinked"] >= len(LINKED)  # the org holds other worlds, too
    assert {pair[0] for pair in (await world.links()).values()} == {first, None}
    assert (await world.match()).totals["relinked"] == 0


@pytest.mark.parametrize("step", range(1, 5))
async def test_killed_before_any_commit_it_is_done_again(world: World, step: int) -> None:
    """The cursor moves with the outcome: whichever commit the process dies before, the next run ends it."""
    await world.match()
    for address in world.pool:
        world.add("Contact", address)
    left = step

    def fence() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    world.fence = fence
    with pytest.raises(Killed):
        await world.match()
    world.fence = lambda: None
    await world.match()
    assert await world.links() == await world.expected()


async def test_who_changed_address_and_went_at_once_leaves_the_place_to_the_next(world: World) -> None:
    """The deletion empties the look-ups, and the record tells its new address only: the old one is found all the same."""
    old, new = world.pool[:2]
    heir = world.add("Contact", old)
    world.emulators.post("salesforce", "/_control/clock", {"advance_seconds": 60})
    going = world.add("Contact", old)
    await world.match()
    assert (await world.links())["CM_Member__c", old] == (going, None)

    world.act(act="edit", object="Contact", id=going, fields={"Email": new})
    world.act(act="delete", object="Contact", id=going)
    await world.match()

    assert (await world.links())["CM_Member__c", old] == (heir, None)


async def test_who_changed_address_and_was_merged_at_once_leaves_the_place_to_the_next(world: World) -> None:
    """The look-ups then point to the winner, whose stamp did not move and who never had the address."""
    old, new, other = world.pool[:3]
    heir, winner = world.add("Contact", old), world.add("Contact", other)
    world.emulators.post("salesforce", "/_control/clock", {"advance_seconds": 60})
    going = world.add("Contact", old)
    await world.match()
    await world.match()

    world.act(act="edit", object="Contact", id=going, fields={"Email": new})
    world.act(act="merge", object="Contact", id=winner, losers=[going], fields={})
    await world.match()

    assert (await world.links())["CM_Member__c", old] == (heir, None)
    assert await world.links() == await world.expected()


async def test_many_changes_at_once_lead_to_the_same_links(world: World) -> None:
    """Above a thousand changed records everything is held against the whole index, streamed."""
    await world.match()
    crowd = [{"LastName": "Crowd", "Email": f"{world.name}.crowd.{n}@example.com"} for n in range(changes.BY_NAME)]
    results = await world.org.collections.insert("Contact", [*crowd, {"LastName": "One", "Email": world.pool[0]}])
    assert all(result.success for result in results)

    run = await world.match()

    assert run.totals["relinked"] == len(LINKED)
    assert "addresses of contacts" in world.told.messages["match"]
    assert await world.links() == await world.expected()


async def test_the_rollups_of_an_address_follow_its_links(world: World) -> None:
    """What was counted for an address is to be written to the contact that the address belongs to now."""
    from fairlead.store import hashing
    from fairlead.store.models import CampaignActivity

    def kept() -> tuple[str, bool]:
        row = CampaignActivity.objects.get(org_id=world.org_id)
        return row.contact, row.written

    await world.match()
    await sync_to_async(CampaignActivity.objects.create)(
        org_id=world.org_id, campaign="c", address=hashing.keyed_hash(world.pool[0]), written=True
    )
    contact = world.add("Contact", world.pool[0])
    await world.match()
    assert await sync_to_async(kept)() == (contact, False)


async def test_a_field_that_the_org_does_not_have_is_named(world: World) -> None:
    """A wrong setting stops the matching with its name and the way on; it never unlinks anybody."""
    world.rows["members.match_contact_fields", ""] = ["Email", "Work_Mail__c"]
    with pytest.raises(rules.MatchFieldMissing, match="Work_Mail__c"):
        await world.match()
    world.rows["members.match_contact_fields", ""] = ["LastName"]
    with pytest.raises(rules.NoAddressField, match="LastName"):
        await world.match()


async def test_an_id_in_a_custom_field_counts_before_the_address(world: World) -> None:
    """The member named by Id stays with its contact whatever addresses say; other records go by address."""
    named, by_address = world.add("Contact", "somebody.else@example.net"), world.add("Contact", world.pool[0])
    key = f"{world.name.ljust(32, 'l')}:{world.pool[0]}"
    fields = {"Custom_Fields__c": f"Colour: red\nSalesforce ID: {named[:15]}"}
    await world.org.records.upsert("CM_Member__c", "Member_Key__c", key, fields)
    world.rows["members.salesforce_id_field", ""] = "Salesforce ID"
    await world.match()
    links = await world.links()
    assert links["CM_Member__c", world.pool[0]] == (named, None)
    assert links["CM_Tracking__c", world.pool[0]] == (by_address, None)


async def test_both_doors_of_reading_give_the_same_text(world: World) -> None:
    """Pages and bulk queries agree on blanks, booleans, dates and fields of a parent."""
    world.add("Contact", world.pool[0])
    await world.match()
    columns = ("Email__c", "State__c", "Contact__c", "Contact__r.LastName", "IsDeleted", "Lead__c")
    after = f"FROM CM_Member__c WHERE Email__c LIKE '{world.name}.%' ORDER BY Email__c"

    async def read(expected: int) -> list[tuple[str, ...]]:
        pages = org_reading.read(world.org, columns, after, expected=expected)
        return [record async for page in pages for record in page]

    assert await read(0) == await read(org_reading.BULK_FROM)
