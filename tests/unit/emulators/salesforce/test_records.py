"""Single records: create, read, update, upsert, delete, and every rule that refuses a value."""

import pytest


def create(org, sobject="Child__c", **fields):
    answer = org.ask("POST", f"/sobjects/{sobject}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def refused(answer, status=400):
    assert answer.status_code == status, answer.text
    (error,) = answer.json()
    return error["errorCode"], error.get("fields", [])


def test_a_record_is_made_read_changed_and_deleted(org):
    record = create(org, Key__c="k", Note__c="é", Amount__c=1.005, Flag__c=True, Moment__c="2026-01-31T10:00:00+02:00")
    read = org.ask("GET", f"/sobjects/Child__c/{record[:15]}").json()
    assert read["attributes"] == {"type": "Child__c", "url": f"/services/data/v60.0/sobjects/Child__c/{record}"}
    assert (read["Id"], read["Note__c"], read["Flag__c"]) == (record, "é", True)
    assert read["Moment__c"] == "2026-01-31T08:00:00.000+0000"
    assert read["Name"] == "C-0001"
    assert org.ask("PATCH", f"/sobjects/Child__c/{record}", json={"Note__c": None}).status_code == 204
    asked = org.ask("GET", f"/sobjects/Child__c/{record}?fields=Note__c,Flag__c").json()
    assert (asked["Note__c"], asked["Flag__c"]) == (None, True)
    assert "Key__c" not in asked
    assert org.ask("DELETE", f"/sobjects/Child__c/{record}").status_code == 204
    assert refused(org.ask("GET", f"/sobjects/Child__c/{record}"), 404)[0] == "ENTITY_IS_DELETED"
    assert refused(org.ask("DELETE", f"/sobjects/Child__c/{record}"), 404)[0] == "ENTITY_IS_DELETED"


def test_simple_clients_may_end_a_path_in_a_slash(org):
    assert org.ask("POST", "/sobjects/Contact/", json={"LastName": "Smith"}).status_code == 201


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"Note__c": "x" * 21}, "STRING_TOO_LONG", ["Note__c"]),
        ({"Email__c": "no address"}, "INVALID_EMAIL_ADDRESS", ["Email__c"]),
        ({"Email__c": "a@b@example.com"}, "INVALID_EMAIL_ADDRESS", ["Email__c"]),
        ({"Email__c": f"{'x' * 70}@example.com"}, "STRING_TOO_LONG", ["Email__c"]),
        ({"Kind__c": "Green"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Kind__c"]),
        ({"Amount__c": 1_000_000}, "NUMBER_OUTSIDE_VALID_RANGE", ["Amount__c"]),
        ({"Day__c": "31.01.2026"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["Day__c"]),
        ({"Moment__c": "yesterday"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["Moment__c"]),
        ({"Flag__c": "perhaps"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["Flag__c"]),
        ({"Parent__c": "abc"}, "MALFORMED_ID", ["Parent__c"]),
        ({"Parent__c": "a015e0000000099AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["Parent__c"]),
        ({"Parent__c": "0055e0000000001AAA"}, "FIELD_INTEGRITY_EXCEPTION", ["Parent__c"]),
        ({"Parent__r": {"Key__c": "none"}}, "INVALID_FIELD", ["Parent__c"]),
        ({"Note__c": 7}, "JSON_PARSER_ERROR", ["Note__c"]),
        ({"Nonsense__c": "x"}, "INVALID_FIELD", []),
        ({"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
        ({"LastModifiedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["LastModifiedDate"]),
    ],
)
def test_a_bad_value_is_refused_with_its_code_and_its_field(org, fields, code, named):
    assert refused(org.ask("POST", "/sobjects/Child__c", json=fields)) == (code, named)
    assert org.rows("Child__c") == []


def test_the_message_of_a_long_text_tells_field_and_limit(org):
    (error,) = org.ask("POST", "/sobjects/Child__c", json={"Note__c": "x" * 21}).json()
    assert error["message"] == f"Note: data value too large: {'x' * 21} (max length=20)"


def test_a_text_of_exactly_the_limit_is_kept(org):
    create(org, Note__c="x" * 20, Email__c=f"{'x' * 68}@example.com")


def test_a_required_field_cannot_be_left_out_nor_emptied(bare):
    assert refused(bare.ask("POST", "/sobjects/Contact", json={})) == ("REQUIRED_FIELD_MISSING", ["LastName"])
    contact = create(bare, "Contact", LastName="Smith")
    answer = bare.ask("PATCH", f"/sobjects/Contact/{contact}", json={"LastName": ""})
    assert refused(answer) == ("REQUIRED_FIELD_MISSING", ["LastName"])


def test_a_contact_is_named_by_first_and_last_name(bare):
    contact = create(bare, "Contact", LastName="O'Neill", FirstName="Zoë")
    bare.ask("PATCH", f"/sobjects/Contact/{contact}", json={"FirstName": "Ana"})
    assert bare.rows("Contact")[0]["Name"] == "Ana O'Neill"


def test_a_unique_value_has_one_holder_whatever_its_case(org):
    first = create(org, Key__c="Key")
    answer = org.ask("POST", "/sobjects/Child__c", json={"Key__c": "kEY"})
    assert refused(answer) == ("DUPLICATE_VALUE", ["Key__c"])
    assert first in answer.json()[0]["message"]
    org.ask("DELETE", f"/sobjects/Child__c/{first}")
    create(org, Key__c="KEY")


def test_a_record_may_keep_its_own_unique_value(org):
    record = create(org, Key__c="Key")
    assert org.ask("PATCH", f"/sobjects/Child__c/{record}", json={"Key__c": "KEY"}).status_code == 204


def test_upsert_creates_then_updates_and_says_which(org):
    path = "/sobjects/Child__c/Key__c/a%2Fb"
    made = org.ask("PATCH", path, json={"Note__c": "1"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = org.ask("PATCH", "/sobjects/Child__c/key__c/A%2FB", json={"Note__c": "2"})
    assert (again.status_code, again.json()) == (
        200, {"id": made.json()["id"], "success": True, "errors": [], "created": False},
    )  # fmt: skip
    assert org.ask("GET", path).json()["Note__c"] == "2"
    org.version = "45.0"
    assert org.ask("PATCH", path, json={"Note__c": "3"}).status_code == 204


def test_upsert_answers_300_with_the_records_when_several_have_the_key(org):
    ids = [create(org, Loose__c="same") for _ in range(2)]
    answer = org.ask("PATCH", "/sobjects/Child__c/Loose__c/same", json={"Note__c": "x"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v60.0/sobjects/Child__c/{i}" for i in ids]
    assert [row["Note__c"] for row in org.rows("Child__c")] == [None, None]


def test_an_unknown_key_value_and_an_unknown_key_field_are_404(org):
    assert org.ask("GET", "/sobjects/Child__c/Key__c/none").status_code == 404
    assert org.ask("PATCH", "/sobjects/Child__c/Note__c/none", json={}).status_code == 404
    assert org.ask("GET", "/sobjects/Nothing__c/describe").status_code == 404


def test_a_parent_is_named_by_its_key(org):
    parent = create(org, "Parent__c", Key__c="p", Name="P")
    create(org, Parent__r={"Key__c": "P"})
    assert org.rows("Child__c")[0]["Parent__c"] == parent


def test_deleting_a_parent_empties_lookups_and_moves_the_modstamp(org):
    parent = create(org, "Parent__c", Key__c="p")
    create(org, Parent__c=parent)
    before = org.rows("Child__c")[0]
    org.control("clock", {"advance_seconds": 60})
    org.ask("DELETE", f"/sobjects/Parent__c/{parent}")
    after = org.rows("Child__c")[0]
    assert (before["Parent__c"], after["Parent__c"]) == (parent, None)
    assert after["SystemModstamp"] > before["SystemModstamp"]


def test_an_update_that_changes_nothing_still_moves_the_modstamp(org):
    record = create(org, Note__c="x")
    before = org.rows("Child__c")[0]
    org.control("clock", {"advance_seconds": 60})
    org.ask("PATCH", f"/sobjects/Child__c/{record}", json={"Note__c": "x"})
    after = org.rows("Child__c")[0]
    assert after["SystemModstamp"] == after["LastModifiedDate"] > before["SystemModstamp"]
    assert after["CreatedDate"] == before["CreatedDate"]


def test_a_converted_lead_cannot_be_changed(bare):
    spec = {"contacts": [{"first": 5, "count": 1}], "leads": [{"first": 9, "count": 1, "contact_of": 5}]}
    bare.control("seed", {"spec": spec})
    (lead,), (contact,) = bare.rows("Lead"), bare.rows("Contact")
    assert (lead["IsConverted"], lead["ConvertedContactId"]) == (True, contact["Id"])
    answer = bare.ask("PATCH", f"/sobjects/Lead/{lead['Id']}", json={"Title": "x"})
    assert refused(answer)[0] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_body_that_is_not_json_is_refused(org):
    answer = org.ask("POST", "/sobjects/Child__c", data=b"{")
    assert refused(answer)[0] == "JSON_PARSER_ERROR"
