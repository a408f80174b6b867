"""A seed of somebody who used the older integration: its objects in the org, with settings, mappings, rules and imports.

The account is the one of `small`, so its ids are known before it is laid. What the long texts hold is assumed.
"""

import hashlib
import json
from typing import Any, Final

from fairlead_emulators.seed_parts import Spec


def _derived(*parts: object, length: int = 32) -> str:
    """As the account makes its ids: seeds are laid out before there is an account to ask."""
    return hashlib.sha512("\x1f".join(map(str, parts)).encode()).hexdigest()[:length]


def _guid(*parts: object) -> str:
    text = _derived(*parts)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


CLIENT_NAME: Final = "Small & Co"
CLIENT: Final = _derived("client", _derived("account key", 1, length=48), 1, CLIENT_NAME)
LISTS: Final = {
    "Newsletter": _derived("list", CLIENT, 1, "Newsletter"),
    "Customers": _derived("list", CLIENT, 2, "Customers"),
    "Old list": "0" * 32,
}
"""By title; the last was deleted in Campaign Monitor, while the package kept its record."""
MONTHLY: Final = _derived("campaign", CLIENT, 1, "Monthly news 1")
WELCOME: Final = _guid("smart e-mail", CLIENT, "Welcome", 0)


def salesforce(people: Spec) -> Spec:
    """The org's part: these people, and the package with its records."""
    return people | {"installed": ["wbsendit"], "records": _records()}


def _records() -> dict[str, list[dict[str, Any]]]:
    """Every row's names without the prefix; `~` before those of the platform, `#` gives a row a name for later ones."""
    usual = {
        "Client_ID__c": CLIENT,
        "Unsubscribe_Setting__c": "All Client Lists",
        "Campaign_Monitor_Client__c": "#client",
    }
    kept: dict[str, list[dict[str, Any]]] = {
        "Campaign": [{"~Name": "Spring offer", "#": "crm campaign", "Campaign_Monitor_Id__c": MONTHLY}],
        "Client__c": [{"#": "client", "Client_Id__c": CLIENT, "Client_Name__c": CLIENT_NAME, "Status__c": "Active"}],
        "Subscriber_List__c": [
            usual | {"#": title, "List_Id__c": key, "List_Name__c": title} | _OPTIONS.get(title, {})
            for title, key in LISTS.items()
        ],
        "Custom_Field__c": [_line(*one) for one in _LINES],
        "AutoSubscription__c": _rules(),
        "Subscriber_Import__c": _imports(),
        "Campaign_Monitor_Campaign__c": [
            {"~Name": "Monthly news 1", "Campaign_ID__c": MONTHLY, "Salesforce_Campaign__c": "#crm campaign"}
        ],
        **_smart_emails(),
        "Subscription__c": [_member(number) for number in range(3)],
    }
    return {
        name if name == "Campaign" else f"wbsendit__{name}": [_prefixed(row) for row in rows]
        for name, rows in kept.items()
    }


def _prefixed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name[1:] if name.startswith("~") else name if name == "#" else f"wbsendit__{name}": value
        for name, value in row.items()
    }


_OPTIONS: Final = {
    "Newsletter": {"Create_Rule__c": "ACTION_CREATE_LEAD", "totalActiveSubscribers__c": 800},
    "Customers": {"Create_Rule__c": "ACTION_DO_NOTHING", "Prevent_Member_Sync__c": True},
}
_OUT, _IN, _BOTH = "Salesforce to Campaign Monitor", "Campaign Monitor to Salesforce", "Sync both ways"
_OURS, _THEIRS = "Salesforce always wins", "Campaign Monitor always wins"
_LINES: Final[tuple[tuple[str, str, str, str, str, str, dict[str, Any]], ...]] = (
    ("Newsletter", "CONTACT", "Department", "Remarks", _OUT, _OURS, {}),
    ("Newsletter", "LEAD", "Company", "Company, or what you call it", _IN, _THEIRS, {"Default_Value__c": "Unknown"}),
    ("Customers", "CONTACT", "Title", "Remarks", _BOTH, _THEIRS, {}),
    ("Customers", "CONTACT", "Email", "Email", _OUT, _OURS, {}),
    ("Old list", "CONTACT", "Title", "Title", _OUT, _OURS, {}),
)


def _line(on: str, of: str, source: str, target: str, way: str, owner: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "~Name": way, "CM_Field__c": target, "Compound_Key__c": f"{LISTS[on]}:{of}:{source}", "List_Id__c": LISTS[on],
        "Object_Type__c": of, "SF_Field__c": source, "Sync_Direction__c": way, "Conflict_Behaviour__c": owner,
        "Subscriber_List__c": f"#{on}", **more,
    }  # fmt: skip


def _rules() -> list[dict[str, Any]]:
    bank = json.dumps([{"field": "Department", "operator": "equals", "value": "Bank"}])
    rule = {"Subscriber_List_Id__c": LISTS["Newsletter"], "Object__c": "Contact", "Subscriber_List__c": "#Newsletter"}
    return [
        rule
        | {
            "~Name": "Bankers", "Action__c": "Add", "Criteria__c": bank, "Resubscribe__c": True,
            "Evaluation_Time__c": "Only when a record is created",
        },
        rule | {"~Name": "Not any more", "Action__c": "Delete", "Criteria__c": "§ not readable", "Disabled__c": True},
    ]  # fmt: skip


def _imports() -> list[dict[str, Any]]:
    columns = json.dumps([{"column": "Email", "field": "Email"}, {"column": "Name", "field": "Name"}])
    return [
        {
            "Import_Title__c": "All contacts", "Import_Type__c": "soql", "Mapping__c": columns, "Refresh_Type__c": "Update",
            "SOQL__c": "SELECT Id, Name, Email FROM Contact WHERE Email != null", "Schedule_Type__c": "Scheduled",
            "Run_At__c": "01:00;13:00", "Scheduled_Days__c": "mon;thu", "Subscriber_List__c": "#Customers",
        },
        {
            "Import_Title__c": "Report of members", "Import_Type__c": "Report", "Mapping__c": "", "Param__c": "00O000000000001",
            "Refresh_Type__c": "Replace", "Schedule_Type__c": "Once Off", "Subscriber_List__c": "#Newsletter",
        },
    ]  # fmt: skip


def _smart_emails() -> dict[str, list[dict[str, Any]]]:
    return {
        "Smart_Email_Template__c": [
            {"#": "welcome", "Name__c": "Welcome", "Smart_Email_Id__c": WELCOME, "Status__c": "Active"}
        ],
        "Smart_Email__c": [
            {"#": "to contacts", "~Name": "Welcome a contact", "Root_Object__c": "Contact", "Create_Tasks__c": True,
             "Create_Messages__c": False, "Smart_Email__c": "#welcome"},
        ],
        "Smart_Email_Variable__c": [
            {"Name__c": "first_name", "Field_Name__c": "FirstName", "Smart_Email__c": "#to contacts"},
            {"Name__c": "number", "Field_Name__c": "Phone", "Object_Names__c": "Account", "Smart_Email__c": "#to contacts"},
        ],
        "Smart_Email_Recipient__c": [
            {"Type__c": "To", "Field_Name__c": "Email", "Is_Field__c": True, "Smart_Email__c": "#to contacts"}
        ],
    }  # fmt: skip


def _member(number: int) -> dict[str, Any]:
    address = f"old{number}@example.com"
    return {
        "~Name": address, "Email__c": address, "List_Id__c": LISTS["Newsletter"], "State__c": "Active",
        "Compound_Key__c": f"{LISTS['Newsletter']}:{address}", "Subscriber_List__c": "#Newsletter",
    }  # fmt: skip
