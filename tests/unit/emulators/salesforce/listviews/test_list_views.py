"""List views: standard and deployed, as rows, as SOQL, as shown."""

import pytest

from tests.unit.emulators.salesforce.conftest import CHILD, SCHEMA

VIEWS = """
  <listViews><fullName>Red_or_Dear</fullName><booleanFilter>1 AND (2 OR 3)</booleanFilter><columns>NAME</columns>
    <columns>Parent__c</columns><columns>Flag__c</columns><columns>Moment__c</columns><filterScope>Everything</filterScope>
    <filters><field>Note__c</field><operation>notContain</operation><value>hid_den</value></filters>
    <filters><field>Kind__c</field><operation>equals</operation><value>Red</value></filters>
    <filters><field>Amount__c</field><operation>greaterOrEqual</operation><value>100</value></filters>
    <label>Red or dear</label></listViews>
  <listViews><fullName>Loose</fullName><columns>NAME</columns><filterScope>Mine</filterScope>
    <filters><field>Parent__c</field><operation>equals</operation></filters><label>Loose</label></listViews>
</CustomObject>"""


@pytest.fixture
def viewed(org):
    files = SCHEMA | {"objects/Child__c.object": CHILD.replace("</CustomObject>", VIEWS)}
    assert org.deploy(files)["success"]
    return org


def views(org, sobject):
    return {v["developerName"]: v for v in org.ask("GET", f"/sobjects/{sobject}/listviews").json()["listviews"]}


def shown(org, view, query=""):
    answer = org.http.get(org.url + view["resultsUrl"] + query, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def cells(body):
    return [{c["fieldNameOrPath"]: c["value"] for c in record["columns"]} for record in body["records"]]


def test_standard_views_are_listed_are_rows_and_show_their_records(bare):
    bare.ask("POST", "/sobjects/Contact", json={"LastName": "Zuse", "Email": "z@example.com"})
    bare.ask("POST", "/sobjects/Contact", json={"LastName": "Ada"})
    found = views(bare, "Contact")
    assert {"AllContacts", "MyContacts", "RecentlyViewedContacts"} <= found.keys()
    asked = "SELECT Id, Name FROM ListView WHERE SobjectType = 'Contact' AND DeveloperName = 'AllContacts'"
    (row,) = bare.ask("GET", "/query", params={"q": asked}).json()["records"]
    assert (row["Id"], row["Name"]) == (found["AllContacts"]["id"], "All Contacts")
    assert row["Id"].startswith("00B")
    body = shown(bare, found["AllContacts"])
    assert [row["Name"] for row in cells(body)] == ["Ada", "Zuse"]
    assert cells(body)[1]["Email"] == "z@example.com"
    assert (body["done"], body["size"], body["label"]) == (True, 2, "All Contacts")


def test_a_deployed_view_filters_by_its_logic_and_its_soql_gives_the_same_records(viewed):
    parent = viewed.ask("POST", "/sobjects/Parent__c", json={"Name": "Home", "Key__c": "h"}).json()["id"]
    rows = [
        {"Key__c": "red", "Kind__c": "Red", "Parent__c": parent, "Moment__c": "2026-01-31T09:30:00Z"},
        {"Key__c": "dear", "Amount__c": 100, "Flag__c": True},
        {"Key__c": "cheap", "Amount__c": 99, "Kind__c": "Blue"},
        {"Key__c": "hidden", "Kind__c": "Red", "Note__c": "is Hid_Den here"},
        {"Key__c": "not hidden", "Kind__c": "Red", "Note__c": "is hidxden here"},
    ]
    ids = [viewed.ask("POST", "/sobjects/Child__c", json=row).json()["id"] for row in rows]
    view = views(viewed, "Child__c")["Red_or_Dear"]
    told = cells(shown(viewed, view))
    assert [row["Id"] for row in told] == [ids[0], ids[1], ids[4]]
    assert (told[0]["Parent__r.Name"], told[0]["Flag__c"]) == ("Home", "false")
    assert told[0]["Moment__c"] == "Sat Jan 31 09:30:00 GMT 2026"
    made = viewed.http.get(viewed.url + view["describeUrl"], timeout=30).json()
    records = viewed.ask("GET", "/query", params={"q": made["query"]}).json()["records"]
    assert [record["Id"] for record in records] == [ids[0], ids[1], ids[4]]
    assert {c["fieldNameOrPath"] for c in made["columns"] if not c["hidden"]} == {
        "Name", "Parent__r.Name", "Flag__c", "Moment__c",
    }  # fmt: skip


def test_an_empty_filter_value_means_null_and_mine_means_the_owners(viewed):
    parent = viewed.ask("POST", "/sobjects/Parent__c", json={"Name": "Home"}).json()["id"]
    viewed.ask("POST", "/sobjects/Child__c", json={"Parent__c": parent})
    loose = viewed.ask("POST", "/sobjects/Child__c", json={"Key__c": "1"}).json()["id"]
    assert [row["Id"] for row in cells(shown(viewed, views(viewed, "Child__c")["Loose"]))] == [loose]


def test_a_view_is_shown_25_rows_at_a_time_or_as_many_as_asked(viewed):
    records = [{"attributes": {"type": "Contact"}, "LastName": f"N{n:03}"} for n in range(60)]
    viewed.ask("POST", "/composite/sobjects", json={"records": records})
    view = views(viewed, "Contact")["AllContacts"]
    first = shown(viewed, view)
    assert (first["size"], first["done"]) == (25, False)
    rest = shown(viewed, view, "?limit=40&offset=20")
    assert [row["Name"] for row in cells(rest)] == [f"N{n:03}" for n in range(20, 60)]
    assert rest["done"]
    for wrong in ("limit=0", "limit=2001", "offset=-1", "offset=2001", "limit=x"):
        assert viewed.http.get(f"{viewed.url}{view['resultsUrl']}?{wrong}", timeout=30).status_code == 400


def test_views_keep_their_ids_over_deployments(viewed):
    before = {name: view["id"] for name, view in views(viewed, "Child__c").items()}
    assert viewed.deploy(SCHEMA | {"objects/Child__c.object": CHILD.replace("</CustomObject>", VIEWS)})["success"]
    assert {name: view["id"] for name, view in views(viewed, "Child__c").items()} == before


@pytest.mark.parametrize("path", ["", "/describe", "/results"])
def test_an_unknown_view_is_not_found(bare, path):
    answer = bare.ask("GET", f"/sobjects/Contact/listviews/00B5e0000000999AAA{path}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    assert bare.ask("GET", "/sobjects/Nothing/listviews").status_code == 404


def test_the_list_itself_is_paged(bare):
    page = bare.ask("GET", "/sobjects/Contact/listviews?limit=3").json()
    assert (page["size"], page["done"]) == (3, False)
    last = bare.http.get(bare.url + page["nextRecordsUrl"], timeout=30).json()
    assert (last["done"], last["nextRecordsUrl"]) == (True, None)
    names = {v["developerName"] for body in (page, last) for v in body["listviews"]}
    assert names == views(bare, "Contact").keys()
