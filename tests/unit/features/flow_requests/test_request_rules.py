"""Which requests are understood, and that the API is described as External Services want it."""

import pytest

from fairlead.domain.consent import Side
from fairlead.features.flow_requests import openapi, rules
from fairlead.features.flow_requests.rules import Action, Asked

RECORD = "0035e0000000001"
GOOD = {"request_id": "1", "action": "add_to_list", "record_id": RECORD, "list_id": "abc"}


def test_a_request_is_read_with_its_record_at_full_length():
    assert rules.read(GOOD) == Asked(Action.ADD, f"{RECORD}AAA", "abc")
    told = {**GOOD, "action": "set_field", "field": " Colour ", "value": "blue"}
    assert rules.read(told) == Asked(Action.SET_FIELD, f"{RECORD}AAA", "abc", "Colour", "blue")
    assert rules.read({"action": "unsubscribe", "record_id": RECORD}).list == ""
    assert rules.request_id(GOOD) == "1"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"action": "dance"}, "add_to_list, update"), ({"action": None}, "add_to_list"), ({"action": 3}, "no text"),
        ({"record_id": "005x"}, "contact or lead"),
        ({"record_id": "0055e0000000001"}, "contact or lead"), ({"record_id": "003-e0000000001"}, "contact or lead"),
        ({"list_id": ""}, "needs a list"), ({"list_id": "a" * 65}, "list id is none"), ({"list_id": "a'b"}, "list id is none"),
        ({"action": "set_field"}, "name of a field"), ({"action": "set_field", "field": "[ ]"}, "name of a field"),
        ({"value": "x" * 251}, "250 characters"), ({"field": "x" * 251}, "250 characters"),
    ],
)  # fmt: skip
def test_what_nobody_can_carry_out_is_refused_with_the_reason(change, says):
    with pytest.raises(rules.BadRequest, match=says):
        rules.read({**GOOD, **change})


SEND = {"request_id": "1", "action": "send_smart_email", "record_id": "0065e0000000001", "mapping_id": "1a2b"}


def test_a_send_names_a_mapping_and_a_record_of_any_object():
    assert rules.read(SEND) == Asked(Action.SEND, "0065e0000000001AAA", mapping="1a2b")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mapping_id": ""}, "needs the id"), ({"mapping_id": "a b"}, "needs the id"), ({"mapping_id": "a" * 65}, "needs"),
        ({"record_id": "006"}, "record id is none"), ({"list_id": "abc"}, "takes no list"), ({"value": "x"}, "takes no list"),
    ],
)  # fmt: skip
def test_a_send_that_carries_more_or_less_is_refused(change, says):
    with pytest.raises(rules.BadRequest, match=says):
        rules.read({**SEND, **change})


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 65])
def test_a_request_needs_an_id(name):
    with pytest.raises(rules.BadRequest):
        rules.request_id({**GOOD, "request_id": name})


def test_refusals_say_where_and_what_to_do():
    assert "Salesforce" in str(rules.OptedOut(Side.SALESFORCE))
    assert "Campaign Monitor" in str(rules.OptedOut(Side.CAMPAIGN_MONITOR))
    for failure in (rules.NobodyThere(), rules.UnknownList(), rules.NoSuchRequest(), rules.RequestIdTaken()):
        assert failure.step


def references(node):
    """All that the document points to in itself."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from [value] if name == "$ref" else references(value)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_the_api_is_described_in_openapi_3():
    document = openapi.document("https://fairlead.example.com")
    assert document["openapi"].startswith("3.0")
    operations = [one for path in document["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    assert all(name.isalnum() and len(name) <= 20 for name in ids)
    for one in operations:
        assert "200" in one["responses"]
        assert all(answer["description"] for answer in one["responses"].values())
    for reference in references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found["type"] == "object"
    assert set(openapi.REQUIRED) <= set(openapi.FIELDS)
    assert document["components"]["schemas"]["Request"]["properties"]["action"]["enum"] == [
        str(a) for a in rules.OFFERED
    ]
