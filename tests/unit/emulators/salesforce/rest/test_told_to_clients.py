"""What well-known clients ask beside records: who they are, parts of compounds, plans, layouts, picklist rows."""

import pytest

ACTION = """<?xml version="1.0" encoding="UTF-8"?>
<QuickAction xmlns="http://soap.sforce.com/2006/04/metadata"><label>Log a call</label>
  <type>LogACall</type><optionsCreateFeedItem>false</optionsCreateFeedItem></QuickAction>"""


def test_the_resources_name_the_caller_by_an_address_that_can_be_followed(bare):
    identity = bare.ask("GET", "").json()["identity"]
    assert identity.startswith(f"{bare.url}/id/00D")
    assert bare.http.get(identity, timeout=20).json()["user_id"] == identity.rpartition("/")[2]


@pytest.mark.parametrize(
    ("sobject", "field", "compound"),
    [
        ("Contact", "FirstName", "Name"),
        ("Contact", "MailingCity", "MailingAddress"),
        ("Contact", "OtherStreet", "OtherAddress"),
        ("Contact", "MailingAddress", None),
        ("Contact", "Name", None),
        ("Contact", "Email", None),
        ("Lead", "Country", "Address"),
        ("Account", "BillingLatitude", "BillingAddress"),
        ("Account", "Name", None),
        ("User", "PostalCode", "Address"),
    ],
)
def test_each_part_names_its_compound(bare, sobject, field, compound):
    fields = {each["name"]: each for each in bare.ask("GET", f"/sobjects/{sobject}/describe").json()["fields"]}
    assert fields[field]["compoundFieldName"] == compound


def test_without_the_compounds_that_describe_names_all_fields_can_be_loaded_in_bulk(bare):
    """A connector leaves these out; Bulk API refuses what is left of them."""
    for sobject in ("Contact", "Lead", "Account", "User"):
        fields = bare.ask("GET", f"/sobjects/{sobject}/describe").json()["fields"]
        compounds = {each["compoundFieldName"] for each in fields} - {"Name"}
        names = ", ".join(each["name"] for each in fields if each["name"] not in compounds)
        job = {"operation": "query", "query": f"SELECT {names} FROM {sobject}"}
        assert bare.ask("POST", "/jobs/query", json=job).status_code == 200


def test_list_views_and_reports_are_explained_by_their_id(bare):
    view = bare.ask("GET", "/sobjects/Contact/listviews").json()["listviews"][0]["id"]
    told = bare.ask("GET", "/query", params={"explain": view}).json()
    assert told["plans"][0]["sobjectType"] == "Contact"
    assert told["sourceQuery"] == bare.ask("GET", f"/sobjects/Contact/listviews/{view}/describe").json()["query"]
    report = bare.ask("GET", "/analytics/reports").json()[0]["id"]
    for spelled in (report, report[:15]):
        assert bare.ask("GET", "/query", params={"explain": spelled}).json()["sourceQuery"].startswith("SELECT ")


@pytest.mark.parametrize("unknown", ["00B000000000999", "00O000000000999"])
def test_an_unknown_id_cannot_be_explained(bare, unknown):
    assert bare.ask("GET", "/query", params={"explain": unknown}).status_code == 404


def test_quick_actions_are_those_that_were_deployed(bare):
    assert bare.ask("GET", "/quickActions").json() == bare.ask("GET", "/sobjects/Contact/quickActions").json() == []
    files = {f"quickActions/{name}.quickAction": ACTION for name in ("Call", "Contact.Call")}
    assert bare.deploy(files)["success"]
    assert [each["name"] for each in bare.ask("GET", "/quickActions").json()] == ["Call"]
    found = bare.ask("GET", "/sobjects/Contact/quickActions").json()
    assert [(each["name"], each["label"], each["type"]) for each in found] == [
        ("Contact.Call", "Log a call", "LogACall"),
        ("Call", "Log a call", "LogACall"),
    ]
    assert bare.ask("GET", "/sobjects/Nonsense/quickActions").status_code == 404


def test_the_org_has_no_approval_layouts(bare):
    assert bare.ask("GET", "/sobjects/Contact/describe/approvalLayouts").json() == {"approvalLayouts": []}
    assert bare.ask("GET", "/sobjects/Nonsense/describe/approvalLayouts").status_code == 404


def rows(org, query):
    return [list(each.values())[1:] for each in org.ask("GET", "/query", params={"q": query}).json()["records"]]


def test_the_statuses_of_leads_are_rows_and_tell_which_are_converted(bare):
    asked = "SELECT MasterLabel, IsDefault, IsConverted FROM LeadStatus ORDER BY SortOrder"
    assert rows(bare, asked) == [
        ["Open - Not Contacted", True, False],
        ["Working - Contacted", False, False],
        ["Closed - Converted", False, True],
        ["Closed - Not Converted", False, False],
    ]
    ids = rows(bare, "SELECT Id FROM LeadStatus ORDER BY Id")
    bare.http.post(
        f"{bare.url}/_control/settings", json={"converted_lead_statuses": ["Working - Contacted"]}, timeout=20
    )
    assert rows(bare, "SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true") == [["Working - Contacted"]]
    assert rows(bare, "SELECT Id FROM LeadStatus ORDER BY Id") == ids


def test_cases_and_opportunities_have_such_rows_too(bare):
    assert rows(bare, "SELECT MasterLabel FROM CaseStatus WHERE IsClosed = true") == [["Closed"]]
    won = "SELECT ApiName, DefaultProbability FROM OpportunityStage WHERE IsClosed = true AND IsWon = true"
    assert rows(bare, won) == [["Closed Won", 100.0]]
