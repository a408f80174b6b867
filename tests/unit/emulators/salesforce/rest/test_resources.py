"""Resources beside the records: what changed, relationships, layouts, conditional requests, refusals by name."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

LAYOUT = """<?xml version="1.0" encoding="UTF-8"?>
<Layout xmlns="http://soap.sforce.com/2006/04/metadata"><layoutSections><label>Main</label>
  <layoutColumns><layoutItems><behavior>Readonly</behavior><field>Note__c</field></layoutItems></layoutColumns>
  <layoutColumns/></layoutSections></Layout>"""


def make(org, sobject, **fields):
    answer = org.ask("POST", f"/sobjects/{sobject}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_what_was_made_or_deleted_is_told_by_its_window(org):
    now = org.emulator.clock.now()
    window = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    kept, gone = make(org, "Child__c", Key__c="1"), make(org, "Child__c", Key__c="2")
    org.ask("DELETE", f"/sobjects/Child__c/{gone}")
    told = org.ask("GET", "/sobjects/Child__c/updated", params=window).json()
    assert told["ids"] == [kept]
    assert told["latestDateCovered"].endswith("+0000")
    told = org.ask("GET", "/sobjects/Child__c/deleted", params=window).json()
    assert [each["id"] for each in told["deletedRecords"]] == [gone]
    unescaped = f"?start={window['start']}&end={window['end']}"
    again = org.ask("GET", f"/sobjects/Child__c/deleted{unescaped}").json()
    assert again["deletedRecords"] == told["deletedRecords"]


@pytest.mark.parametrize(
    ("start", "end"), [("", ""), ("now", "then"), ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"), ("1999-01-01T00:00:00Z", "1999-01-02T00:00:00Z")]
)  # fmt: skip
def test_a_window_that_is_none_is_refused(bare, start, end):
    answer = bare.ask("GET", "/sobjects/Contact/updated", params={"start": start, "end": end})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


def test_recent_items_are_those_changed_last(org):
    first, second = make(org, "Parent__c", Name="First"), make(org, "Parent__c", Name="Second")
    assert [item["Id"] for item in org.ask("GET", "/sobjects/Parent__c").json()["recentItems"]] == [second, first]
    assert [item["Name"] for item in org.ask("GET", "/recent?limit=1").json()] == ["Second"]
    for wrong in ("0", "201", "x"):
        assert org.ask("GET", f"/recent?limit={wrong}").status_code == 400


def test_a_relationship_leads_to_the_parent_or_to_the_children(org):
    parent = make(org, "Parent__c", Name="Home", Key__c="h")
    child, alone = make(org, "Child__c", Parent__c=parent, Key__c="c"), make(org, "Child__c", Key__c="d")
    assert org.ask("GET", f"/sobjects/Child__c/{child}/Parent__r?fields=Name").json()["Name"] == "Home"
    told = org.ask("GET", f"/sobjects/Parent__c/{parent[:15]}/Children__r?fields=Key__c").json()
    assert (told["totalSize"], told["records"][0]["Key__c"]) == (1, "c")
    for path in (
        f"Child__c/{alone}/Parent__r",
        f"Child__c/{child}/Nothing__r",
        "Child__c/a005e0000000999AAA/Parent__r",
    ):
        assert org.ask("GET", f"/sobjects/{path}").status_code == 404
    assert org.ask("GET", f"/sobjects/Parent__c/{parent}/Children__r?fields=No").status_code == 400


def test_a_record_is_not_sent_again_when_it_has_not_changed(org):
    path = f"/sobjects/Parent__c/{make(org, 'Parent__c', Name='A')}"
    known = org.ask("GET", path).headers["Last-Modified"]
    assert org.ask("GET", path, headers={"If-Modified-Since": known}).status_code == 304
    earlier = format_datetime(org.emulator.clock.now() - timedelta(days=1))
    assert org.ask("GET", path, headers={"If-Modified-Since": earlier}).status_code == 200
    assert org.ask("GET", path, headers={"If-Modified-Since": "yesterday"}).status_code == 400


def test_layouts_and_tabs_follow_what_is_deployed(org):
    tab = '<CustomTab xmlns="http://soap.sforce.com/2006/04/metadata"><customObject>true</customObject></CustomTab>'
    assert org.deploy({"layouts/Child__c-Child Layout.layout": LAYOUT, "tabs/Child__c.tab": tab})["success"]
    told = org.ask("GET", "/sobjects/Child__c/describe/layouts").json()
    (section,) = told["layouts"][0]["detailLayoutSections"]
    item = section["layoutRows"][0]["layoutItems"][0]
    assert (section["heading"], item["label"], item["editableForUpdate"]) == ("Main", "Note", False)
    url = told["recordTypeMappings"][0]["urls"]["layout"]
    assert org.http.get(org.url + url, timeout=30).json() == told["layouts"][0]
    assert [each["sobjectName"] for each in org.ask("GET", "/tabs").json()] == ["Child__c"]
    fields = org.ask("GET", "/sobjects/Contact/describe/layouts").json()["layouts"][0]["detailLayoutSections"][0]
    assert fields["rows"] > 5
    assert org.ask("GET", "/sobjects/Contact/describe/compactLayouts").json()["compactLayouts"][0]["name"] == "SYSTEM"
    assert org.ask("GET", "/theme").json() == {"themeItems": []}
    assert org.ask("GET", "/appMenu/AppSwitcher").json() == {"appMenuItems": []}


def test_a_query_may_be_explained_instead_of_run(org):
    make(org, "Parent__c", Name="A")
    (plan,) = org.ask("GET", "/query", params={"explain": "SELECT Id FROM Parent__c"}).json()["plans"]
    assert (plan["sobjectType"], plan["sobjectCardinality"]) == ("Parent__c", 1)
    assert org.ask("GET", "/query", params={"explain": "SELECT"}).status_code == 400


def test_the_orgs_own_resources_are_told_by_name(bare):
    told = bare.ask("GET", "").json()
    assert told["tooling"] == "/services/data/v60.0/tooling"
    assert bare.http.get(told["identity"], timeout=30).json()["user_id"]
    assert bare.ask("GET", "/connect/organization").json()["orgId"] == bare.emulator.org.identity.org_id


@pytest.mark.parametrize("path", ["/search?q=FIND", "/parameterizedSearch?q=x", "/search/suggestions?q=x"])
def test_search_is_refused_by_name(bare, path):
    answer = bare.ask("GET", path)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "FUNCTIONALITY_NOT_ENABLED")


def test_other_media_types_are_refused(bare):
    answer = bare.ask(
        "POST", "/sobjects/Contact", data="LastName=x", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert bare.ask("GET", "/limits", headers={"Accept": "application/xml"}).status_code == 406
    assert bare.ask("GET", "/limits", headers={"Accept": "application/xml, application/json"}).status_code == 200
    assert bare.ask("POST", "/limits").json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(("version", "status", "code"), [("30.0", 410, "UNSUPPORTED_API_VERSION"), ("99.0", 404, "NOT_FOUND"), ("x", 404, "NOT_FOUND")])  # fmt: skip
def test_versions_that_are_not_spoken_are_refused(bare, version, status, code):
    bare.version = version
    answer = bare.ask("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
