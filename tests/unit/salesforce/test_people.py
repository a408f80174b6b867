"""Users are told something, and get permission sets."""

import json

import pytest

from fairlead.salesforce.errors import AnswerLost, RequestWrong, SetupRefused
from tests.unit.salesforce.fake_org import DATA, Cut, Says, refusal

ACTION = f"{DATA}/actions/standard/customNotificationAction"
ASSIGNMENT = f"{DATA}/sobjects/PermissionSetAssignment"
GOOD = Says([{"actionName": "customNotificationAction", "isSuccess": True, "errors": None}])


def rows(*records):
    return Says({"totalSize": len(records), "done": True, "records": list(records)})


async def test_a_notification_reaches_all_recipients_500_a_call(sf, org):
    org.on("POST", ACTION, GOOD)
    await sf.notifications.send("0ML1", [f"005{n}" for n in range(501)], "Sync", "Done.", "a001")
    inputs = [json.loads(seen.body)["inputs"] for seen in org.asked("POST", ACTION)]
    assert [len(one["recipientIds"]) for (one,) in inputs] == [500, 1]
    assert inputs[1][0] == {
        "customNotifTypeId": "0ML1",
        "recipientIds": ["005500"],
        "title": "Sync",
        "body": "Done.",
        "targetId": "a001",
    }


async def test_a_refused_notification_says_what_to_do_without_values(sf, org):
    error = {"statusCode": "INVALID_INPUT", "message": "bad recipient ada@example.com"}
    org.on("POST", ACTION, Says([{"isSuccess": False, "errors": [error]}]))
    with pytest.raises(SetupRefused, match="Send Custom Notifications") as caught:
        await sf.notifications.send("0ML1", ["005"], "t", "b", "a001")
    assert caught.value.code == "INVALID_INPUT"
    assert "ada@" not in str(caught.value)


async def test_a_notification_is_not_sent_twice_when_the_answer_is_lost(sf, org):
    org.on("POST", ACTION, Cut, GOOD)
    with pytest.raises(AnswerLost):
        await sf.notifications.send("0ML1", ["005"], "t", "b", "a001")
    assert len(org.asked("POST", ACTION)) == 1


@pytest.mark.parametrize(("title", "body"), [("", "b"), ("t", " "), ("t" * 251, "b"), ("t", "b" * 751)])
async def test_texts_that_do_not_fit_are_refused_before_they_are_sent(sf, org, title, body):
    with pytest.raises(RequestWrong, match="Write 1 to"):
        await sf.notifications.send("0ML1", ["005"], title, body, "a001")
    assert org.asked("POST", ACTION) == []


async def test_a_notification_type_is_found_by_name_or_named_as_missing(sf, org):
    org.on("GET", f"{DATA}/query", rows({"Id": "0ML1"}), rows())
    assert await sf.notifications.type_id("CM_Sync") == "0ML1"
    with pytest.raises(SetupRefused, match="CM_Sync"):
        await sf.notifications.type_id("CM_Sync")


async def test_permission_sets_are_listed(sf, org):
    org.on("GET", f"{DATA}/query", rows({"Id": "0PS1", "Name": "CM_Full", "Label": "Full"}))
    assert [(p.id, p.name, p.label) for p in await sf.permission_sets.all()] == [("0PS1", "CM_Full", "Full")]


async def test_assigning_twice_is_assigning_once(sf, org):
    org.on("POST", ASSIGNMENT, Says({"id": "0Pa1"}, 201), refusal("DUPLICATE_VALUE"))
    assert [await sf.permission_sets.assign("0PS1", "005") for _ in range(2)] == [True, False]
    assert json.loads(org.asked("POST", ASSIGNMENT)[0].body) == {"AssigneeId": "005", "PermissionSetId": "0PS1"}


async def test_taking_away_what_is_not_assigned_is_no_error(sf, org):
    org.on("GET", f"{DATA}/query", rows({"Id": "0Pa1"}), rows())
    org.on("DELETE", f"{ASSIGNMENT}/0Pa1", Says(status=204))
    assert [await sf.permission_sets.unassign("0PS'1", "005") for _ in range(2)] == [True, False]
    assert len(org.asked("DELETE", f"{ASSIGNMENT}/0Pa1")) == 1
    assert r"'0PS\'1'" in org.asked("GET", f"{DATA}/query")[0].query["q"]
