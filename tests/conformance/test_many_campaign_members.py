"""Large campaigns, and runs that die anywhere: what the stages of Salesforce campaigns leave in the local org."""

from collections.abc import Iterator

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.activity import Activity
from fairlead.store.models import BulkFlight, CampaignActivity, SettingRow
from tests.conformance import emulated
from tests.conformance.campaigns_world import NOON, World

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 5_000


class Killed(BaseException):
    """The process is gone: nothing is tidied up."""


class Fence:
    """Lets so many commits pass, then kills."""

    def __init__(self, passes: int) -> None:
        self.left = passes

    def __call__(self) -> None:
        if not self.left:
            raise Killed
        self.left -= 1


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


@pytest.fixture
def world(emulators: Emulators) -> World:
    return World(emulators)


def fill(world: World, campaign: str, contacts: list[str], last: Activity = Activity.SENT, minute: int = 0) -> None:
    for contact in contacts:
        world.did(campaign, contact, last=last, minute=minute)


def test_five_thousand_members_are_written_in_bulk_and_then_only_those_with_news(world: World) -> None:
    """A bulk job a page for the many, one by one with rows locked in between; afterwards a single opening is one small call."""
    campaign, crm_id = world.linked()
    contacts = world.contacts(MANY)
    fill(world, campaign, contacts)
    world.fault(fault="row_lock", times=2, match={"object": "^CampaignMember$"}, data={"rows": 500})

    run = world.run()

    members = world.members(crm_id)
    assert sorted(member["ContactId"] for member in members) == sorted(contacts)
    assert run.totals["campaign_members_written"] == MANY
    assert (world.due(), BulkFlight.objects.count(), world.struck("row_lock")) == (0, 0, 2)

    row = CampaignActivity.objects.filter(contact=contacts[0])
    row.update(opens=1, last_activity="Opened", last_at=NOON.replace(hour=13), written=False)
    before = asked(world)
    run = world.run("campaign_members", then={campaign: crm_id})
    assert run.totals["campaign_members_written"] == 1
    assert asked(world) - before <= 8


def asked(world: World) -> int:
    return len(list(world.emulators.get("salesforce", "/_control/requests")))


@pytest.mark.parametrize("door", [0, 2_000])
def test_killed_at_any_commit_the_next_run_ends_as_an_undisturbed_one(world: World, door: int) -> None:
    """New members and changed ones, by bulk jobs and by collections, in two pages: nobody is lost and nobody there twice."""
    world.sizes = {"small_door": door, "page": 3}
    campaign, crm_id = world.linked()
    contacts = world.contacts(5)
    fill(world, campaign, contacts[:2])
    world.run()
    fill(world, campaign, contacts[2:])
    passes = 0
    while True:
        opened = CampaignActivity.objects.filter(contact__in=contacts[:2])
        opened.update(
            opens=passes + 1, last_activity="Opened", last_at=NOON.replace(hour=13, minute=passes), written=False
        )
        world.fence = Fence(passes)
        try:
            world.run("campaign_members", then={campaign: crm_id})
            break
        except Killed:
            passes += 1
        world.fence = lambda: None
        world.run("campaign_members", then={campaign: crm_id})
        shown = {m["ContactId"]: (m["CM_Activity__c"], m["CM_Opens__c"]) for m in world.members(crm_id)}
        assert shown == {c: ("Opened", passes) if c in contacts[:2] else ("Sent", 0) for c in contacts}
        assert len(world.members(crm_id)) == len(contacts)
        assert (world.due(), BulkFlight.objects.count()) == (0, 0)
    assert passes >= (4 if door == 0 else 1)


def test_killed_anywhere_while_creating_campaigns_there_is_one_of_each(world: World) -> None:
    """Creation, the link on the other side, what is noted: after any death the next run completes it."""
    world.choose(auto_create=True)
    SettingRow.objects.create(org=world.org, name="salesforce_campaigns.auto_create", value=True)
    SettingRow.objects.filter(org=world.org).update(changed_at=NOON)
    for passes in range(4):
        campaign = world.campaign()
        world.fence = Fence(passes)
        try:
            world.run("links")
        except Killed:
            world.fence = lambda: None
            world.run("links")
        made = world.query(f"SELECT Id, CM_Campaign__c FROM Campaign WHERE CM_Campaign_Id__c = '{campaign}'")
        assert [one["CM_Campaign__c"] for one in made] == [world.record(campaign)["Id"]]
        assert world.record(campaign)["Salesforce_Campaign__c"] == made[0]["Id"]
