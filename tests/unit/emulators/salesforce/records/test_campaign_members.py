"""Campaign members are one person each, speak the campaign's words, and show their person as it is."""

import pytest


@pytest.fixture
def campaign(desk):
    return desk.make("Campaign", Name="Spring")


def status(desk, campaign, label):
    asked = f"SELECT Id FROM CampaignMemberStatus WHERE CampaignId = '{campaign}' AND Label = '{label}'"
    return desk.query(asked)[0]["Id"]


def test_a_new_campaign_says_sent_and_responded(desk, campaign):
    found = desk.query("SELECT Label, SortOrder, IsDefault, HasResponded FROM CampaignMemberStatus ORDER BY SortOrder")
    assert [(s["Label"], s["SortOrder"], s["IsDefault"], s["HasResponded"]) for s in found] == [
        ("Sent", 1, True, False),
        ("Responded", 2, False, True),
    ]


def test_a_member_is_a_contact_or_a_lead(desk, campaign):
    assert desk.refused("CampaignMember", CampaignId=campaign)[0] == "REQUIRED_FIELD_MISSING"
    assert desk.refused("CampaignMember", ContactId=desk.make("Contact", LastName="A"))[0] == "REQUIRED_FIELD_MISSING"


def test_of_contact_and_lead_the_contact_is_taken(desk, campaign):
    contact, lead = desk.make("Contact", LastName="A"), desk.make("Lead", LastName="B", Company="C")
    member = desk.read(
        "CampaignMember", desk.make("CampaignMember", CampaignId=campaign, ContactId=contact, LeadId=lead)
    )
    assert (member["ContactId"], member["LeadId"], member["Type"]) == (contact, None, "Contact")


def test_whom_and_where_a_member_belongs_cannot_be_changed(desk, campaign):
    contact, other = desk.make("Contact", LastName="A"), desk.make("Contact", LastName="B")
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    for field, value in (
        ("ContactId", other),
        ("CampaignId", campaign),
        ("HasResponded", True),
        ("Email", "a@example.com"),
    ):
        assert desk.refused("CampaignMember", member, **{field: value})[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_nobody_is_on_a_campaign_twice(desk, campaign):
    contact, lead = desk.make("Contact", LastName="A"), desk.make("Lead", LastName="B", Company="C")
    for field, person in (("ContactId", contact), ("LeadId", lead)):
        desk.make("CampaignMember", CampaignId=campaign, **{field: person})
        refused = desk.refused("CampaignMember", CampaignId=campaign, **{field: person})
        assert refused == ("DUPLICATE_VALUE", "Already a campaign member.")
    records = [
        {
            "attributes": {"type": "CampaignMember"},
            "CampaignId": desk.make("Campaign", Name="Two"),
            "ContactId": contact,
        }
    ] * 2
    results = desk.client.ask("POST", "/composite/sobjects", json={"records": records}).json()
    assert [r["success"] for r in results] == [True, False]


def test_responding_follows_the_status(desk, campaign):
    contact = desk.make("Contact", LastName="A")
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    fresh = desk.read("CampaignMember", member)
    assert (fresh["Status"], fresh["HasResponded"], fresh["FirstRespondedDate"]) == ("Sent", False, None)
    desk.change("CampaignMember", member, Status="responded")
    after = desk.read("CampaignMember", member)
    assert (after["Status"], after["HasResponded"]) == ("Responded", True)
    first = after["FirstRespondedDate"]
    assert first
    desk.client.control("clock", {"advance_seconds": 10 * 86_400})
    desk.change("CampaignMember", member, Status="Sent")
    desk.change("CampaignMember", member, Status="Responded")
    assert desk.read("CampaignMember", member)["FirstRespondedDate"] == first


def test_an_unknown_status_becomes_the_default_or_is_refused_by_setting(desk, campaign):
    one, two = desk.make("Contact", LastName="A"), desk.make("Contact", LastName="B")
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=one, Status="Nonsense")
    assert desk.read("CampaignMember", member)["Status"] == "Sent"
    desk.settings(unknown_member_status="refuse")
    refused = desk.refused("CampaignMember", CampaignId=campaign, ContactId=two, Status="Nonsense")
    assert refused[0] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert desk.refused("CampaignMember", member, Status="Nonsense")[0] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_member_shows_its_contact_and_follows_it(desk, campaign):
    account = desk.make("Account", Name="Harbour")
    contact = desk.make(
        "Contact", FirstName="Zoë", LastName="A", Email="a@example.com", AccountId=account, MailingCity="Oslo"
    )
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    shown = desk.read("CampaignMember", member)
    names = ("Name", "FirstName", "Email", "City", "CompanyOrAccount", "HasOptedOutOfEmail", "LeadOrContactId", "Type")
    assert [shown[n] for n in names] == ["Zoë A", "Zoë", "a@example.com", "Oslo", "Harbour", False, contact, "Contact"]
    desk.client.control("clock", {"advance_seconds": 60})
    desk.change("Contact", contact, Email="b@example.com", HasOptedOutOfEmail=True)
    desk.change("Account", account, Name="Port")
    after = desk.read("CampaignMember", member)
    assert [after[n] for n in ("Email", "HasOptedOutOfEmail", "CompanyOrAccount")] == ["b@example.com", True, "Port"]
    assert after["SystemModstamp"] == shown["SystemModstamp"]


def test_a_member_shows_its_lead_and_follows_it(desk, campaign):
    lead = desk.make("Lead", LastName="B", Company="Acme", Email="b@example.com")
    member = desk.make("CampaignMember", CampaignId=campaign, LeadId=lead)
    assert desk.read("CampaignMember", member)["CompanyOrAccount"] == "Acme"
    desk.change("Lead", lead, Company="Acme 2", HasOptedOutOfEmail=True)
    after = desk.read("CampaignMember", member)
    assert (after["CompanyOrAccount"], after["HasOptedOutOfEmail"], after["Type"]) == ("Acme 2", True, "Lead")


def test_the_campaign_counts_its_members(desk, campaign):
    contact, lead = desk.make("Contact", LastName="A"), desk.make("Lead", LastName="B", Company="C")
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Responded")
    desk.make("CampaignMember", CampaignId=campaign, LeadId=lead)

    def counts():
        found = desk.read("Campaign", campaign)
        return tuple(found[f"NumberOf{n}"] for n in ("Contacts", "Leads", "ConvertedLeads", "Responses"))

    assert counts() == (1, 1, 0, 1)
    desk.change("CampaignMember", member, Status="Sent")
    assert counts() == (1, 1, 0, 0)
    desk.delete("Lead", lead)
    desk.delete("CampaignMember", member)
    assert counts() == (0, 0, 0, 0)
    desk.act(act="undelete", object="Lead", id=lead)
    assert counts() == (0, 1, 0, 0)


def test_a_campaign_has_one_default_status(desk, campaign):
    made = desk.make("CampaignMemberStatus", CampaignId=campaign, Label="Opened", IsDefault=True)
    found = desk.query("SELECT Label, SortOrder FROM CampaignMemberStatus WHERE IsDefault = true")
    assert [(s["Label"], s["SortOrder"]) for s in found] == [("Opened", 3)]
    assert desk.refused("CampaignMemberStatus", made, IsDefault=False)[0] == "FIELD_INTEGRITY_EXCEPTION"
    desk.change("CampaignMemberStatus", status(desk, campaign, "Sent"), IsDefault=True)
    found = desk.query("SELECT Label FROM CampaignMemberStatus WHERE IsDefault = true")
    assert [s["Label"] for s in found] == ["Sent"]


def test_a_campaign_keeps_a_status_that_means_a_response(desk, campaign):
    responded = status(desk, campaign, "Responded")
    assert desk.refused("CampaignMemberStatus", responded, HasResponded=False)[0] == "FIELD_INTEGRITY_EXCEPTION"
    assert desk.delete_refused("CampaignMemberStatus", responded) == "DELETE_FAILED"
    desk.make("CampaignMemberStatus", CampaignId=campaign, Label="Clicked", HasResponded=True)
    desk.delete("CampaignMemberStatus", responded)


def test_labels_and_places_are_had_once_in_a_campaign(desk, campaign):
    assert desk.refused("CampaignMemberStatus", CampaignId=campaign, Label="sent")[0] == "DUPLICATE_VALUE"
    assert desk.refused("CampaignMemberStatus", CampaignId=campaign, Label="X", SortOrder=2)[0] == "DUPLICATE_VALUE"
    other = desk.make("Campaign", Name="Other")
    desk.make("CampaignMemberStatus", CampaignId=other, Label="X", SortOrder=9)
    assert desk.refused("CampaignMemberStatus", CampaignId=other, Label="x" * 766)[0] == "STRING_TOO_LONG"


def test_the_default_and_what_is_in_use_stay(desk, campaign):
    assert desk.delete_refused("CampaignMemberStatus", status(desk, campaign, "Sent")) == "DELETE_FAILED"
    opened = desk.make("CampaignMemberStatus", CampaignId=campaign, Label="Opened")
    member = desk.make(
        "CampaignMember", CampaignId=campaign, ContactId=desk.make("Contact", LastName="A"), Status="Opened"
    )
    assert desk.delete_refused("CampaignMemberStatus", opened) == "DELETE_FAILED"
    desk.delete("CampaignMember", member)
    desk.delete("CampaignMemberStatus", opened)


def test_members_follow_a_status_that_gets_another_label_or_meaning(desk, campaign):
    opened = desk.make("CampaignMemberStatus", CampaignId=campaign, Label="Opened")
    member = desk.make(
        "CampaignMember", CampaignId=campaign, ContactId=desk.make("Contact", LastName="A"), Status="Opened"
    )
    desk.change("CampaignMemberStatus", opened, Label="Read", HasResponded=True)
    after = desk.read("CampaignMember", member)
    assert (after["Status"], after["HasResponded"]) == ("Read", True)
    assert after["FirstRespondedDate"]
    assert desk.read("Campaign", campaign)["NumberOfResponses"] == 1


def test_deleting_a_campaign_takes_members_and_statuses_along_and_brings_them_back(desk, campaign):
    contact = desk.make("Contact", LastName="A")
    member = desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    desk.delete("Campaign", campaign)
    assert desk.query("SELECT Id FROM CampaignMember") == desk.query("SELECT Id FROM CampaignMemberStatus") == []
    desk.act(act="undelete", object="Campaign", id=campaign)
    assert [m["Id"] for m in desk.query("SELECT Id FROM CampaignMember")] == [member]
    assert desk.read("Campaign", campaign)["NumberOfContacts"] == 1


def test_an_account_is_a_member_where_the_org_allows_it(desk, campaign):
    account = desk.make("Account", Name="Acme", Phone="1")
    assert desk.refused("CampaignMember", CampaignId=campaign, AccountId=account)[0] == "INVALID_FIELD"
    desk.settings(campaign_member_accounts=True)
    member = desk.read("CampaignMember", desk.make("CampaignMember", CampaignId=campaign, AccountId=account))
    assert (member["Name"], member["Phone"], member["Type"]) == ("Acme", "1", "Account")
    assert desk.refused("CampaignMember", CampaignId=campaign, AccountId=account)[0] == "DUPLICATE_VALUE"


def test_statuses_may_be_closed_to_the_api(desk, campaign):
    desk.settings(campaign_member_statuses_createable=False)
    assert desk.client.ask("GET", "/sobjects/CampaignMemberStatus/describe").json()["createable"] is False
    assert desk.refused("CampaignMemberStatus", CampaignId=campaign, Label="X")[0] == "INVALID_TYPE_FOR_OPERATION"
    assert desk.make("Campaign", Name="Still made")
