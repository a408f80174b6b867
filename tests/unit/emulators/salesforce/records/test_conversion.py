"""A converted lead has become an account and a contact, and changes no more."""

import pytest

CUSTOM = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <label>Note</label><pluralLabel>Notes</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
  <sharingModel>ReadWrite</sharingModel><nameField><label>Name</label><type>Text</type></nameField>
  <fields><fullName>Lead__c</fullName><label>Lead</label><type>Lookup</type><referenceTo>Lead</referenceTo>
    <relationshipName>Notes</relationshipName></fields>
  <fields><fullName>Contact__c</fullName><label>Contact</label><type>Lookup</type><referenceTo>Contact</referenceTo>
    <relationshipName>Notes</relationshipName></fields>
</CustomObject>"""


@pytest.fixture
def lead(desk):
    return desk.make(
        "Lead",
        FirstName="Zoë",
        LastName="B",
        Company="Acme",
        Email="b@example.com",
        City="Oslo",
        HasOptedOutOfEmail=True,
    )


def test_conversion_makes_account_and_contact_of_the_lead(desk, lead):
    done = desk.act(act="convert", id=lead)
    account, contact = desk.read("Account", done["account_id"]), desk.read("Contact", done["contact_id"])
    assert (account["Name"], account["BillingCity"]) == ("Acme", "Oslo")
    names = ("Name", "Email", "MailingCity", "HasOptedOutOfEmail", "AccountId")
    assert [contact[n] for n in names] == ["Zoë B", "b@example.com", "Oslo", True, done["account_id"]]
    after = desk.read("Lead", lead)
    assert (after["IsConverted"], after["Status"], after["ConvertedContactId"], after["ConvertedAccountId"]) == (
        True, "Closed - Converted", done["contact_id"], done["account_id"],
    )  # fmt: skip
    assert after["ConvertedDate"]


def test_a_converted_lead_is_read_only_and_not_converted_again(desk, lead):
    desk.act(act="convert", id=lead)
    assert desk.refused("Lead", lead, Title="x")[0] == "CANNOT_UPDATE_CONVERTED_LEAD"
    assert "CANNOT_UPDATE_CONVERTED_LEAD" in desk.act_refused(act="convert", id=lead)
    campaign = desk.make("Campaign", Name="Late")
    assert desk.refused("CampaignMember", CampaignId=campaign, LeadId=lead)[0] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_an_existing_contact_keeps_what_it_has_and_gets_what_it_lacks(desk, lead):
    account = desk.make("Account", Name="Old")
    contact = desk.make("Contact", LastName="Other", AccountId=account, MailingCity="Bergen")
    done = desk.act(act="convert", id=lead, account_id=account, contact_id=contact)
    assert (done["account_id"], done["contact_id"]) == (account, contact)
    after = desk.read("Contact", contact)
    assert (after["LastName"], after["FirstName"], after["Email"], after["MailingCity"]) == (
        "Other", "Zoë", "b@example.com", "Bergen",
    )  # fmt: skip


def test_what_does_not_fit_is_refused_and_nothing_is_left(desk, lead):
    account, contact = desk.make("Account", Name="Old"), desk.make("Contact", LastName="Other")
    assert "REQUIRED_FIELD_MISSING" in desk.act_refused(act="convert", id=lead, contact_id=contact)
    assert "INVALID_CROSS_REFERENCE_KEY" in desk.act_refused(
        act="convert", id=lead, account_id=account, contact_id=contact
    )
    assert "INVALID_STATUS" in desk.act_refused(act="convert", id=lead, status="Working - Contacted")
    assert "INVALID_CROSS_REFERENCE_KEY" in desk.act_refused(act="convert", id="00Q5e0000000ZZZ")
    assert len(desk.query("SELECT Id FROM Account")) == 1
    assert desk.read("Lead", lead)["IsConverted"] is False


def test_members_and_tasks_go_to_the_contact_and_custom_lookups_stay(desk, lead):
    assert desk.client.deploy({"objects/Note__c.object": CUSTOM})["success"]
    campaign, second = desk.make("Campaign", Name="One"), desk.make("Campaign", Name="Two")
    account = desk.make("Account", Name="Old")
    contact = desk.make("Contact", LastName="Other", AccountId=account)
    member = desk.make("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    lost = desk.make("CampaignMember", CampaignId=second, LeadId=lead)
    kept = desk.make("CampaignMember", CampaignId=second, ContactId=contact)
    task, note = desk.make("Task", WhoId=lead, Subject="Call"), desk.make("Note__c", Lead__c=lead)
    desk.act(act="convert", id=lead, account_id=account, contact_id=contact)
    after = desk.read("CampaignMember", member)
    assert (after["ContactId"], after["LeadId"], after["Type"], after["LastName"], after["Status"]) == (
        contact, lead, "Contact", "Other", "Responded",
    )  # fmt: skip
    assert {m["Id"] for m in desk.query("SELECT Id FROM CampaignMember")} == {member, kept}
    assert lost not in {member, kept}
    assert desk.read("Task", task)["WhoId"] == contact
    assert desk.read("Note__c", note)["Lead__c"] == lead
    counted = desk.read("Campaign", campaign)
    assert [counted[f"NumberOf{n}"] for n in ("Leads", "ConvertedLeads", "Contacts")] == [1, 1, 1]
