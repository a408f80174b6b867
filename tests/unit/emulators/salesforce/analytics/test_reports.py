"""Reports: listed, described, run at once and in the background, filtered, grouped, cut at 2,000 rows."""

import pytest

from tests.unit.emulators.salesforce.conftest import SCHEMA, wait

TYPE = """<?xml version="1.0" encoding="UTF-8"?>
<ReportType xmlns="http://soap.sforce.com/2006/04/metadata"><baseObject>Parent__c</baseObject><category>other</category>
  <deployed>true</deployed><join><outerJoin>false</outerJoin><relationship>Children__r</relationship></join>
  <label>Parents with Children</label>
  <sections><columns><checkedByDefault>true</checkedByDefault><field>Name</field><table>Parent__c</table></columns>
    <columns><checkedByDefault>true</checkedByDefault><field>Amount__c</field><table>Parent__c.Children__r</table></columns>
    <masterLabel>All</masterLabel></sections></ReportType>"""

REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://soap.sforce.com/2006/04/metadata">
  <columns><field>Parent__c.Children__r$Name</field></columns>
  <columns><aggregateTypes>Sum</aggregateTypes><aggregateTypes>Average</aggregateTypes>
    <field>Parent__c.Children__r$Amount__c</field></columns>
  <columns><field>Parent__c$Key__c</field></columns>
  <filter><booleanFilter>1 OR 2</booleanFilter>
    <criteriaItems><column>Parent__c.Children__r$Kind__c</column><operator>equals</operator><value>Red</value></criteriaItems>
    <criteriaItems><column>Parent__c.Children__r$Flag__c</column><operator>equals</operator><value>1</value></criteriaItems></filter>
  <format>Summary</format>
  <groupingsDown><dateGranularity>Day</dateGranularity><field>Parent__c$Name</field><sortOrder>Desc</sortOrder></groupingsDown>
  <groupingsDown><dateGranularity>Week</dateGranularity><field>Parent__c.Children__r$Day__c</field><sortOrder>Asc</sortOrder></groupingsDown>
  <name>Children by Parent</name><reportType>Pairs__c</reportType><scope>organization</scope><showDetails>true</showDetails>
  <timeFrameFilter><dateColumn>Parent__c.Children__r$Day__c</dateColumn><interval>INTERVAL_CUSTOM</interval>
    <startDate>2026-01-01</startDate></timeFrameFilter></Report>"""


def found(org, name):
    asked = f"SELECT Id FROM Report WHERE DeveloperName = '{name}'"
    (row,) = org.ask("GET", "/query", params={"q": asked}).json()["records"]
    return row["Id"]


def run(org, report, metadata=None, query="?includeDetails=true"):
    method, body = ("GET", {}) if metadata is None else ("POST", {"json": {"reportMetadata": metadata}})
    return org.ask(method, f"/analytics/reports/{report}{query}", **body)


def rows(result, key="T!T"):
    return [[cell["label"] for cell in row["dataCells"]] for row in result["factMap"][key]["rows"]]


@pytest.fixture
def contacts(bare):
    records = [
        {"attributes": {"type": "Contact"}, "LastName": f"N{n:02}", "LeadSource": ("Web", "Other", None)[n % 3]}
        for n in range(9)
    ]
    assert all(r["success"] for r in bare.ask("POST", "/composite/sobjects", json={"records": records}).json())
    return bare


def test_reports_are_listed_and_described_and_say_what_they_run(contacts):
    listed = contacts.ask("GET", "/analytics/reports").json()
    (each,) = [each for each in listed if each["name"] == "All Contacts"]
    assert each["id"] == found(contacts, "All_Contacts")
    told = contacts.http.get(contacts.url + each["describeUrl"], timeout=30).json()
    assert told["reportMetadata"]["reportType"]["type"] == "ContactList"
    assert told["reportExtendedMetadata"]["detailColumnInfo"]["EMAIL"] == {"dataType": "email", "label": "Email"}
    assert told["reportTypeMetadata"]["categories"][0]["columns"]["Email"]["filterable"]
    result = run(contacts, each["id"]).json()
    assert (result["allData"], len(rows(result))) == (True, 9)
    assert result["factMap"]["T!T"]["aggregates"] == [{"label": "9", "value": 9}]
    assert result["reportMetadata"]["detailColumns"][0] == "CONTACT_ID"


def test_a_run_may_filter_sort_and_choose_columns_for_itself_alone(contacts):
    report = found(contacts, "All_Contacts")
    asked = {
        "detailColumns": ["LAST_NAME"],
        "reportFilters": [
            {"column": "LAST_NAME", "operator": "greaterOrEqual", "value": "N03"},
            {"column": "LEAD_SOURCE", "operator": "equals", "value": "Web"},
            {"column": "LEAD_SOURCE", "operator": "equals", "value": ""},
        ],
        "reportBooleanFilter": "1 AND (2 OR 3)",
        "sortBy": [{"sortColumn": "LAST_NAME", "sortOrder": "Desc"}],
    }
    assert rows(run(contacts, report, asked).json()) == [["N08"], ["N06"], ["N05"], ["N03"]]
    asked["topRows"] = {"rowLimit": 2, "direction": "Asc"}
    assert rows(run(contacts, report, asked).json()) == [["N08"], ["N06"]]
    assert len(rows(run(contacts, report).json())) == 9
    frame = {"standardDateFilter": {"column": "CREATED_DATE", "durationValue": "YESTERDAY"}}
    assert rows(run(contacts, report, frame).json()) == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"reportFilters": [{"column": "NOTHING", "operator": "equals", "value": "x"}]},
        {"reportFilters": [{"column": "LAST_NAME", "operator": "near", "value": "x"}]},
        {"reportFilters": [{"column": "CREATED_DATE", "operator": "equals", "value": "someday"}]},
        {"reportFilters": [{"operator": "equals"}]},
        {"reportFilters": [{"column": "LAST_NAME", "operator": "equals", "value": "x"}] * 21},
        {"reportBooleanFilter": "1 AND 2", "reportFilters": [{"column": "LAST_NAME", "operator": "equals", "value": ""}]},
        {"detailColumns": ["NOTHING"]},
        {"detailColumns": "LAST_NAME"},
        {"detailColumns": ["LAST_NAME"] * 101},
        {"sortBy": [{"sortColumn": "NOTHING"}]},
        {"sortBy": "LAST_NAME"},
        {"reportFormat": "CIRCULAR"},
        {"groupingsDown": [{"name": "LEAD_SOURCE", "dateGranularity": "Century"}]},
        {"groupingsDown": [{"name": "NOTHING"}]},
        {"aggregates": ["x!LAST_NAME"]},
        {"crossFilters": [{"primaryEntityField": "CONTACT_ID", "relatedEntity": "No__c", "relatedEntityJoinField": "X"}]},
        {"topRows": {"rowLimit": "many"}},
        [],
    ],
)  # fmt: skip
def test_metadata_that_cannot_be_run_is_refused(contacts, metadata):
    answer = run(contacts, found(contacts, "All_Contacts"), metadata)
    assert answer.status_code in (400, 200 if metadata == [] else 400), answer.text
    if metadata != []:
        assert answer.json()[0]["errorCode"] in ("INVALID_REPORT_METADATA", "JSON_PARSER_ERROR")


def test_groups_are_keyed_by_place_and_count_their_rows(contacts):
    result = run(contacts, found(contacts, "Contacts_by_Lead_Source")).json()
    groups = result["groupingsDown"]["groupings"]
    assert [(g["key"], g["label"], g["value"]) for g in groups] == [
        ("0", "-", None),
        ("1", "Other", "Other"),
        ("2", "Web", "Web"),
    ]
    assert result["factMap"]["2!T"]["aggregates"][0]["value"] == 3
    assert [row[1] for row in rows(result, "2!T")] == ["N00", "N03", "N06"]
    assert result["factMap"]["T!T"] == {"aggregates": [{"label": "9", "value": 9}], "rows": []}
    short = run(contacts, found(contacts, "Contacts_by_Lead_Source"), query="").json()
    assert (short["hasDetailRows"], "rows" in short["factMap"]["0!T"]) == (False, False)


def test_a_matrix_has_facts_of_each_crossing(bare):
    for source, status, count in (
        ("Web", "Open - Not Contacted", 2),
        ("Web", "Working - Contacted", 1),
        ("Other", "Working - Contacted", 1),
    ):
        for n in range(count):
            body = {"LastName": f"L{n}", "Company": "C", "LeadSource": source, "Status": status}
            assert bare.ask("POST", "/sobjects/Lead", json=body).status_code == 201
    result = run(bare, found(bare, "Leads_by_Source_and_Status")).json()
    assert [g["label"] for g in result["groupingsDown"]["groupings"]] == ["Other", "Web"]
    assert [g["label"] for g in result["groupingsAcross"]["groupings"]] == [
        "Open - Not Contacted",
        "Working - Contacted",
    ]
    counts = {key: fact["aggregates"][0]["value"] for key, fact in result["factMap"].items()}
    assert counts == {"T!T": 4, "T!0": 2, "T!1": 2, "0!T": 1, "1!T": 3, "0!0": 0, "0!1": 1, "1!0": 2, "1!1": 1}
    assert len(rows(result, "1!0")) == 2


def test_a_deployed_report_joins_filters_groups_and_sums(org):
    files = SCHEMA | {"reportTypes/Pairs.reportType": TYPE, "reports/Mine/By_Parent.report": REPORT}
    assert org.deploy(files)["success"]
    parents = [org.ask("POST", "/sobjects/Parent__c", json={"Name": n, "Key__c": n}).json()["id"] for n in "AB"]
    children = [
        {"Parent__c": parents[0], "Kind__c": "Red", "Amount__c": 10, "Day__c": "2026-01-04"},
        {"Parent__c": parents[0], "Flag__c": True, "Amount__c": 20, "Day__c": "2026-01-10"},
        {"Parent__c": parents[0], "Kind__c": "Red", "Amount__c": 5.5, "Day__c": "2026-01-11"},
        {"Parent__c": parents[1], "Kind__c": "Red", "Amount__c": 1, "Day__c": "2026-01-05"},
        {"Parent__c": parents[1], "Kind__c": "Blue", "Amount__c": 99, "Day__c": "2026-01-05"},
        {"Parent__c": parents[1], "Kind__c": "Red", "Amount__c": 99, "Day__c": "2025-12-31"},
        {"Kind__c": "Red", "Amount__c": 99, "Day__c": "2026-01-05"},
    ]
    for child in children:
        assert org.ask("POST", "/sobjects/Child__c", json=child).status_code == 201
    result = run(org, found(org, "By_Parent")).json()
    down = result["groupingsDown"]["groupings"]
    assert [g["label"] for g in down] == ["B", "A"]
    assert [g["label"] for g in down[1]["groupings"]] == ["1/4/2026 - 1/10/2026", "1/11/2026 - 1/17/2026"]
    assert [each["value"] for each in result["factMap"]["1!T"]["aggregates"]] == [3, 35.5, pytest.approx(35.5 / 3)]
    assert [row[1:] for row in rows(result, "1_0!T")] == [["10.00", "A"], ["20.00", "A"]]
    assert result["factMap"]["T!T"]["aggregates"][1] == {"label": "36.50", "value": 36.5}


def test_a_cross_filter_keeps_what_something_or_nothing_points_to(bare):
    with_contact, _ = (bare.ask("POST", "/sobjects/Account", json={"Name": n}).json()["id"] for n in ("Busy", "Idle"))
    bare.ask("POST", "/sobjects/Contact", json={"LastName": "Child", "AccountId": with_contact})
    bare.ask("POST", "/sobjects/Contact", json={"LastName": "Alone"})
    cross = {"primaryEntityField": "ACCOUNT_ID", "relatedEntity": "Contact", "relatedEntityJoinField": "AccountId"}
    for includes, names in ((True, [["Busy"]]), (False, [["Idle"]])):
        asked = {
            "reportType": {"type": "AccountList"},
            "detailColumns": ["ACCOUNT.NAME"],
            "crossFilters": [cross | {"includesObject": includes}],
        }
        answer = bare.ask("POST", "/analytics/reports/query", json={"reportMetadata": asked})
        assert rows(answer.json()) == names


def test_a_run_is_cut_at_2000_rows_and_its_totals_are_not(bare):
    for start in range(0, 2100, 150):
        records = [{"attributes": {"type": "Contact"}, "LastName": f"N{start + n:04}"} for n in range(150)]
        bare.ask("POST", "/composite/sobjects", json={"records": records})
    result = run(bare, found(bare, "All_Contacts")).json()
    assert (result["allData"], len(rows(result))) == (False, 2000)
    assert result["factMap"]["T!T"]["aggregates"][0]["value"] == 2100


def test_a_run_in_the_background_is_followed_and_kept_for_a_day(contacts):
    report = found(contacts, "All_Contacts")
    contacts.fault("slow_job", seconds=0.3, match={"kind": "report"})
    begun = contacts.ask(
        "POST",
        f"/analytics/reports/{report}/instances",
        json={"reportMetadata": {"topRows": {"rowLimit": 3, "direction": "Asc"}}},
    ).json()
    assert (begun["status"], begun["completionDate"]) == ("New", None)
    path = f"/analytics/reports/{report}/instances/{begun['id']}"
    assert "factMap" not in contacts.ask("GET", path).json()
    ended = wait(lambda: contacts.ask("GET", path).json(), lambda told: told["attributes"]["status"] == "Success")
    assert len(rows(ended)) == 3
    assert [each["id"] for each in contacts.ask("GET", f"/analytics/reports/{report}/instances").json()] == [
        begun["id"]
    ]
    contacts.control("clock", {"advance_seconds": 86_401})
    assert contacts.ask("GET", path).status_code == 404


def test_a_run_in_the_background_that_fails_says_so(contacts):
    report = found(contacts, "All_Contacts")
    contacts.fault("job_failed", match={"kind": "report"})
    begun = contacts.ask("POST", f"/analytics/reports/{report}/instances").json()
    path = f"/analytics/reports/{report}/instances/{begun['id']}"
    ended = wait(lambda: contacts.ask("GET", path).json(), lambda told: told["attributes"]["completionDate"])
    assert ended["attributes"]["status"] == "Error"
    assert contacts.ask("DELETE", path).status_code == 204
    assert contacts.ask("GET", path).status_code == 404


def test_runs_of_an_hour_are_counted(contacts):
    report = found(contacts, "All_Contacts")
    now = contacts.emulator.clock.now()
    contacts.emulator.usage.runs_of("sync", now)
    contacts.emulator.usage.runs["sync"].extend([now] * 499)
    assert run(contacts, report).status_code == 200
    assert contacts.ask("GET", "/limits").json()["HourlySyncReportRuns"]["Remaining"] == 0
    refused = run(contacts, report)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "FORBIDDEN")
    contacts.control("clock", {"advance_seconds": 3_601})
    assert run(contacts, report).status_code == 200


def test_a_report_that_is_not_kept_may_be_run_too(contacts):
    asked = {"reportType": {"type": "ContactList"}, "detailColumns": ["LAST_NAME"], "topRows": {"rowLimit": 1}}
    answer = contacts.ask("POST", "/analytics/reports/query", json={"reportMetadata": asked})
    assert len(rows(answer.json())) == 1
    wrong = contacts.ask("POST", "/analytics/reports/query", json={"reportMetadata": {"reportType": {"type": "No"}}})
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (400, "INVALID_REPORT_METADATA")


@pytest.mark.parametrize("path", ["", "/describe", "/instances", "/instances/0LG000000000001"])
def test_an_unknown_report_is_not_found(bare, path):
    answer = bare.ask("GET", f"/analytics/reports/00O5e0000000999AAA{path}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
