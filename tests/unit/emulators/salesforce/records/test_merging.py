"""Merge makes one record of up to three, and loses none of their children."""

import pytest

from tests.unit.emulators.salesforce.records.test_conversion import CUSTOM


@pytest.fixture
def people(desk):
    return [desk.make("Contact", LastName=name, Email=f"{name}@example.com") for name in "abc"]


def test_losers_are_deleted_and_name_their_master(desk, people):
    winner, *losers = people
    done = desk.act(act="merge", object="Contact", id=winner, losers=losers, fields={"Email": "new@example.com"})
    assert (done["id"], done["merged"]) == (winner, losers)
    found = desk.query(
        "SELECT Id, IsDeleted, MasterRecordId FROM Contact WHERE MasterRecordId != null", everything=True
    )
    assert {(r["Id"], r["IsDeleted"], r["MasterRecordId"]) for r in found} == {(i, True, winner) for i in losers}
    after = desk.read("Contact", winner)
    assert (after["LastName"], after["Email"]) == ("a", "new@example.com")


def test_children_go_to_the_winner_and_stay_when_a_loser_comes_back(desk, people):
    assert desk.client.deploy({"objects/Note__c.object": CUSTOM})["success"]
    winner, loser, _ = people
    note, task = desk.make("Note__c", Contact__c=loser), desk.make("Task", WhoId=loser, Subject="Call")
    before = desk.read("Contact", winner)
    desk.client.control("clock", {"advance_seconds": 60})
    desk.act(act="merge", object="Contact", id=winner, losers=[loser])
    assert (desk.read("Note__c", note)["Contact__c"], desk.read("Task", task)["WhoId"]) == (winner, winner)
    assert desk.read("Contact", winner)["LastModifiedDate"] == before["LastModifiedDate"]
    desk.act(act="undelete", object="Contact", id=loser)
    assert desk.read("Contact", loser)["MasterRecordId"] is None
    assert desk.read("Note__c", note)["Contact__c"] == winner


def test_the_history_of_a_loser_stays_with_it(desk, people):
    desk.client.control("settings", {"tracked_fields": {"Contact": ["HasOptedOutOfEmail"]}})
    winner, loser, _ = people
    desk.act(act="edit", object="Contact", id=loser, fields={"HasOptedOutOfEmail": True})
    desk.act(act="merge", object="Contact", id=winner, losers=[loser])
    assert (
        desk.query(f"SELECT Id FROM ContactHistory WHERE ContactId = '{winner}' AND Field = 'HasOptedOutOfEmail'") == []
    )


def test_memberships_collapse_to_one_a_campaign(desk, people):
    one, two = desk.make("Campaign", Name="One"), desk.make("Campaign", Name="Two")
    winner, second, third = people
    kept = desk.make("CampaignMember", CampaignId=one, ContactId=winner)
    desk.make("CampaignMember", CampaignId=one, ContactId=second, Status="Responded")
    moved = desk.make("CampaignMember", CampaignId=two, ContactId=second)
    desk.make("CampaignMember", CampaignId=two, ContactId=third)
    desk.act(act="merge", object="Contact", id=winner, losers=[second, third])
    found = desk.query("SELECT Id, ContactId, LastName FROM CampaignMember")
    assert {(m["Id"], m["ContactId"], m["LastName"]) for m in found} == {(kept, winner, "a"), (moved, winner, "a")}
    assert [desk.read("Campaign", c)["NumberOfContacts"] for c in (one, two)] == [1, 1]


def test_what_cannot_be_merged_is_refused_and_nothing_is_changed(desk, people):
    winner, second, third = people
    fourth = desk.make("Contact", LastName="d")
    gone = desk.make("Contact", LastName="e")
    desk.delete("Contact", gone)

    def refusal(losers, **more):
        return desk.act_refused(**{"act": "merge", "object": "Contact", "id": winner, "losers": losers, **more})

    assert "INVALID_INPUT" in refusal([second, third, fourth])
    assert "INVALID_INPUT" in refusal([])
    assert "INVALID_INPUT" in refusal([winner])
    assert "ENTITY_IS_DELETED" in refusal([gone])
    assert "INVALID_CROSS_REFERENCE_KEY" in refusal([desk.make("Account", Name="x")])
    assert "INVALID_EMAIL_ADDRESS" in refusal([second], fields={"Email": "nothing"})
    assert "losers" in refusal("all")
    campaign = desk.make("Campaign", Name="One")
    asked = {"act": "merge", "object": "Campaign", "id": campaign, "losers": [desk.make("Campaign", Name="Two")]}
    assert "INVALID_TYPE_FOR_OPERATION" in desk.act_refused(**asked)
    assert len(desk.query("SELECT Id FROM Contact")) == 4


def test_a_winner_that_pointed_to_a_loser_points_to_nobody(desk):
    top = desk.make("Account", Name="Top")
    below = desk.make("Account", Name="Below", ParentId=top)
    desk.act(act="merge", object="Account", id=below, losers=[top])
    assert desk.read("Account", below)["ParentId"] is None


def test_converted_leads_are_not_merged(desk):
    one, two = (desk.make("Lead", LastName=n, Company="C") for n in "ab")
    desk.act(act="convert", id=two)
    assert "CANNOT_UPDATE_CONVERTED_LEAD" in desk.act_refused(act="merge", object="Lead", id=one, losers=[two])
