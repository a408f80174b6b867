"""Custom notifications and flows, invoked as actions."""

import json

import pytest

NOTICE = """<?xml version="1.0" encoding="UTF-8"?>
<CustomNotificationType xmlns="http://soap.sforce.com/2006/04/metadata"><customNotifTypeName>Notice</customNotifTypeName>
  <desktop>true</desktop><masterLabel>A Notice</masterLabel><mobile>false</mobile></CustomNotificationType>"""

EVENT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><deploymentStatus>Deployed</deploymentStatus>
  <eventType>HighVolume</eventType><label>Ask</label><pluralLabel>Asks</pluralLabel>
  <fields><fullName>Record__c</fullName><label>Record</label><type>Text</type><length>18</length></fields>
  <fields><fullName>What__c</fullName><label>What</label><type>Text</type><length>20</length></fields></CustomObject>"""

FLOW = """<?xml version="1.0" encoding="UTF-8"?>
<Flow xmlns="http://soap.sforce.com/2006/04/metadata"><label>Ask for It</label><processType>AutoLaunchedFlow</processType>
  <recordCreates><name>Publish</name><label>Publish</label><locationX>1</locationX><locationY>1</locationY>
    <inputAssignments><field>What__c</field><value><stringValue>add</stringValue></value></inputAssignments>
    <inputAssignments><field>Record__c</field><value><elementReference>recordId</elementReference></value></inputAssignments>
    <object>Ask__e</object></recordCreates>
  <start><connector><targetReference>Publish</targetReference></connector></start><status>Active</status>
  <variables><name>recordId</name><dataType>String</dataType><isCollection>false</isCollection><isInput>true</isInput>
    <isOutput>false</isOutput></variables></Flow>"""

FILES = {
    "notificationtypes/Notice.notiftype": NOTICE,
    "objects/Ask__e.object": EVENT,
    "flows/Ask_It.flow": FLOW,
    "flows/Draft.flow": FLOW.replace("Active", "Draft"),
    "flows/Odd.flow": FLOW.replace("recordCreates>", "screens>"),
    "flows/Round.flow": FLOW.replace(
        "</object>", "</object><connector><targetReference>Publish</targetReference></connector>"
    ),
}


@pytest.fixture
def acting(bare):
    result = bare.deploy(FILES)
    assert result["success"], result
    return bare


def notify(org, **changes):
    (row,) = org.ask(
        "GET", "/query", params={"q": "SELECT Id FROM CustomNotificationType WHERE DeveloperName = 'Notice'"}
    ).json()["records"]
    me = org.emulator.org.identity.user_id
    asked = {"customNotifTypeId": row["Id"], "recipientIds": [me], "title": "T", "body": "B", "targetId": me}
    asked = {name: value for name, value in (asked | changes).items() if value is not None}
    return org.ask("POST", "/actions/standard/customNotificationAction", json={"inputs": [asked]})


def test_a_notification_reaches_its_recipients_and_is_seen_by_the_control_route(acting):
    answer = notify(acting)
    (result,) = answer.json()
    assert (answer.status_code, result["isSuccess"], result["errors"]) == (200, True, None)
    assert "1 recipients" in result["outputValues"]["SuccessMessage"]
    (note,) = acting.control("notifications").json()
    assert (note["type"], note["title"], note["recipientId"]) == ("Notice", "T", acting.emulator.org.identity.user_id)
    assert acting.http.delete(f"{acting.url}/_control/notifications", timeout=30).json() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "x" * 251}, "STRING_TOO_LONG"),
        ({"body": "x" * 751}, "STRING_TOO_LONG"),
        ({"title": " "}, "REQUIRED_FIELD_MISSING"),
        ({"body": None}, "REQUIRED_FIELD_MISSING"),
        ({"recipientIds": []}, "REQUIRED_FIELD_MISSING"),
        ({"recipientIds": "005"}, "INVALID_INPUT"),
        ({"title": 7}, "INVALID_INPUT"),
        ({"targetId": None}, "REQUIRED_FIELD_MISSING"),
        ({"customNotifTypeId": "0ML5e0000000999AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"recipientIds": ["0055e0000000999AAA"]}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"recipientIds": ["0035e0000000001AAA"]}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"recipientIds": [None]}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"recipientIds": ["0055e0000000001AAA"] * 501}, "LIMIT_EXCEEDED"),
    ],
)
def test_a_notification_that_cannot_be_sent_says_why_and_reaches_nobody(acting, changes, code):
    answer = notify(acting, **changes)
    (result,) = answer.json()
    assert (answer.status_code, result["isSuccess"], result["errors"][0]["statusCode"]) == (400, False, code)
    assert acting.control("notifications").json() == []


def test_without_the_permission_nobody_is_told(acting):
    acting.control("settings", {"send_custom_notifications": False})
    assert notify(acting).json()[0]["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS"


def invoke(org, name, *inputs):
    return org.ask("POST", f"/actions/custom/flow/{name}", json={"inputs": list(inputs)})


def test_active_flows_are_listed_describe_their_inputs_and_publish(acting):
    listed = {each["name"]: each for each in acting.ask("GET", "/actions/custom/flow").json()["actions"]}
    assert "Draft" not in listed
    told = acting.http.get(acting.url + listed["Ask_It"]["url"], timeout=30).json()
    assert [(each["name"], each["type"]) for each in told["inputs"]] == [("recordId", "STRING")]
    answer = invoke(acting, "Ask_It", {"recordId": "003a"}, {})
    assert [each["outputValues"]["Flow__InterviewStatus"] for each in answer.json()] == ["Finished"] * 2
    with acting.emulator.org.storage.lock:
        rows = acting.emulator.org.storage.connection.execute(
            "SELECT info FROM emulator_events WHERE object = 'Ask__e'"
        ).fetchall()
    values = [json.loads(row[0])[2] for row in rows]
    assert [(each["What__c"], each.get("Record__c")) for each in values] == [("add", "003a"), ("add", None)]


@pytest.mark.parametrize(
    ("name", "asked", "code"),
    [
        ("Ask_It", {"nobody": "x"}, "INVALID_INPUT"),
        ("Ask_It", {"recordId": 7}, "INVALID_INPUT"),
        ("Ask_It", {"recordId": "x" * 19}, "STRING_TOO_LONG"),
        ("Odd", {}, "FUNCTIONALITY_NOT_ENABLED"),
        ("Round", {}, "LIMIT_EXCEEDED"),
    ],
)
def test_a_flow_that_fails_undoes_what_it_did_and_says_why(acting, name, asked, code):
    answer = invoke(acting, name, asked)
    assert (answer.status_code, answer.json()[0]["errors"][0]["statusCode"]) == (400, code)
    with acting.emulator.org.storage.lock:
        assert not acting.emulator.org.storage.connection.execute("SELECT 1 FROM emulator_events").fetchall()


def test_what_is_no_action_is_not_found_and_what_is_no_list_of_inputs_refused(acting):
    for path in ("/actions/custom/flow/Draft", "/actions/custom/nothing", "/actions/standard/nothing"):
        assert acting.ask("GET", path).status_code == 404
    assert acting.ask("GET", "/actions/custom/apex").json() == {"actions": []}
    assert acting.ask("GET", "/actions").json()["standard"].endswith("/actions/standard")
    assert acting.ask("GET", "/actions/custom").json()["flow"].endswith("/custom/flow")
    for body in ({}, {"inputs": {}}, {"inputs": []}, {"inputs": ["x"]}, {"inputs": [{}] * 201}):
        assert acting.ask("POST", "/actions/custom/flow/Ask_It", json=body).status_code == 400
