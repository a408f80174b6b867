"""Jobs in lists, jobs made with their data, parts of results, and Bulk API 1.0 that is off."""

import csv
import io
import json

import pytest

from tests.unit.emulators.salesforce.conftest import wait


def made(org, data="Key__c,Note__c\na,x\nb,y\n", **job):
    asked = {"object": "Child__c", "operation": "insert", "contentType": "CSV", "lineEnding": "LF", **job}
    parts = {"job": (None, json.dumps(asked), "application/json"), "content": ("content", data, "text/csv")}
    return org.ask("POST", "/jobs/ingest", files=parts)


def test_a_job_may_come_with_its_data_and_starts_at_once(org):
    answer = made(org)
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    assert org.finish(answer.json()["id"])["numberRecordsProcessed"] == 2
    assert sorted(row["Key__c"] for row in org.rows("Child__c")) == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"job": (None, "{}", "application/json")}, "INVALIDJOB"),
        ({"job": (None, "{", "application/json"), "content": ("c", "a", "text/csv")}, "JSON_PARSER_ERROR"),
        ({"job": (None, "[]", "application/json"), "content": ("c", "a", "text/csv")}, "JSON_PARSER_ERROR"),
        ({"job": (None, "{}", "application/json"), "content": ("c", "a", "text/csv")}, "INVALIDENTITY"),
        ({"job": (None, "{}", "application/json"), "content": ("c", "a" * 100_001, "text/csv")}, "EXCEEDED_MAX_SIZE_REQUEST"),
    ],
)  # fmt: skip
def test_a_multipart_job_that_cannot_be_read_makes_no_job(org, files, code):
    answer = org.ask("POST", "/jobs/ingest", files=files)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert org.ask("GET", "/jobs/ingest").json()["records"] == []


def test_a_body_that_only_says_it_is_multipart_is_refused(org):
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = org.ask("POST", "/jobs/ingest", data=b"nonsense", headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALIDJOB")


def test_lists_of_jobs_are_filtered_and_paged(org):
    for _ in range(3):
        org.open_job()
    first = org.open_job()
    assert len(org.ask("GET", "/jobs/ingest?jobType=V2Ingest&concurrencyMode=parallel").json()["records"]) == 4
    for nothing in ("jobType=Classic", "concurrencyMode=serial", "isPkChunkingEnabled=true"):
        assert org.ask("GET", f"/jobs/ingest?{nothing}").json()["records"] == []
    for wrong in ("concurrencyMode=sideways", "queryLocator=!!!"):
        assert org.ask("GET", f"/jobs/ingest?{wrong}").status_code == 400
    jobs = org.emulator.jobs
    job = jobs.get("ingest", first)
    for n in range(1_500):  # known to the org, without the work of making them
        jobs.known[f"750{n:015}"] = type(job)(f"750{n:015}", "ingest", job.info | {"id": f"750{n:015}"})
    page = org.ask("GET", "/jobs/ingest").json()
    assert (len(page["records"]), page["done"]) == (1_000, False)
    rest = org.http.get(org.url + page["nextRecordsUrl"], timeout=30).json()
    assert (len(rest["records"]), rest["done"], rest["nextRecordsUrl"]) == (504, True, None)


def query(org, soql="SELECT Key__c FROM Child__c ORDER BY Key__c", **job):
    answer = org.ask("POST", "/jobs/query", json={"operation": "query", "query": soql, **job})
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["id"]
    wait(lambda: org.ask("GET", f"/jobs/query/{job_id}").json(), lambda job: job["state"] == "JobComplete")
    return f"/jobs/query/{job_id}"


def test_parallel_pages_hand_out_every_row_once_five_at_a_time(org):
    data = "Key__c\n" + "".join(f"k{n:03}\n" for n in range(70))
    assert org.run_job(data)["numberRecordsProcessed"] == 70
    path, keys, pages = query(org), [], []
    more = f"/services/data/v60.0{path}/resultPages?maxRecords=10"
    while more:
        told = org.http.get(org.url + more, timeout=30).json()
        pages.append(len(told["resultPages"]))
        for each in told["resultPages"]:
            text = org.http.get(org.url + each["resultUrl"], timeout=30).text
            keys += [row["Key__c"] for row in csv.DictReader(io.StringIO(text))]
        more = told.get("nextRecordsUrl")
        assert bool(more) is not told["done"]
    assert pages == [5, 2]
    assert keys == [f"k{n:03}" for n in range(70)]


@pytest.mark.parametrize("part", ["results", "resultPages"])
@pytest.mark.parametrize("wrong", ["maxRecords=0", "maxRecords=x", "maxRecords=-5", "locator=!", "locator=LTU"])
def test_a_part_that_is_none_is_refused(org, part, wrong):
    answer = org.ask("GET", f"{query(org)}/{part}?{wrong}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_results_are_asked_with_the_version_of_their_job(org):
    path = query(org)
    org.version = "61.0"
    assert [org.ask("GET", f"{path}/{part}").status_code for part in ("results", "resultPages")] == [409, 409]


@pytest.mark.parametrize(
    ("delimiter", "char"), [("PIPE", "|"), ("TAB", "\t"), ("CARET", "^"), ("SEMICOLON", ";"), ("BACKQUOTE", "`")]
)
@pytest.mark.parametrize(("ending", "text"), [("LF", "\n"), ("CRLF", "\r\n")])
def test_files_use_the_jobs_own_delimiter_and_line_ending_both_ways(org, delimiter, char, ending, text):
    data = f'Key__c{char}Note__c{text}a{char}"x{char}y"{text}'
    job = org.run_job(data, columnDelimiter=delimiter, lineEnding=ending)
    assert job["numberRecordsFailed"] == 0
    assert org.result(job, "successfulResults").endswith(f'"a"{char}"x{char}y"{text}')
    path = query(org, "SELECT Key__c, Note__c FROM Child__c", columnDelimiter=delimiter, lineEnding=ending)
    assert org.ask("GET", f"{path}/results").text == f'"Key__c"{char}"Note__c"{text}"a"{char}"x{char}y"{text}'


def test_only_ended_jobs_can_be_deleted(org):
    job_id = org.open_job()
    assert org.ask("DELETE", f"/jobs/ingest/{job_id}").status_code == 400
    org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "Aborted"})
    assert org.ask("DELETE", f"/jobs/ingest/{job_id}").status_code == 204
    assert org.ask("GET", f"/jobs/ingest/{job_id}").status_code == 404
    path = query(org)
    assert org.ask("PATCH", path, json={"state": "Aborted"}).status_code == 400
    assert org.ask("DELETE", path).status_code == 204


def test_an_aborted_job_that_no_batch_took_hands_its_rows_back(org):
    org.fault("slow_job", seconds=5, match={"object": "Parent__c"})
    first = org.open_job(object="Parent__c")
    org.ask("PUT", f"/jobs/ingest/{first}/batches", data=b"Name\na\n")
    org.ask("PATCH", f"/jobs/ingest/{first}", json={"state": "UploadComplete"})
    waiting = org.open_job()  # behind the slow one
    org.ask("PUT", f"/jobs/ingest/{waiting}/batches", data=b"Note__c\na\n")
    org.ask("PATCH", f"/jobs/ingest/{waiting}", json={"state": "UploadComplete"})
    org.ask("PATCH", f"/jobs/ingest/{waiting}", json={"state": "Aborted"})
    job = org.finish(waiting)
    assert (job["state"], org.result(job, "unprocessedrecords")) == ("Aborted", "Note__c\na\n")
    org.ask("PATCH", f"/jobs/ingest/{first}", json={"state": "Aborted"})
    org.finish(first)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_the_first_bulk_api_is_off_and_says_so_in_the_callers_format(bare, method):
    url = f"{bare.url}/services/async/60.0/job"
    told = bare.http.request(method, url, headers={"Content-Type": "application/json"}, timeout=30)
    assert (told.status_code, told.json()["exceptionCode"]) == (400, "FeatureNotEnabled")
    told = bare.http.request(method, url, headers={"Accept": "application/xml"}, timeout=30)
    assert "<exceptionCode>FeatureNotEnabled</exceptionCode>" in told.text
