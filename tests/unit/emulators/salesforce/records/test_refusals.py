"""What an admin has set up refuses rows: validation rules, triggers, duplicate rules, record types; so do locks."""

import time

import pytest

from fairlead_emulators.salesforce.metadata.formulas import to_sql
from fairlead_emulators.salesforce.model.schema import ValidationRule
from tests.unit.emulators.salesforce.conftest import SCHEMA


@pytest.fixture
def child(desk):
    assert desk.client.deploy(SCHEMA)["success"]
    sobject = desk.client.emulator.org.storage.schema.object("Child__c")

    def rule(name, formula, *, active=True, field=""):
        expression = to_sql(formula, "boolean", sobject, blank_as_zero=True)
        sobject.validation_rules.append(ValidationRule(name, active, formula, f"not {name}", field, expression))

    rule("Much", "Amount__c > 100", field="Amount__c")
    rule("Blue", 'AND(ISPICKVAL(Kind__c, "Blue"), Flag__c)')
    rule("Sleeping", "Amount__c > 1", active=False)
    return desk


def test_a_validation_rule_refuses_new_records(child):
    answer = child.client.ask("POST", "/sobjects/Child__c", json={"Amount__c": 101})
    assert answer.status_code == 400
    assert answer.json() == [
        {"message": "not Much", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Amount__c"]}
    ]
    assert child.query("SELECT Id FROM Child__c") == []
    assert child.make("Child__c", Amount__c=50)


def test_a_validation_rule_looks_at_the_record_as_it_will_be(child):
    record = child.make("Child__c", Kind__c="Blue", Amount__c=7)
    assert child.refused("Child__c", record, Flag__c=True) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "not Blue")
    child.change("Child__c", record, Flag__c=True, Kind__c="Red")
    after = child.read("Child__c", record)
    assert (after["Amount__c"], after["Kind__c"], after["Flag__c"]) == (7, "Red", True)


def test_of_a_batch_only_the_rows_that_break_a_rule_are_refused(child):
    done = child.client.run_job("Amount__c,Note__c\n5,a\n500,b\n6,c\n")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (3, 1)
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION:not Much:Amount__c --" in child.client.result(done, "failedResults")
    assert {r["Note__c"] for r in child.query("SELECT Note__c FROM Child__c")} == {"a", "c"}


def test_a_trigger_refuses_each_nth_row(child):
    child.client.fault("automation", match={"object": "Child__c"}, data={"every": 2, "message": "no even rows"})
    records = [{"attributes": {"type": "Child__c"}, "Note__c": n} for n in "abcd"]
    results = child.client.ask("POST", "/composite/sobjects", json={"records": records}).json()
    assert [r["success"] for r in results] == [True, False, True, False]
    (error,) = results[1]["errors"]
    assert error["statusCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert "no even rows" in error["message"]
    assert child.make("Child__c", Note__c="again")


def test_a_trigger_may_change_what_was_written(child):
    child.client.fault("automation", match={"object": "Child__c"}, data={"field": "Note__c", "value": "by trigger"})
    record = child.make("Child__c", Note__c="sent")
    assert child.read("Child__c", record)["Note__c"] == "by trigger"


def test_a_trigger_may_be_slow(child):
    child.client.fault("automation", match={"object": "Child__c"}, seconds=0.2)
    started = time.monotonic()
    child.make("Child__c")
    assert time.monotonic() - started >= 0.2


def test_a_duplicate_is_told_with_the_records_it_is_like_and_saved_when_asked(desk):
    desk.settings(duplicate_rules={"Contact": ["Email", "LastName"]})
    first = desk.make("Contact", LastName="Berg", Email="bo@example.com")
    record = {"LastName": "BERG", "Email": "BO@example.com"}
    answer = desk.client.ask("POST", "/sobjects/Contact", json=record)
    (error,) = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, "DUPLICATES_DETECTED")
    (found,) = error["duplicateResult"]["matchResults"]
    assert [m["record"]["Id"] for m in found["matchRecords"]] == [first]
    header = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert desk.client.ask("POST", "/sobjects/Contact", json=record, headers=header).status_code == 201
    assert desk.client.ask("POST", "/sobjects/Contact", json=record).status_code == 400
    desk.change("Contact", first, Email="bo@example.com", Title="x")
    desk.make("Contact", LastName="Other", Email="bo@example.com")


def test_a_record_type_is_one_of_the_object(desk):
    from dataclasses import replace

    storage = desk.client.emulator.org.storage
    contact = storage.schema.object("Contact")
    lookup = replace(contact.field("AccountId"), name="RecordTypeId", reference_to=("RecordType",))
    contact.add_field(replace(lookup, relationship_name="RecordType", child_relationship_name=None))
    storage.schema_changed()
    good = desk.make("RecordType", Name="Vip", DeveloperName="Vip", SobjectType="Contact")
    other = desk.make("RecordType", Name="Vip", DeveloperName="Vip", SobjectType="Lead")
    old = desk.make("RecordType", Name="Old", DeveloperName="Old", SobjectType="Contact", IsActive=False)
    assert desk.make("Contact", LastName="A", RecordTypeId=good)
    for wrong in (other, old):
        assert desk.refused("Contact", LastName="A", RecordTypeId=wrong)[0] == "INVALID_CROSS_REFERENCE_KEY"


def test_a_locked_parent_locks_its_children(desk):
    account = desk.make("Account", Name="A")
    desk.client.fault("row_lock", match={"parent": "Account"})
    assert desk.make("Contact", LastName="free")
    assert desk.refused("Contact", LastName="held", AccountId=account)[0] == "UNABLE_TO_LOCK_ROW"
    assert desk.make("Contact", LastName="again", AccountId=account)
    campaign, contact = desk.make("Campaign", Name="C"), desk.make("Contact", LastName="A")
    desk.client.fault("row_lock", match={"parent": "Campaign"})
    assert desk.refused("CampaignMember", CampaignId=campaign, ContactId=contact)[0] == "UNABLE_TO_LOCK_ROW"


def test_too_many_requests_at_once_are_refused(desk):
    desk.client.fault("concurrent_requests")
    answer = desk.client.ask("GET", "/sobjects")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Concurrent" in answer.json()[0]["message"]
    assert desk.client.ask("GET", "/sobjects").status_code == 200


@pytest.mark.parametrize("moment", ["1699-12-31T23:59:59Z", "4001-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00"])
def test_moments_outside_of_1700_to_4000_are_refused(desk, moment):
    refused = desk.refused("Contact", LastName="A", EmailBouncedDate=moment)
    assert refused[0] == "INVALID_TYPE_ON_FIELD_IN_RECORD"


def test_half_a_surrogate_pair_is_refused(desk):
    answer = desk.client.ask("POST", "/sobjects/Contact", data=b'{"LastName": "\\ud800"}')
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_rule_may_ask_a_formula_field_of_the_record_as_it_will_be(child):
    field = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><fields><fullName>Large__c</fullName>
      <label>Large</label><type>Checkbox</type><formula>Amount__c &gt; 10</formula></fields></CustomObject>"""
    assert child.client.deploy({"objects/Child__c.object": SCHEMA["objects/Child__c.object"].replace(
        "</CustomObject>", field[field.index("<fields>") :])})["success"]  # fmt: skip
    sobject = child.client.emulator.org.storage.schema.object("Child__c")
    expression = to_sql("AND(Large__c, NOT(Flag__c))", "boolean", sobject, blank_as_zero=True)
    sobject.validation_rules = [ValidationRule("Large", True, "", "large needs a flag", "", expression)]
    record = child.make("Child__c", Amount__c=11, Flag__c=True)
    assert child.read("Child__c", record)["Large__c"] is True
    assert child.refused("Child__c", record, Flag__c=False)[1] == "large needs a flag"
    child.change("Child__c", record, Flag__c=False, Amount__c=1)
