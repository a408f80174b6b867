"""What becomes of each thing of the older package: taken, a person's, or without counterpart; always with a reason."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.features.moving_in.rules import options, planning, texts, words
from fairlead.features.moving_in.rules.planning import NoSuchItem, NothingThere
from fairlead.features.moving_in.rules.words import Here, Item, Kind, Old, Verdict

ON, OTHER = "a" * 32, "b" * 32
HERE = Here({ON: "News"}, {"c1": "Client"}, frozenset({"s1"}))
LIST = {"Id": "L1", "List_Id__c": ON, "List_Name__c": "News"}
LINE = {
    "List_Id__c": ON, "Object_Type__c": "CONTACT", "SF_Field__c": "Department", "CM_Field__c": "Dept",
    "Sync_Direction__c": "Salesforce to Campaign Monitor", "Conflict_Behaviour__c": "Salesforce always wins",
}  # fmt: skip
CRITERIA = json.dumps([{"field": "Department", "operator": "equals", "value": "Bank"}])
RULE = {
    "Id": "R1", "Name": "Bankers", "Subscriber_List_Id__c": ON, "Action__c": "Add", "Object__c": "Contact",
    "Criteria__c": CRITERIA,
}  # fmt: skip
IMPORT = {
    "Id": "I1", "Name": "SI-1", "Import_Title__c": "All", "Import_Type__c": "soql", "SOQL__c": "SELECT Email FROM Contact",
    "Mapping__c": json.dumps([{"column": "Email", "field": "Email"}]), "Subscriber_List__c": "L1",
}  # fmt: skip
TEMPLATE = {"Id": "T1", "Smart_Email_Id__c": "s1", "Name__c": "Welcome", "Add_Recipients_to_List__c": "L1"}
SMART = {"Id": "M1", "Name": "Welcome", "Smart_Email__c": "T1", "Root_Object__c": "Contact"}


def plan(*rows: tuple[str, dict[str, Any]], here: Here = HERE, **more: Any) -> list[Item]:
    found: dict[str, list[dict[str, Any]]] = {words.LIST: [LIST]}
    for name, row in rows:
        found.setdefault(name, []).append(row)
    return planning.plan(Old(frozenset(found), rows=found, **more), here)


def of(items: list[Item], kind: Kind) -> list[Item]:
    return [one for one in items if one.kind is kind]


def one(items: list[Item], kind: Kind) -> Item:
    (found,) = of(items, kind)
    return found


def test_an_org_without_the_package_has_nothing_to_move() -> None:
    with pytest.raises(NothingThere):
        planning.plan(Old(), HERE)


@pytest.mark.parametrize(
    ("news", "setting", "value"),
    [
        ({"Prevent_Member_Sync__c": True}, "members.prevent_sync", True),
        ({"Create_Rule__c": "ACTION_CREATE_LEAD"}, "record_creation.rule", "lead"),
        ({"Create_Rule__c": "ACTION_CREATE_CONTACT"}, "record_creation.rule", "contact"),
    ],
)
def test_settings_of_a_list_are_settings_here(news: dict[str, Any], setting: str, value: object) -> None:
    found = planning.plan(Old(frozenset({"x"}), rows={words.LIST: [LIST | news]}), HERE)
    item = one(found, Kind.LIST)
    assert (item.payload["setting"], item.payload["value"], item.payload["subject"]) == (setting, value, ON)
    assert item.ticked


def test_new_records_take_what_the_mappings_gave_them() -> None:
    """Lines to Salesforce fill new records, with their defaults; the record type goes with the rule."""
    row = LIST | {"Create_Rule__c": "ACTION_CREATE_CONTACT", "Create_Rule_Record_Type__c": "Donor"}
    inward = LINE | {"Sync_Direction__c": "Campaign Monitor to Salesforce", "Default_Value__c": "None"}
    lead, name = inward | {"Object_Type__c": "LEAD"}, inward | {"SF_Field__c": "LastName"}
    found = planning.plan(Old(frozenset({"x"}), rows={words.LIST: [row], words.LINE: [inward, LINE, lead, name]}), HERE)
    payloads = {item.payload["setting"]: item.payload["value"] for item in of(found, Kind.LIST)}
    line = {"field": "Department", "value": "", "custom_field": "Dept", "default": "None"}
    assert payloads["record_creation.record_type"] == "Donor"
    assert payloads["record_creation.values"] == [line]


def test_what_a_list_keeps_in_campaign_monitor_stays_there() -> None:
    row = LIST | {
        "Unsubscribe_Page__c": "https://example.com",
        "Subscriber_Start_Sync__c": "2020-01-01",
        "Create_Rule__c": "X",
    }
    found = of(planning.plan(Old(frozenset({"x"}), rows={words.LIST: [row]}), HERE), Kind.LIST)
    assert [item.verdict for item in found] == [Verdict.DECIDE, Verdict.NOTHING, Verdict.NOTHING]


def test_nothing_is_written_for_a_list_that_is_not_known() -> None:
    """Whatever hangs on it is told, and cannot be ticked."""
    gone = {"List_Id__c": OTHER, "Subscriber_List_Id__c": OTHER, "Id": "L2", "List_Name__c": "Gone"}
    imported = IMPORT | {"Subscriber_List__c": "L2"}
    found = plan((words.LIST, gone), (words.LINE, LINE | gone), (words.RULE, RULE | gone), (words.IMPORT, imported))
    told = [item for item in found if item.list == OTHER]
    assert [item.kind for item in told] == [Kind.LIST, Kind.MAPPING, Kind.RULE, Kind.IMPORT]
    assert not any(item.can_be_taken for item in told)


@pytest.mark.parametrize(
    ("news", "verdict"),
    [
        ({}, Verdict.TAKE),
        ({"Sync_Direction__c": "Don't sync"}, Verdict.NOTHING),
        ({"Sync_Direction__c": "Sideways"}, Verdict.DECIDE),
        ({"SF_Field__c": "Email"}, Verdict.NOTHING),
        ({"CM_Field__c": "EmailAddress"}, Verdict.NOTHING),
        ({"SF_Field__c": "no field at all"}, Verdict.DECIDE),
    ],
)
def test_a_line_is_taken_or_not_with_a_reason(news: dict[str, Any], verdict: Verdict) -> None:
    item = one(plan((words.LINE, LINE | news)), Kind.MAPPING)
    assert (item.verdict, item.can_be_taken) == (verdict, verdict is Verdict.TAKE)
    assert item.reason


@pytest.mark.parametrize(
    ("behaviour", "owner"),
    [
        ("Campaign Monitor always wins", "campaign_monitor"),
        ("Salesforce always wins", "salesforce"),
        (None, "salesforce"),
    ],
)
def test_who_wins_there_wins_here(behaviour: str | None, owner: str) -> None:
    row = LINE | {"Sync_Direction__c": "Sync both ways", "Conflict_Behaviour__c": behaviour, "Default_Value__c": "x"}
    line = one(plan((words.LINE, row | {"Create_Only__c": True, "CM_Field__c": "Full Name"})), Kind.MAPPING).payload[
        "line"
    ]
    assert (line["owner"], line["direction"], line["create_only"], line["target"]) == (owner, "both", True, "Name")
    assert line["default"] == ""


def test_a_field_with_record_ids_decides_who_is_linked_once() -> None:
    row = LINE | {"SF_Field__c": "Id", "CM_Field__c": "[Salesforce ID]"}
    found = [
        item
        for item in of(plan((words.LINE, row), (words.LINE, row | {"Object_Type__c": "LEAD"})), Kind.OPTION)
        if item.payload
    ]
    assert [item.payload["value"] for item in found] == ["Salesforce ID"]


def test_a_rule_is_taken_switched_off_with_all_its_criteria() -> None:
    item = one(plan((words.RULE, RULE | {"Evaluation_Time__c": "Only when a record is edited"})), Kind.RULE)
    assert item.ticked
    assert item.assumed
    assert (item.payload["when"], item.payload["does"], item.payload["enabled"]) == ("edited", "add", False)
    assert item.payload["criteria"] == [{"field": "Department", "operator": "equals", "value": "Bank"}]


@pytest.mark.parametrize(
    "news",
    [
        {"Criteria__c": "§"},
        {"Criteria__c": "{}"},
        {"Criteria__c": "[1]"},
        {"Criteria__c": '[{"field": "A", "operator": "equals"}]'},
        {"Criteria__c": '[{"field": "A", "operator": "sounds like", "value": "b"}]'},
        {"Criteria__c": '[{"field": "A", "operator": "equals", "value": ["b"]}]'},
        {"Criteria__c": '[{"field": "A", "operator": "equals", "value": "b", "not": true}]'},
        {"Criteria__c": json.dumps([{"field": "A", "operator": "equals", "value": "b"}] * 31)},
        {"Action__c": ""},
        {"Evaluation_Time__c": "At night"},
        {"Object__c": "Account"},
    ],
)
def test_a_rule_that_is_not_read_whole_is_never_taken(news: dict[str, Any]) -> None:
    """With fewer criteria it would be true of more people."""
    item = one(plan((words.RULE, RULE | news)), Kind.RULE)
    assert (item.verdict, item.can_be_taken) == (Verdict.DECIDE, False)
    assert item.reason


def test_rules_that_need_a_second_look() -> None:
    """One without criteria is not ticked; one that takes off looks at every change; names differ; nobody is let in again."""
    every = RULE | {"Id": "R2", "Criteria__c": "", "Disabled__c": True, "Resubscribe__c": True}
    off = RULE | {"Id": "R3", "Action__c": "Delete", "Evaluation_Time__c": "Only when a record is created"}
    named = RULE | {"Id": "R4", "Name": "for ada@example.com", "Description__c": "ask ada@example.com"}
    found = of(plan((words.RULE, RULE), (words.RULE, every), (words.RULE, off), (words.RULE, named)), Kind.RULE)
    taken = [item for item in found if item.can_be_taken]
    assert [item.title for item in taken] == ["Bankers", "Bankers (2)", "Bankers (3)", "Rule"]
    assert [item.ticked for item in taken] == [True, False, True, True]
    yes = '[{"field": "A", "operator": "is null", "value": true}, {"field": "B", "operator": "is-null", "value": null}]'
    assert [one.value for one in texts.criteria(yes) or ()] == ["true", ""]
    assert taken[2].payload["when"] == "both"
    assert taken[3].payload["description"] == ""
    (resubscribe,) = [item for item in found if item.verdict is Verdict.NOTHING]
    assert "without evidence" in resubscribe.reason


def test_an_import_is_taken_paused_with_its_hours() -> None:
    row = {
        "Schedule_Type__c": "Scheduled",
        "Run_At__c": "13:00;01:00;noon",
        "Scheduled_Days__c": "mon;thu",
        "TimeZone": "Europe/Paris",
    }
    item = one(plan((words.IMPORT, IMPORT | row)), Kind.IMPORT)
    assert item.ticked
    assert item.payload["hours"] == [1, 13]
    assert "days" not in item.payload
    assert "mon, thu" in item.reason
    assert item.payload["timezone"] == "Europe/Paris"
    assert item.payload["lines"] == [{"column": "Email", "to": "EmailAddress"}]
    assert texts.days("thu;mon;never") == [0, 3]


@pytest.mark.parametrize(
    ("news", "kind", "taken"),
    [
        ({"Import_Type__c": "Report", "Param__c": "00O000000000001"}, "report", True),
        ({"Import_Type__c": "listview"}, "soql", True),
        ({"Import_Type__c": "Report", "Param__c": "what"}, "", False),
        ({"Import_Type__c": "soql", "SOQL__c": ""}, "", False),
    ],
)
def test_the_source_of_an_import(news: dict[str, Any], kind: str, taken: bool) -> None:
    item = one(plan((words.IMPORT, IMPORT | news)), Kind.IMPORT)
    assert item.can_be_taken is taken
    assert item.payload.get("kind", "") == kind


def test_only_one_import_of_a_list_takes_off() -> None:
    """Two would take off each other's people; unreadable columns, segments and resubscribing are told."""
    first = IMPORT | {"Refresh_Type__c": "Replace", "Mapping__c": "§"}
    second = IMPORT | {
        "Id": "I2",
        "Name": "SI-2",
        "Refresh_Type__c": "Replace",
        "Segment_Name__c": "S",
        "Resubscribe__c": True,
    }
    broken = IMPORT | {"Id": "I3", "Name": "SI-3", "Mapping__c": '[{"column": ""}]', "Import_Title__c": ""}
    found = of(plan((words.IMPORT, first), (words.IMPORT, second), (words.IMPORT, broken)), Kind.IMPORT)
    taken = [item for item in found if item.can_be_taken]
    assert [item.payload["refresh"] for item in taken] == ["remove", "update", "update"]
    assert [item.ticked for item in taken] == [False, False, False]
    assert [item.verdict for item in found if not item.can_be_taken] == [Verdict.NOTHING, Verdict.DECIDE]


def test_a_smart_email_mapping_with_parents_and_recipients() -> None:
    variables = [
        {"Smart_Email__c": "M1", "Name__c": "first_name", "Field_Name__c": "FirstName", "Object_Names__c": "Contact"},
        {
            "Smart_Email__c": "M1",
            "Name__c": "industry",
            "Field_Name__c": "Industry",
            "Object_Names__c": "Contact;AccountId;Boss__c",
        },
    ]
    recipients = [
        {"Smart_Email__c": "M1", "Type__c": "To", "Is_Field__c": True, "Field_Name__c": "Email"},
        {"Smart_Email__c": "M1", "Type__c": "BCC", "Value__c": "archive@example.com"},
        {"Smart_Email__c": "M1", "Type__c": "CC", "Is_Field__c": True, "Field_Name__c": "Email__c",
         "Is_Child_Relationship__c": True, "Object_Names__c": "Cases"},
    ]  # fmt: skip
    rows = [(words.VARIABLE, row) for row in variables] + [(words.RECIPIENT, row) for row in recipients]
    item = one(plan((words.TEMPLATE, TEMPLATE), (words.SMART, SMART), *rows), Kind.SMART_EMAIL)
    assert item.ticked
    assert item.assumed
    assert [one["field"] for one in item.payload["variables"]] == ["FirstName", "Account.Boss__r.Industry"]
    assert [one["value"] for one in item.payload["recipients"]] == ["Email", "archive@example.com", "Cases/Email__c"]
    assert (item.payload["task"], item.payload["message"], item.payload["list"]) == (True, True, ON)
    assert "archive@example.com" not in json.dumps(item.as_json())


def test_what_of_a_smart_email_mapping_a_person_must_add() -> None:
    child = {"Smart_Email__c": "M1", "Name__c": "items", "Field_Name__c": "Name", "Is_Child_Relationship__c": True}
    formatted = {"Smart_Email__c": "M1", "Name__c": "day", "Field_Name__c": "Birthdate", "Format__c": "d M"}
    unknown = [
        {"Smart_Email__c": "M1", "Type__c": "Bell"},
        {"Smart_Email__c": "M1", "Type__c": "To"},
        {"Smart_Email__c": "M1", "Type__c": "To", "Is_Field__c": True},
        {
            "Smart_Email__c": "M1",
            "Type__c": "To",
            "Is_Field__c": True,
            "Field_Name__c": "E",
            "Is_Child_Relationship__c": True,
        },
    ]
    rows = [(words.VARIABLE, child), (words.VARIABLE, formatted), *((words.RECIPIENT, row) for row in unknown)]
    item = one(plan((words.TEMPLATE, TEMPLATE), (words.SMART, SMART | {"Filters__c": "x"}), *rows), Kind.SMART_EMAIL)
    assert item.verdict is Verdict.DECIDE
    assert item.can_be_taken
    for word in ("items", "filters", "recipients", "day"):
        assert word in item.reason


def test_smart_email_mappings_that_cannot_be_made_yet() -> None:
    found = of(plan((words.SMART, SMART), (words.TEMPLATE, TEMPLATE), (words.SMART, SMART | {"Id": "M2", "Root_Object__c": ""}),
                    here=Here({ON: "News"})), Kind.SMART_EMAIL)  # fmt: skip
    assert [item.title for item in found] == ["Welcome", "Welcome (2)"]
    assert not any(item.can_be_taken for item in found)
    assert found[0].reason != found[1].reason


def test_links_of_campaigns_from_either_side_once() -> None:
    row = {"Campaign_ID__c": "x1", "Salesforce_Campaign__c": "701A", "Name": "Spring"}
    own = {"Id": "701A", "Name": "Spring", "Campaign_Monitor_Id__c": "x1"}
    unnamed = {"Id": "701C", "Name": "No"}
    lone = {"Campaign_ID__c": "x2", "Name": "Nobody's"}
    assert one(
        plan((words.CAMPAIGN, row), (words.CRM_CAMPAIGN, own), (words.CAMPAIGN, lone), (words.CRM_CAMPAIGN, unnamed)),
        Kind.CAMPAIGN,
    ).ticked
    two = of(plan((words.CAMPAIGN, row), (words.CRM_CAMPAIGN, own | {"Id": "701B"})), Kind.CAMPAIGN)
    assert [item.ticked for item in two] == [False, False]


def test_clients_and_their_owners() -> None:
    rows = [{"Client_Id__c": "c1", "Client_Name__c": "Client", "Salesforce_User__c": "005A"}, {"Client_Id__c": "c2"}]
    assert len(of(plan((words.CLIENT, rows[0] | {"Salesforce_User__c": None})), Kind.CLIENT)) == 1
    found = of(plan(*((words.CLIENT, row) for row in rows)), Kind.CLIENT)
    assert [(item.verdict, item.can_be_taken) for item in found] == [
        (Verdict.NOTHING, False), (Verdict.TAKE, True), (Verdict.DECIDE, False),
    ]  # fmt: skip


def test_what_is_only_counted_hidden_or_missing_is_told() -> None:
    settings = {"Id": "x", "Name": "y", "Something__c": "z", "Blank__c": None}
    found = plan((words.SETTINGS, settings), counts={"Queue_Item__c": 2, words.MEMBER: 1_000, "Journey__c": 0},
                 unreadable=("Client__c",), unseen=("Subscriber_List__c.List_Type__c",))  # fmt: skip
    titles = [item.title for item in found]
    for title in (
        "Queue items: 2",
        "Subscriber list members: 1,000",
        "wbsendit__Client__c",
        "Fields that are not there",
    ):
        assert title in titles
    (unknown,) = [item for item in found if item.key == "option:unknown"]
    assert "Something__c" in unknown.reason
    assert "Blank__c" not in unknown.reason
    assert len(of(plan((words.SETTINGS, {"Id": "x"})), Kind.OPTION)) == len(options.OPTIONS)


def test_only_what_can_be_taken_can_be_chosen() -> None:
    found = plan(
        (words.LINE, LINE), (words.LINE, LINE | {"SF_Field__c": "Title", "CM_Field__c": "T"}), (words.RULE, RULE)
    )
    keys = [item.key for item in found if item.ticked]
    assert [item.key for item in planning.chosen(found, keys)] == keys
    assert [len(group) for group in planning.groups(planning.chosen(found, keys))] == [2, 1]
    for key in ("nothing", "other:flows"):
        with pytest.raises(NoSuchItem):
            planning.chosen(found, [key])
    assert sum(planning.counts(found).values()) == len(found)


NAMES = sorted(
    {*LINE, *RULE, *IMPORT, *TEMPLATE, *SMART, *LIST, "Object_Names__c", "Type__c", "Is_Field__c", "Value__c"}
)
OBJECTS = (
    words.LIST, words.LINE, words.RULE, words.IMPORT, words.TEMPLATE, words.SMART, words.VARIABLE, words.RECIPIENT,
    words.CAMPAIGN, words.CRM_CAMPAIGN, words.CLIENT,
)  # fmt: skip
SAID = (
    None,
    True,
    False,
    "",
    "§",
    "[]",
    "{}",
    ON,
    OTHER,
    CRITERIA,
    "L1",
    "M1",
    "T1",
    "s1",
    "Contact",
    "Replace",
    "x@example.com",
)
LIKELY = {
    words.LIST: LIST, words.LINE: LINE, words.RULE: RULE, words.IMPORT: IMPORT, words.TEMPLATE: TEMPLATE, words.SMART: SMART,
}  # fmt: skip


def _rows(draw: Random) -> dict[str, list[dict[str, Any]]]:
    """Rows that are nearly right, or not at all."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in draw.sample(OBJECTS, 6):
        likely = LIKELY.get(name, {})
        found[name] = [
            likely | {draw.choice(NAMES): draw.choice(SAID) for _ in range(draw.randrange(6))}
            for _ in range(draw.randrange(4))
        ]
    return found


@given(st.randoms(use_true_random=False))
def test_whatever_the_records_hold_each_thing_is_told_once_with_a_reason(draw: Random) -> None:
    """Any values at all: no failure, keys once, the same each time, and nothing is ticked that cannot be taken."""
    old = Old(frozenset({"x"}), rows=_rows(draw))
    found = planning.plan(old, HERE)
    assert found == planning.plan(old, HERE)
    assert len({item.key for item in found}) == len(found)
    assert all(item.reason for item in found)
    assert all(item.writes for item in found if item.can_be_taken)
    assert not any(item.payload.get("enabled") or item.payload.get("days") for item in found)
