"""What is assumed of the service and can be checked by calls, each by a test named after the fact's id."""

import ast
from pathlib import Path

from fairlead_emulators.campaignmonitor.facts import fact

NOBODY = "0" * 32


def _checked():
    """The names of all checks of this folder, found without running them."""
    trees = [ast.parse(each.read_text("utf-8")) for each in Path(__file__).parent.glob("test_campaign_monitor_*.py")]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_assumed_fact_is_checked_or_stands_apart():
    """A new assumption needs a check named after it in this folder, or says in its `facts.toml` why calls cannot check it."""
    checked = _checked()
    assumed = {each: entry for each, entry in fact.entries.items() if entry["proof"] == "assumed"}
    wrong = {
        each: "is checked and stands apart" if done else "is neither checked nor stands apart"
        for each, entry in assumed.items()
        if (done := f"test_{each.replace('-', '_')}" in checked) == bool(entry.get("apart", ""))
    }
    assert wrong == {}


def test_paging_default_order(account):
    """The page says by what it is ordered."""
    page = account.call("GET", f"lists/{account.list}/active").json
    assert (page["ResultsOrderedBy"], page["OrderDirection"].lower()) == ("date", "asc")


def test_paging_beyond_end(account):
    who = account.somebody()
    account.imported({"EmailAddress": who})
    first = account.call("GET", f"lists/{account.list}/active").json
    page = account.call("GET", f"lists/{account.list}/active", page=first["NumberOfPages"] + 5).json
    assert (page["Results"], page["TotalNumberOfRecords"]) == ([], first["TotalNumberOfRecords"])


def test_unknown_list_status(account):
    reply = account.call("GET", f"lists/{NOBODY}")
    assert (reply.status, reply.json["Code"]) == (401, 101)


def test_undocumented_status(account):
    """The code of a webhook that is not there has no documented status."""
    assert account.call("DELETE", f"lists/{account.list}/webhooks/{NOBODY}").status == 400


def test_webhook_ids(account):
    assert account.call("DELETE", f"lists/{account.list}/webhooks/{NOBODY}").json["Code"] == 604


def test_lists_for_email(account):
    reply = account.call("GET", f"clients/{account.client}/listsforemail", email=account.somebody())
    assert (reply.status, reply.json) == (200, [])


def test_consent_required(account):
    reply = account.add(account.somebody(), ConsentToTrack=None)
    assert (reply.status, reply.json["Code"]) == (400, 214)


def test_unsubscribe_again(account):
    who = account.somebody()
    account.imported({"EmailAddress": who})
    assert account.unsubscribe(who).status == 200
    again = account.unsubscribe(who)
    assert (again.status, again.json["Code"]) == (400, 203)


def test_add_refused(account):
    """An add that is refused changes nothing."""
    who = account.somebody()
    account.imported({"EmailAddress": who, "Name": "First"})
    account.unsubscribe(who)
    assert account.add(who, Name="Second").json["Code"] == 206
    assert account.get(who).json["Name"] == "First"


def test_history_empty(account):
    who = account.somebody()
    account.imported({"EmailAddress": who})
    reply = account.call("GET", f"subscribers/{account.list}/history", email=who)
    assert (reply.status, reply.json) == (200, [])


def test_date_filter(account):
    """A subscriber is shown by its own date: on or after."""
    who = account.somebody()
    account.imported({"EmailAddress": who})
    date = account.get(who).json["Date"]
    found = account.call("GET", f"lists/{account.list}/active", date=date).json["Results"]
    assert who in [each["EmailAddress"] for each in found]


def test_long_values(account):
    account.call("POST", f"lists/{account.list}/customfields", {"FieldName": "Remarks", "DataType": "Text"})
    fields = [{"Key": "Remarks", "Value": "x" * 251}]
    reply = account.add(account.somebody(), CustomFields=fields)
    assert (reply.status, reply.json["Code"]) == (400, 810)


def test_custom_values_ignored(account):
    account.call("POST", f"lists/{account.list}/customfields", {"FieldName": "Age", "DataType": "Number"})
    who = account.somebody()
    account.imported({"EmailAddress": who, "CustomFields": [{"Key": "Age", "Value": "old"}]})
    assert account.get(who).json["CustomFields"] == []


def test_import_rows(account):
    """A repeated address is reported once, in lower case."""
    who = account.somebody()
    done = account.imported({"EmailAddress": who.upper()}, {"EmailAddress": who}).json
    assert done["DuplicateEmailsInSubmission"] == [who]
    assert done["TotalUniqueEmailsSubmitted"] == 1


def test_token_error_status(account):
    """The token endpoint refuses a wrong refresh token with 400."""
    assert account.token("wrong").status == 400
