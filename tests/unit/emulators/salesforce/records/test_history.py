"""The history of tracked fields is kept, of no others; opt-outs can be followed back."""

TRACKED = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <label>Case</label><pluralLabel>Cases</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
  <enableHistory>true</enableHistory>
  <sharingModel>ReadWrite</sharingModel><nameField><label>Name</label><type>Text</type></nameField>
  <fields><fullName>Kept__c</fullName><label>Kept</label><type>Text</type><length>20</length>
    <trackHistory>true</trackHistory></fields>
  <fields><fullName>Long__c</fullName><label>Long</label><type>LongTextArea</type><length>2000</length>
    <visibleLines>3</visibleLines><trackHistory>true</trackHistory></fields>
  <fields><fullName>Loose__c</fullName><label>Loose</label><type>Text</type><length>20</length></fields>
</CustomObject>"""
CONTACT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <fields><fullName>HasOptedOutOfEmail</fullName><trackHistory>true</trackHistory></fields>
</CustomObject>"""


def test_a_tracked_field_of_a_custom_object_leaves_a_row_a_change(desk):
    assert desk.client.deploy({"objects/Case__c.object": TRACKED})["success"]
    record = desk.make("Case__c", Kept__c="a", Loose__c="x")
    desk.change("Case__c", record, Kept__c="b", Loose__c="y")
    desk.change("Case__c", record, Kept__c="b", Long__c="x" * 256)
    found = desk.query(
        "SELECT ParentId, Field, OldValue, NewValue, CreatedById, Parent.Kept__c FROM Case__History ORDER BY Id"
    )
    assert [(r["Field"], r["OldValue"], r["NewValue"]) for r in found] == [
        ("created", None, None),
        ("Kept__c", "a", "b"),
        ("Long__c", None, None),
    ]
    assert {r["ParentId"] for r in found} == {record}
    assert found[0]["CreatedById"] == desk.client.emulator.org.identity.user_id
    (parent,) = desk.query("SELECT Id, (SELECT Field FROM Histories) FROM Case__c")
    assert parent["Histories"]["totalSize"] == 3


def test_opting_out_is_kept_when_the_org_tracks_it_by_deployment_or_by_setting(desk):
    contact, lead = desk.make("Contact", LastName="A"), desk.make("Lead", LastName="B", Company="C")
    desk.change("Contact", contact, HasOptedOutOfEmail=True)
    assert desk.query("SELECT Id FROM ContactHistory") == []
    assert desk.client.deploy({"objects/Contact.object": CONTACT})["success"]
    desk.settings(tracked_fields={"Lead": ["HasOptedOutOfEmail"]})
    desk.change("Contact", contact, HasOptedOutOfEmail=False)
    desk.change(
        "Lead", lead, HasOptedOutOfEmail=True, EmailBouncedReason="gone", EmailBouncedDate="2026-01-01T00:00:00Z"
    )
    found = desk.query("SELECT ContactId, Field, DataType, OldValue, NewValue FROM ContactHistory")
    assert [(r["ContactId"], r["Field"], r["DataType"], r["OldValue"], r["NewValue"]) for r in found] == [
        (contact, "HasOptedOutOfEmail", "Boolean", "true", "false")
    ]
    assert [r["NewValue"] for r in desk.query("SELECT NewValue FROM LeadHistory")] == ["true"]


def test_history_is_read_only_and_goes_with_its_record(desk):
    desk.settings(tracked_fields={"Contact": ["Email"]})
    contact = desk.make("Contact", LastName="A")
    assert desk.refused("ContactHistory", Field="Email")[0] == "INVALID_TYPE_FOR_OPERATION"
    desk.delete("Contact", contact)
    assert desk.query("SELECT Id FROM ContactHistory") == []
    desk.act(act="undelete", object="Contact", id=contact)
    assert len(desk.query("SELECT Id FROM ContactHistory")) == 1


def test_an_individual_says_what_may_be_done_with_a_persons_data(desk):
    individual = desk.make("Individual", LastName="A", ShouldForget=True)
    contact = desk.make("Contact", LastName="A", IndividualId=individual)
    found = desk.query("SELECT Individual.ShouldForget, Individual.HasOptedOutSolicit FROM Contact")
    assert (found[0]["Individual"]["ShouldForget"], found[0]["Individual"]["HasOptedOutSolicit"]) == (True, False)
    desk.delete("Individual", individual)
    assert desk.read("Contact", contact)["IndividualId"] is None
