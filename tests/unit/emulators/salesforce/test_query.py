"""`/query`, `/queryAll` and Bulk 2.0 query jobs."""

import csv
import io

import pytest

from tests.unit.emulators.salesforce.conftest import wait


def contacts(org, count):
    rows = "".join(f"N{n:05},n{n}@example.com\n" for n in range(count))
    assert org.run_job("LastName,Email\n" + rows, object="Contact")["numberRecordsFailed"] == 0


def query(org, text, path="/query", **more):
    return org.ask("GET", path, params={"q": text}, **more)


def test_a_query_gives_the_asked_fields_in_salesforces_shape(bare):
    contacts(bare, 2)
    answer = query(bare, "select id, Email, Account.Name FROM Contact where email = 'N1@example.com'").json()
    (record,) = answer["records"]
    assert (answer["totalSize"], answer["done"]) == (1, True)
    assert "nextRecordsUrl" not in answer
    assert list(record) == ["attributes", "Id", "Email", "Account"]
    assert record["attributes"]["url"] == f"/services/data/v60.0/sobjects/Contact/{record['Id']}"
    assert record["Account"] is None


def test_many_records_come_in_pages_of_the_asked_size(bare):
    contacts(bare, 4_500)
    answer = query(bare, "SELECT LastName FROM Contact ORDER BY LastName").json()
    seen = [r["LastName"] for r in answer["records"]]
    sizes = [len(seen)]
    while not answer["done"]:
        answer = bare.http.get(bare.url + answer["nextRecordsUrl"], timeout=30).json()
        sizes.append(len(answer["records"]))
        seen += [r["LastName"] for r in answer["records"]]
    assert sizes == [2_000, 2_000, 500]
    assert seen == [f"N{n:05}" for n in range(4_500)]
    for asked, given in ((250, 250), (1, 200), (9_999, 2_000)):
        headers = {"Sforce-Query-Options": f"batchSize={asked}"}
        assert len(query(bare, "SELECT Id FROM Contact", headers=headers).json()["records"]) == given


def test_an_unknown_locator_is_refused(bare):
    answer = bare.ask("GET", "/query/01g000000000000AAA-2000")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Nonsense FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_a_wrong_query_is_refused_with_its_code(bare, text, code):
    answer = query(bare, text)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_rare_clauses_are_served_unless_the_org_is_set_to_refuse_them(bare):
    text = "SELECT TYPEOF What WHEN Account THEN Phone ELSE Name END FROM Task"
    assert query(bare, text).status_code == 200
    bare.control("settings", {"soql_everything": False})
    refused = query(bare, text)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_counting_and_deleted_records(bare):
    contacts(bare, 3)
    gone = bare.rows("Contact")[0]["Id"]
    bare.ask("DELETE", f"/sobjects/Contact/{gone}")
    assert query(bare, "SELECT COUNT() FROM Contact").json() == {"totalSize": 2, "done": True, "records": []}
    deleted = query(bare, "SELECT Id FROM Contact WHERE IsDeleted = true", "/queryAll").json()
    assert [r["Id"] for r in deleted["records"]] == [gone]


def test_columns_are_told_with_parents_below(bare):
    answer = bare.ask("GET", "/query", params={"q": "SELECT Id, Account.Name FROM Contact", "columns": "true"}).json()
    names = {c["columnName"]: [j["columnName"] for j in c["joinColumns"]] for c in answer["columnMetadata"]}
    assert names == {"Id": [], "Account": ["Name"]}
    assert (answer["entityName"], answer["keyPrefix"], answer["idSelected"]) == ("Contact", "003", True)


def query_job(org, text, operation="query", **more):
    made = org.ask("POST", "/jobs/query", json={"operation": operation, "query": text, **more})
    assert made.status_code == 200, made.text
    assert made.json()["state"] == "UploadComplete"
    path = f"/jobs/query/{made.json()['id']}"
    return wait(lambda: org.ask("GET", path).json(), lambda job: job["state"] in ("JobComplete", "Failed"))


def table(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_a_query_job_gives_csv_in_parts_by_locator(bare):
    contacts(bare, 2_500)
    job = query_job(bare, "SELECT Id, LastName, Account.Name, DoNotCall FROM Contact ORDER BY LastName")
    assert (job["state"], job["numberRecordsProcessed"], job["jobType"]) == ("JobComplete", 2_500, "V2Query")
    path = f"/jobs/query/{job['id']}/results"
    locator, seen, parts = None, [], []
    while locator != "null":
        answer = bare.ask("GET", path, params={"maxRecords": "1000"} | ({"locator": locator} if locator else {}))
        rows = table(answer)
        assert len(rows) == int(answer.headers["Sforce-NumberOfRecords"])
        parts.append(len(rows))
        seen += rows
        locator = answer.headers["Sforce-Locator"]
    assert parts == [1_000, 1_000, 500]
    assert [row["LastName"] for row in seen] == [f"N{n:05}" for n in range(2_500)]
    assert list(seen[0]) == ["Id", "LastName", "Account.Name", "DoNotCall"]
    assert (seen[0]["Account.Name"], seen[0]["DoNotCall"]) == ("", "false")


def test_result_pages_cover_all_rows_once(bare):
    contacts(bare, 700)
    job = query_job(bare, "SELECT LastName FROM Contact")
    path = f"/jobs/query/{job['id']}/resultPages?maxRecords=100"
    seen, done = [], False
    while not done:
        answer = bare.ask("GET", path).json()
        for page in answer["resultPages"]:
            seen += [r["LastName"] for r in table(bare.http.get(bare.url + page["resultUrl"], timeout=30))]
        done = answer["done"]
        path = answer.get("nextRecordsUrl", "").removeprefix("/services/data/v60.0")
    assert sorted(seen) == [f"N{n:05}" for n in range(700)]


def test_moments_in_csv_end_in_z(bare):
    contacts(bare, 1)
    job = query_job(bare, "SELECT CreatedDate FROM Contact")
    (row,) = table(bare.ask("GET", f"/jobs/query/{job['id']}/results"))
    assert row["CreatedDate"].endswith("Z")


def test_no_rows_are_a_header_alone_and_a_null_locator(bare):
    job = query_job(bare, "SELECT Id FROM Contact")
    answer = bare.ask("GET", f"/jobs/query/{job['id']}/results")
    assert (answer.text.strip(), answer.headers["Sforce-Locator"]) == ('"Id"', "null")


def test_results_need_the_jobs_own_version(bare):
    job = query_job(bare, "SELECT Id FROM Contact")
    bare.version = "61.0"
    assert bare.ask("GET", f"/jobs/query/{job['id']}/results").status_code == 409


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT(Id) FROM Contact",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Id FROM Contact OFFSET 5",
    ],
)
def test_bulk_refuses_what_it_cannot_do(bare, text):
    answer = bare.ask("POST", "/jobs/query", json={"operation": "query", "query": text})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "API_ERROR")


def test_a_query_job_is_deleted_when_done(bare):
    job = query_job(bare, "SELECT Id FROM Contact", "queryAll")
    assert bare.ask("DELETE", f"/jobs/query/{job['id']}").status_code == 204
    assert bare.ask("GET", f"/jobs/query/{job['id']}").status_code == 404


def test_the_org_answers_by_the_clock_of_its_user(bare):
    """At 23:30 UTC of the 1st of July it is the 2nd in London."""
    bare.control("clock", {"set": "2026-07-01T23:30:00Z"})
    assert bare.ask("POST", "/sobjects/Lead", json={"LastName": "Late", "Company": "c"}).status_code == 201
    bare.control("clock", {"set": "2026-07-02T12:00:00Z"})

    def today():
        text = "SELECT LastName FROM Lead WHERE CreatedDate = TODAY"
        return [r["LastName"] for r in bare.ask("GET", "/query", params={"q": text}).json()["records"]]

    assert today() == []
    user = bare.emulator.org.identity.user_id
    assert bare.ask("PATCH", f"/sobjects/User/{user}", json={"TimeZoneSidKey": "Europe/London"}).status_code == 204
    assert today() == ["Late"]
