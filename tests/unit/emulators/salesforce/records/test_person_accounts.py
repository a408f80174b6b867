"""An account that is a person has a contact behind it, and both are one."""

import pytest

VIP = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <fields><fullName>Vip__c</fullName><label>Vip</label><type>Text</type><length>20</length></fields>
</CustomObject>"""


@pytest.fixture
def persons(desk):
    desk.settings(person_accounts=True)
    return desk


def test_without_the_setting_there_are_no_persons(desk):
    fields = {f["name"] for f in desk.client.ask("GET", "/sobjects/Account/describe").json()["fields"]}
    assert not fields & {"IsPersonAccount", "PersonEmail", "LastName"}


def test_a_person_is_account_and_contact(persons):
    account = persons.make(
        "Account", FirstName="Zoë", LastName="A", PersonEmail="a@example.com", PersonHasOptedOutOfEmail=True, Phone="1"
    )
    read = persons.read("Account", account)
    assert (read["Name"], read["IsPersonAccount"]) == ("Zoë A", True)
    contact = persons.read("Contact", read["PersonContactId"])
    names = ("Name", "Email", "HasOptedOutOfEmail", "AccountId", "IsPersonAccount", "Phone")
    assert [contact[n] for n in names] == ["Zoë A", "a@example.com", True, account, True, "1"]
    persons.change("Account", account, LastName="B", PersonEmail="b@example.com")
    contact = persons.read("Contact", read["PersonContactId"])
    assert (contact["Name"], contact["Email"]) == ("Zoë B", "b@example.com")
    assert persons.read("Account", account)["Name"] == "Zoë B"
    assert len(persons.query("SELECT Id FROM Contact WHERE AccountId != null")) == 1


def test_custom_fields_of_contact_are_seen_from_the_account(persons):
    assert persons.client.deploy({"objects/Contact.object": VIP})["success"]
    account = persons.make("Account", LastName="A", Vip__pc="gold")
    found = persons.query("SELECT PersonContactId, Vip__pc, PersonContact.Vip__c FROM Account")
    assert [(r["Vip__pc"], r["PersonContact"]["Vip__c"]) for r in found] == [("gold", "gold")]
    persons.change("Account", account, Vip__pc=None)
    assert persons.query("SELECT Vip__c FROM Contact")[0]["Vip__c"] is None


def test_the_contact_is_written_through_the_account(persons):
    account = persons.make("Account", LastName="A")
    contact = persons.read("Account", account)["PersonContactId"]
    assert persons.refused("Contact", contact, Email="a@example.com")[0] == "INVALID_OPERATION"
    assert persons.delete_refused("Contact", contact) == "INVALID_OPERATION"


def test_business_accounts_stay_what_they_are(persons):
    assert persons.refused("Account")[0] == "REQUIRED_FIELD_MISSING"
    both = persons.refused("Account", Name="Acme", LastName="A")
    assert both[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    account = persons.make("Account", Name="Acme")
    read = persons.read("Account", account)
    assert (read["IsPersonAccount"], read["PersonContactId"]) == (False, None)
    assert persons.refused("Account", account, PersonEmail="a@example.com")[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert (
        persons.refused("Account", persons.make("Account", LastName="A"), LastName=None)[0] == "REQUIRED_FIELD_MISSING"
    )


def test_a_member_is_the_contact_behind_and_goes_and_comes_with_the_account(persons):
    campaign = persons.make("Campaign", Name="C")
    account = persons.make("Account", LastName="A", PersonEmail="a@example.com")
    contact = persons.read("Account", account)["PersonContactId"]
    member = persons.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    persons.change("Account", account, PersonEmail="b@example.com")
    assert persons.read("CampaignMember", member)["Email"] == "b@example.com"
    persons.delete("Account", account)
    assert persons.query("SELECT Id FROM Contact") == persons.query("SELECT Id FROM CampaignMember") == []
    persons.act(act="undelete", object="Account", id=account)
    after = persons.read("Contact", contact)
    assert (after["AccountId"], persons.read("Account", account)["PersonContactId"]) == (account, contact)
    assert persons.read("CampaignMember", member)["Email"] == "b@example.com"


def test_persons_merge_with_persons(persons):
    campaign = persons.make("Campaign", Name="C")
    winner, loser = (persons.make("Account", LastName=n) for n in "ab")
    contacts = [persons.read("Account", a)["PersonContactId"] for a in (winner, loser)]
    member = persons.make("CampaignMember", CampaignId=campaign, ContactId=contacts[1])
    business = persons.make("Account", Name="Acme")
    assert "INVALID_INPUT" in persons.act_refused(act="merge", object="Account", id=winner, losers=[business])
    assert "INVALID_OPERATION" in persons.act_refused(
        act="merge", object="Contact", id=contacts[0], losers=[contacts[1]]
    )
    persons.act(act="merge", object="Account", id=winner, losers=[loser])
    assert persons.read("CampaignMember", member)["ContactId"] == contacts[0]
    assert [c["Id"] for c in persons.query("SELECT Id FROM Contact")] == [contacts[0]]


def test_a_person_takes_4_kb(persons):
    left = persons.client.emulator.org
    from fairlead_emulators.salesforce.state.limits import storage_used_kb

    before = storage_used_kb(left)
    persons.make("Account", LastName="A")
    assert storage_used_kb(left) - before == 4
