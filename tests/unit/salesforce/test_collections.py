"""Writing some records: 200 a call, one result each, in order."""

import json

import pytest

from fairlead.salesforce.collections import nested
from fairlead.salesforce.errors import AnswerLost, RecordRefused, SetupRefused, Unavailable
from tests.unit.salesforce.fake_org import DATA, Cut, Says, refusal

UPSERT = f"{DATA}/composite/sobjects/X__c/Key__c"
ANY = f"{DATA}/composite/sobjects"


def echo(seen):
    """Rows whose key ends in 7 are locked, those in 9 bear a value in their error; others are created."""
    results = []
    for record in json.loads(seen.body)["records"]:
        key = record["Key__c"]
        if key.endswith("7"):
            error = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "locked", "fields": []}
        elif key.endswith("9"):
            error = {
                "statusCode": "INVALID_EMAIL_ADDRESS",
                "message": f"invalid email address: {key}@example.com",
                "fields": ["Email__c"],
            }
        else:
            results.append({"id": f"a{key}", "success": True, "created": key.endswith("1"), "errors": []})
            continue
        results.append({"success": False, "errors": [error]})
    return Says(results)


async def test_many_records_go_two_hundred_at_a_time_and_results_keep_their_order(sf, org):
    org.on("PATCH", UPSERT, echo)
    records = [{"Key__c": str(n)} for n in range(450)]
    results = await sf.collections.upsert("X__c", "Key__c", records)
    sizes = [len(json.loads(seen.body)["records"]) for seen in org.asked("PATCH", UPSERT)]
    assert sizes == [200, 200, 50]
    assert [r.id for r in results[:7]] == [f"a{n}" for n in range(7)]
    assert [n for n, r in enumerate(results) if r.created][:3] == [1, 11, 21]
    assert {r.code for n, r in enumerate(results) if n % 10 == 7} == {"UNABLE_TO_LOCK_ROW"}
    assert results[7].retryable
    assert not results[9].retryable
    assert (results[9].message, results[9].fields) == ("invalid email address: ‹value›", ("Email__c",))
    first = json.loads(org.asked("PATCH", UPSERT)[0].body)
    assert first["allOrNone"] is False
    assert first["records"][0] == {"attributes": {"type": "X__c"}, "Key__c": "0"}


async def test_upserts_are_repeated_after_a_lost_answer_or_a_broken_one(sf, org):
    org.on("PATCH", UPSERT, Cut, Says('[{"success"'), Says([]), echo)
    assert [r.success for r in await sf.collections.upsert("X__c", "Key__c", [{"Key__c": "1"}])] == [True]
    assert len(org.asked("PATCH", UPSERT)) == 4


async def test_inserts_are_not_repeated_when_they_may_have_been_carried_out(sf, org):
    org.on("POST", ANY, Cut, echo)
    with pytest.raises(AnswerLost, match="Read the present state"):
        await sf.collections.insert("X__c", [{"Key__c": "1"}])
    assert len(org.asked("POST", ANY)) == 1


@pytest.mark.parametrize(("allow", "header"), [(True, "allowSave=true"), (False, None)])
async def test_inserts_pass_duplicate_rules_only_when_that_is_asked_for(sf, org, allow, header):
    org.on("POST", ANY, echo)
    await sf.collections.insert("X__c", [{"Key__c": "1"}], allow_duplicates=allow)
    (seen,) = org.asked("POST", ANY)
    assert seen.headers.get("Sforce-Duplicate-Rule-Header") == header


async def test_inserts_are_repeated_when_the_org_surely_did_nothing(sf, org):
    org.on("POST", ANY, refusal("SERVER_UNAVAILABLE", status=503), echo)
    (result,) = await sf.collections.insert("X__c", [{"Key__c": "2"}])
    assert result.success


async def test_updates_go_by_id(sf, org):
    org.on("PATCH", ANY, Says([{"id": "1", "success": True, "errors": []}]))
    (result,) = await sf.collections.update("X__c", [{"Id": "1", "A__c": None}])
    assert (result.id, result.created) == ("1", False)


async def test_deleting_what_is_gone_already_is_success(sf, org):
    gone = {"id": None, "success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "gone"}]}
    refused = {"success": False, "errors": [{"statusCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "no"}]}
    org.on("DELETE", ANY, Says([{"id": "1", "success": True, "errors": []}, gone, refused]))
    results = await sf.collections.delete(["1", "2", "3"])
    assert [(r.id, r.success) for r in results] == [("1", True), ("2", True), (None, False)]
    assert org.asked("DELETE", ANY)[0].query == {"ids": "1,2,3", "allOrNone": "false"}


async def test_no_records_are_no_calls(sf, org):
    before = len(org.seen)
    assert await sf.collections.upsert("X__c", "Key__c", []) == []
    assert len(org.seen) == before


def test_parents_are_named_by_their_external_id():
    fields = ("Key__c", "List__r.List_Id__c", "Other__r.Key__c")
    assert nested(fields, ("k", "l", "")) == {"Key__c": "k", "List__r": {"List_Id__c": "l"}}


async def test_one_record_is_created_read_changed_and_deleted(sf, org):
    org.on("POST", f"{DATA}/sobjects/Contact", Says({"id": "003", "success": True, "errors": []}, 201))
    org.on("GET", f"{DATA}/sobjects/Contact/003", Says({"Id": "003", "Name": "A"}))
    org.on("PATCH", f"{DATA}/sobjects/Contact/003", Says(status=204))
    org.on("DELETE", f"{DATA}/sobjects/Contact/003", Says(status=204), refusal("ENTITY_IS_DELETED", status=404))
    assert await sf.records.create("Contact", {"LastName": "A"}) == "003"
    assert (await sf.records.get("Contact", "003", ["Id", "Name"]))["Name"] == "A"
    await sf.records.update("Contact", "003", {"LastName": "B"})
    await sf.records.delete("Contact", "003")
    await sf.records.delete("Contact", "003")
    assert org.asked("GET", f"{DATA}/sobjects/Contact/003")[0].query == {"fields": "Id,Name"}


async def test_one_record_is_upserted_by_external_id(sf, org):
    path = f"{DATA}/sobjects/X__c/Key__c/a%2Fb%3F%20c"
    org.on(
        "PATCH",
        path,
        Says({"id": "a0", "success": True, "created": True}, 201),
        Says({"id": "a0", "success": True, "created": False}),
    )
    assert (await sf.records.upsert("X__c", "Key__c", "a/b? c", {})).created
    assert not (await sf.records.upsert("X__c", "Key__c", "a/b? c", {})).created


async def test_an_external_id_that_several_share_is_said_without_its_value(sf, org):
    org.on("PATCH", f"{DATA}/sobjects/X__c/Key__c/ada", Says(["/services/data/v67.0/sobjects/X__c/1"], 300))
    with pytest.raises(RecordRefused, match="share one value of Key__c") as caught:
        await sf.records.upsert("X__c", "Key__c", "ada", {})
    assert "ada" not in str(caught.value)


async def test_one_record_is_found_by_external_id_or_not(sf, org):
    path = f"{DATA}/sobjects/X__c/Key__c/a"
    org.on("GET", path, Says({"Id": "a0", "Name": "A"}), refusal("NOT_FOUND", status=404), Says([path], 300))
    assert (await sf.records.find("X__c", "Key__c", "a", ["Name"]))["Name"] == "A"
    assert await sf.records.find("X__c", "Key__c", "a") is None
    with pytest.raises(RecordRefused, match="share one value"):
        await sf.records.find("X__c", "Key__c", "a")


async def test_a_key_field_that_is_missing_is_a_matter_of_settings(sf, org):
    missing = refusal("NOT_FOUND", "Provided external ID field does not exist or is not accessible: Key__c", 404)
    org.on("GET", f"{DATA}/sobjects/X__c/Key__c/a", missing)
    org.on("PATCH", UPSERT, missing)
    with pytest.raises(SetupRefused, match="Check that the field exists"):
        await sf.records.find("X__c", "Key__c", "a")
    with pytest.raises(SetupRefused, match="Check that the field exists"):
        await sf.collections.upsert("X__c", "Key__c", [{"Key__c": "a"}])


async def test_a_record_that_may_not_be_deleted_says_so(sf, org):
    org.on("DELETE", f"{DATA}/sobjects/Contact/003", refusal("INSUFFICIENT_ACCESS_OR_READONLY", status=403))
    with pytest.raises(SetupRefused, match="permission set"):
        await sf.records.delete("Contact", "003")


async def test_creating_is_not_repeated_after_a_lost_answer(sf, org):
    org.on("POST", f"{DATA}/sobjects/Contact", Cut)
    with pytest.raises(Unavailable):
        await sf.records.create("Contact", {})
    assert len(org.asked("POST", f"{DATA}/sobjects/Contact")) == 1


async def test_an_object_that_is_not_there_is_a_matter_of_setup_not_of_a_record(sf, org):
    org.on("PATCH", UPSERT, refusal("NOT_FOUND", "The requested resource does not exist", 404))
    with pytest.raises(SetupRefused, match="the org has no object X__c, or hides it") as raised:
        await sf.collections.upsert("X__c", "Key__c", [{"Key__c": "1"}])
    assert "Deploy the package" in str(raised.value)
