"""What an org shows of linked campaigns: the stages of Salesforce campaigns over the local org (F38 to F50)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.activity import Activity
from fairlead.features.salesforce_campaigns import records
from fairlead.features.salesforce_campaigns.links import CannotCreate, LinksBlocked
from fairlead.features.salesforce_campaigns.members import MembersBlocked
from fairlead.features.salesforce_campaigns.models import Link
from fairlead.store.models import CampaignActivity, RowRefusal, SettingRow
from tests.conformance import emulated
from tests.conformance.campaigns_world import NOON, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


@pytest.fixture
def world(emulators: Emulators) -> World:
    return World(emulators)


def test_a_link_by_the_lookup_is_told_on_both_sides_with_its_figures(world: World) -> None:
    """The id stands beside the lookup, the campaign's record names the Salesforce campaign, and figures are written once."""
    campaign, crm_id = world.linked()
    world.update(
        "CM_Campaign__c",
        world.record(campaign)["Id"],
        Opens__c=7,
        Recipients__c=20,
        Web_Version__c="https://e.example/1",
    )

    run = world.run("links")
    again = world.run("links")

    shown = world.get("Campaign", crm_id)
    assert shown["CM_Campaign_Id__c"] == campaign
    assert (shown["CM_Num_Opens__c"], shown["CM_Num_Recipients__c"]) == (7, 20)
    assert shown["CM_Email_Web_Version__c"] == "https://e.example/1"
    assert world.record(campaign)["Salesforce_Campaign__c"] == crm_id
    assert run.linked_campaigns[campaign] == crm_id
    assert run.totals["figures_written"] >= 1
    assert again.totals["figures_written"] == 0


def test_figures_stay_away_while_that_is_turned_off(world: World) -> None:
    """F41: a campaign that is linked by hand receives numbers only while the setting is on."""
    world.choose(update_statistics=False)
    campaign, crm_id = world.linked()
    world.update("CM_Campaign__c", world.record(campaign)["Id"], Opens__c=7)
    world.run("links")
    assert world.get("Campaign", crm_id)["CM_Num_Opens__c"] is None


def test_clearing_the_lookup_unlinks_and_deletes_nothing_in_the_org(world: World) -> None:
    """Both sides forget each other; members stay as they were; linked again, all of the activity is due again."""
    campaign, crm_id = world.linked()
    (contact,) = world.contacts(1)
    world.did(campaign, contact)
    world.run()
    world.update("Campaign", crm_id, CM_Campaign__c=None)

    run = world.run()

    shown = world.get("Campaign", crm_id)
    assert (shown["CM_Campaign__c"], shown["CM_Campaign_Id__c"]) == (None, None)
    assert world.record(campaign)["Salesforce_Campaign__c"] is None
    assert campaign not in run.linked_campaigns
    assert [member["ContactId"] for member in world.members(crm_id)] == [contact]
    assert world.due() == 0
    world.update("Campaign", crm_id, CM_Campaign__c=world.record(campaign)["Id"])
    world.run("links")
    assert world.due() == 1


def test_a_link_outlives_the_deletion_of_our_own_records(world: World) -> None:
    """A clean start deletes the campaign's record and writes it anew: the id beside the lookup finds it."""
    campaign, crm_id = world.linked()
    world.run("links")
    world.did(campaign, *world.contacts(1))
    record = world.record(campaign)["Id"]
    world.within(lambda crm: crm.records.delete("CM_Campaign__c", record))
    assert campaign not in world.run("links").linked_campaigns
    world.within(lambda crm: crm.records.upsert("CM_Campaign__c", "Campaign_Id__c", campaign, {"Name": "Anew"}))

    assert world.run("links").linked_campaigns[campaign] == crm_id
    assert world.get("Campaign", crm_id)["CM_Campaign__c"] == world.record(campaign)["Id"]
    assert CampaignActivity.objects.filter(org=world.org, campaign=campaign).count() == 1


def creating(world: World, **more: object) -> None:
    world.choose(auto_create=True, **more)
    SettingRow.objects.create(org=world.org, name="salesforce_campaigns.auto_create", value=True)
    SettingRow.objects.filter(org=world.org).update(changed_at=NOON)


def test_campaigns_sent_since_it_was_turned_on_are_created_once(world: World) -> None:
    """F39: not retroactive; one Salesforce campaign for each, linked on both sides, also after another run."""
    earlier = world.campaign(sent=NOON - timedelta(minutes=1))
    campaign = world.campaign(sent=NOON, Opens__c=3)
    creating(world)

    world.run("links")
    world.run("links")

    assert world.query(f"SELECT Id FROM Campaign WHERE CM_Campaign_Id__c = '{earlier}'") == []
    (made,) = world.query(
        f"SELECT Id, Type, IsActive, StartDate, CM_Num_Opens__c FROM Campaign WHERE CM_Campaign_Id__c = '{campaign}'"
    )
    assert (made["Type"], made["IsActive"], made["StartDate"], made["CM_Num_Opens__c"]) == (
        "Email",
        True,
        "2026-03-10",
        3,
    )
    assert world.record(campaign)["Salesforce_Campaign__c"] == made["Id"]


def test_only_campaigns_that_pass_the_filters_are_created(world: World) -> None:
    """F43, F44: on or after the start date, with any of the tags."""
    creating(world, start_date="2026-03-11", filter_tags=True, tags=["News", "Sale"])
    day = NOON + timedelta(days=1)
    wanted = world.campaign(sent=day, Tags__c="other;NEWS")
    untagged = world.campaign(sent=day, Tags__c="newsletter")
    early = world.campaign(sent=NOON + timedelta(hours=1), Tags__c="Sale")

    linked = world.run("links").linked_campaigns

    assert wanted in linked
    assert untagged not in linked
    assert early not in linked


def test_a_created_campaign_that_somebody_deletes_is_not_created_again(world: World) -> None:
    """What a person has taken away stays away."""
    creating(world)
    campaign = world.campaign()
    crm_id = world.run("links").linked_campaigns[campaign]
    world.within(lambda crm: crm.records.delete("Campaign", crm_id))
    assert campaign not in world.run("links").linked_campaigns
    assert campaign not in world.run("links").linked_campaigns


def test_killed_between_creating_and_linking_makes_no_second_campaign(world: World) -> None:
    """Whatever was noted of the first: the next run finds it by the campaign's id."""
    creating(world)
    campaign = world.campaign()
    first = world.run("links").linked_campaigns[campaign]
    # as if the run had died after the creating call
    Link.objects.filter(scope__org=world.org).delete()
    world.update("CM_Campaign__c", world.record(campaign)["Id"], Salesforce_Campaign__c=None)

    assert world.run("links").linked_campaigns[campaign] == first
    assert len(world.query(f"SELECT Id FROM Campaign WHERE CM_Campaign_Id__c = '{campaign}'")) == 1


def test_a_campaign_that_the_org_will_not_create_is_told_and_the_others_are(world: World) -> None:
    """The refusal has a reason and stands in the ledger; links and members go on; the next run offers it again."""
    creating(world, parent="701000000000001AAA")
    campaign = world.campaign()
    hand, crm_id = world.linked()
    with pytest.raises(CannotCreate, match=r"Correct “Parent of created campaigns” \(701000000000001AAA\)"):
        world.run("links")
    linked = records.known(world.org.pk)
    assert linked[hand] == crm_id
    assert campaign not in linked
    assert "refused:" in world.progress.told["links"]["message"]
    assert RowRefusal.objects.filter(org=world.org, scope__kind="campaign_links").exists()
    world.choose(parent="")
    assert campaign in world.run("links").linked_campaigns
    assert not RowRefusal.objects.filter(org=world.org, scope__kind="campaign_links").exists()


def test_a_full_org_is_told_as_what_must_be_put_right(world: World) -> None:
    """No campaign at all can be created, no member written: the stage says so; afterwards everything is."""
    creating(world)
    campaign = world.campaign()
    world.fault(fault="storage_full", times=1, match={"object": "^Campaign$"})
    with pytest.raises(LinksBlocked):
        world.run("links")
    crm_id = world.run("links").linked_campaigns[campaign]
    world.did(campaign, *world.contacts(1))
    world.fault(fault="storage_full", times=1, match={"object": "^CampaignMember$"})
    with pytest.raises(MembersBlocked):
        world.run()
    world.run()
    assert len(world.members(crm_id)) == 1


def test_people_become_members_with_what_they_did(world: World) -> None:
    """A contact before a lead, the status by the map with its response, missing statuses added, dates and counts shown."""
    campaign, crm_id = world.linked()
    contact, both = world.contacts(2)
    lead, beside = world.leads(2)
    world.did(campaign, contact, last=Activity.CLICKED, minute=9, opens=2, clicks=1)
    world.did(campaign, lead=lead, last=Activity.OPENED, minute=5, opens=1)
    world.did(campaign, both, beside)
    world.did(campaign)

    run = world.run()

    shown = {member["ContactId"] or member["LeadId"]: member for member in world.members(crm_id)}
    assert set(shown) == {contact, lead, both}
    assert (shown[contact]["Status"], shown[contact]["HasResponded"]) == ("Clicked", True)
    assert shown[contact]["CM_Activity_Date__c"].startswith("2026-03-10T12:09:00")
    assert (shown[contact]["CM_Opens__c"], shown[contact]["CM_Clicks__c"]) == (2, 1)
    assert (shown[lead]["Status"], shown[lead]["HasResponded"]) == ("Opened", False)
    assert (shown[both]["Status"], shown[both]["CM_Activity__c"]) == ("Sent", "Sent")
    assert world.statuses(crm_id)["Clicked"] is True
    assert world.due() == 1  # nobody's yet
    assert run.totals["campaign_members_written"] == 3


def test_a_second_run_without_news_asks_nothing_about_members(world: World) -> None:
    """Calls grow with what changed."""
    campaign, _ = world.linked()
    world.did(campaign, *world.contacts(1))
    world.run()
    before = len(list(world.emulators.get("salesforce", "/_control/requests")))
    world.run("campaign_members", then={campaign: "701000000000000AAA"})
    asked = len(list(world.emulators.get("salesforce", "/_control/requests"))) - before
    assert asked <= 3  # signing in and the version


@pytest.mark.parametrize(
    ("refresh", "after_open", "after_click"),
    [("always", "Opened", "Clicked"), ("never", "Sent", "Sent"), ("once", "Opened", "Opened")],
)
def test_the_status_follows_as_it_is_chosen(world: World, refresh: str, after_open: str, after_click: str) -> None:
    """F46: what was done last, the first interaction, or nothing; activity and counts follow in any case."""
    world.choose(status_refresh=refresh)
    campaign, crm_id = world.linked()
    row = world.did(campaign, *world.contacts(1))
    world.run()
    opened = {"opens": 1, "first_activity": "Opened", "first_at": NOON + timedelta(minutes=1), "written": False}
    seen = []
    for last, minute, clicks in (("Opened", 1, 0), ("Clicked", 2, 1)):
        told = {**opened, "last_activity": last, "last_at": NOON + timedelta(minutes=minute), "clicks": clicks}
        CampaignActivity.objects.filter(pk=row.pk).update(**told)
        world.run()
        (member,) = world.members(crm_id)
        seen.append((member["Status"], member["CM_Activity__c"], member["CM_Clicks__c"]))
    assert seen == [(after_open, "Opened", 0), (after_click, "Clicked", 1)]


def test_a_status_set_by_hand_stays_until_something_later_happens(world: World) -> None:
    """F50: the date decides."""
    campaign, crm_id = world.linked()
    row = world.did(campaign, *world.contacts(1), last=Activity.OPENED, minute=5, opens=1)
    world.run()
    (member,) = world.members(crm_id)
    world.update("CampaignMember", member["Id"], Status="Responded")
    CampaignActivity.objects.filter(pk=row.pk).update(opens=2, written=False)
    world.run()
    (member,) = world.members(crm_id)
    assert (member["Status"], member["CM_Opens__c"]) == ("Responded", 2)
    CampaignActivity.objects.filter(pk=row.pk).update(last_at=NOON + timedelta(hours=1), written=False)
    world.run()
    assert world.members(crm_id)[0]["Status"] == "Opened"


def test_without_creating_statuses_a_member_that_needs_one_is_refused_with_its_name(world: World) -> None:
    """F47: the others are written; the row stays due, and is written once the option is on."""
    world.choose(auto_create_statuses=False)
    campaign, crm_id = world.linked()
    sent, clicked = world.contacts(2)
    world.did(campaign, sent)
    world.did(campaign, clicked, last=Activity.CLICKED, minute=1)

    world.run()

    assert [member["ContactId"] for member in world.members(crm_id)] == [sent]
    (refusal,) = world.refusals(campaign)
    assert refusal.code == "FL-353"
    assert "“Clicked”" in refusal.reason
    assert "Create missing member statuses" in refusal.reason
    assert world.due() == 1
    world.choose(auto_create_statuses=True)
    world.run()
    assert len(world.members(crm_id)) == 2
    assert (world.refusals(campaign), world.due()) == ([], 0)


def test_without_creating_members_only_those_there_are_told(world: World) -> None:
    """F42 off: nobody is added; who is a member already shows activity; turned on, the others come."""
    world.choose(create_members=False)
    campaign, crm_id = world.linked()
    there, other = world.contacts(2)
    world.within(lambda crm: crm.records.create("CampaignMember", {"CampaignId": crm_id, "ContactId": there}))
    for contact in (there, other):
        world.did(campaign, contact, last=Activity.OPENED, opens=1)
    world.run()
    assert [(m["ContactId"], m["Status"]) for m in world.members(crm_id)] == [(there, "Opened")]
    world.choose(create_members=True)
    world.run()
    assert {m["ContactId"] for m in world.members(crm_id)} == {there, other}


def test_two_addresses_of_one_contact_are_one_member(world: World) -> None:
    """Counts add up, also when only one of the addresses has news; the later activity is shown."""
    campaign, crm_id = world.linked()
    (contact,) = world.contacts(1)
    world.did(campaign, contact, last=Activity.OPENED, minute=1, opens=3)
    world.run()
    world.did(campaign, contact, last=Activity.CLICKED, minute=9, opens=2, clicks=1)
    world.run()
    (member,) = world.members(crm_id)
    assert (member["CM_Opens__c"], member["CM_Clicks__c"], member["CM_Activity__c"]) == (5, 1, "Clicked")


def test_a_person_who_came_in_as_a_lead_stays_that_member(world: World) -> None:
    """A contact that is linked later makes no second member of the same person."""
    campaign, crm_id = world.linked()
    (contact,), (lead,) = world.contacts(1), world.leads(1)
    row = world.did(campaign, lead=lead)
    world.run()
    CampaignActivity.objects.filter(pk=row.pk).update(contact=contact, opens=1, written=False)
    world.run()
    (member,) = world.members(crm_id)
    assert (member["LeadId"], member["CM_Opens__c"]) == (lead, 1)


def test_a_converted_lead_becomes_a_member_as_its_contact(world: World) -> None:
    """The lead's id may be old news: what it was converted to is a member then, once."""
    campaign, crm_id = world.linked()
    before, after = world.leads(2)
    row = world.did(campaign, lead=before)
    world.run()
    contacts = {lead: convert(world, lead) for lead in (before, after)}
    world.did(campaign, lead=after)
    CampaignActivity.objects.filter(pk=row.pk).update(opens=1, written=False)
    world.run()
    assert {m["ContactId"] for m in world.members(crm_id)} == set(contacts.values())
    assert len(world.members(crm_id)) == 2
    assert world.due() == 0


def convert(world: World, lead: str) -> str:
    """Converts a lead; the contact's id."""
    world.emulators.post("salesforce", "/_control/act", {"act": "convert", "id": lead})
    return str(world.get("Lead", lead)["ConvertedContactId"])


def test_a_deleted_contact_is_refused_once_and_others_are_written(world: World) -> None:
    """With its reason; not offered again each hour, but when there is news; with a lead beside, the lead becomes the member."""
    campaign, crm_id = world.linked()
    gone, there, with_lead = world.contacts(3)
    (lead,) = world.leads(1)
    for contact in (gone, with_lead):
        world.within(lambda crm, contact=contact: crm.records.delete("Contact", contact))
    row = world.did(campaign, gone)
    world.did(campaign, there)
    world.did(campaign, with_lead, lead)
    world.run()
    assert {m["ContactId"] or m["LeadId"] for m in world.members(crm_id)} == {there, lead}
    (refusal,) = world.refusals(campaign)
    assert refusal.reason
    assert not refusal.retryable

    told = world.run()
    assert told.totals.get("campaign_members_refused", 0) == 0
    CampaignActivity.objects.filter(pk=row.pk).update(opens=1)
    assert world.run().totals["campaign_members_refused"] == 1


@pytest.mark.parametrize("fault", [{"match": {"object": "^CampaignMember$"}}, {"match": {"parent": "^Campaign$"}}])
def test_locked_rows_are_tried_again_within_the_run(world: World, fault: dict[str, object]) -> None:
    """Another process holds the campaign or some members for a while: all are written in the end, and nobody twice."""
    campaign, crm_id = world.linked()
    contacts = world.contacts(5)
    for contact in contacts:
        world.did(campaign, contact)
    world.fault(fault="row_lock", times=2, data={"rows": 3}, **fault)
    world.run()
    assert sorted(m["ContactId"] for m in world.members(crm_id)) == sorted(contacts)
    assert (world.due(), world.refusals(campaign)) == (0, [])


def test_a_row_that_stays_locked_is_due_again_with_its_reason(world: World) -> None:
    """The run goes on; the next one writes it."""
    campaign, crm_id = world.linked()
    world.did(campaign, *world.contacts(1))
    world.fault(fault="row_lock", times=4, match={"object": "^CampaignMember$"})
    world.run()
    (refusal,) = world.refusals(campaign)
    assert (refusal.code, refusal.retryable, world.due()) == ("UNABLE_TO_LOCK_ROW", True, 1)
    world.run()
    assert (len(world.members(crm_id)), world.refusals(campaign), world.due()) == (1, [], 0)


def test_a_lost_answer_makes_no_second_member(world: World) -> None:
    """Read before it is repeated."""
    campaign, crm_id = world.linked()
    contacts = world.contacts(3)
    for contact in contacts:
        world.did(campaign, contact, last=Activity.OPENED, opens=1)
    world.fault(fault="lost_answer", times=1, match={"method": "POST", "path": "composite/sobjects$"}, after=1)
    world.run()
    assert world.struck("lost_answer") == 1
    assert sorted(m["ContactId"] for m in world.members(crm_id)) == sorted(contacts)
    assert world.due() == 0


def test_linked_elsewhere_all_of_it_is_written_there(world: World) -> None:
    """The lookup of another Salesforce campaign takes the campaign over once the first has let it go."""
    campaign, first = world.linked()
    (contact,) = world.contacts(1)
    world.did(campaign, contact, last=Activity.OPENED, opens=1)
    world.run()
    second = world.crm_campaign(CM_Campaign__c=world.record(campaign)["Id"])
    both = world.run()
    assert both.linked_campaigns[campaign] == first
    assert "2 Salesforce campaigns" in world.progress.told["links"]["message"]
    world.update("Campaign", first, CM_Campaign__c=None, CM_Campaign_Id__c=None)
    assert world.run().linked_campaigns[campaign] == second
    assert [m["ContactId"] for m in world.members(second)] == [contact]
    assert [m["ContactId"] for m in world.members(first)] == [contact]
