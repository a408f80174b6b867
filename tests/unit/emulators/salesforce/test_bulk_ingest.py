"""Bulk API 2.0 ingest."""

import csv
import gzip
import io

import pytest


def table(text, delimiter=","):
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_job_is_told_the_way_clients_read_it(org):
    asked = {"object": "child__c", "operation": "upsert", "externalIdFieldName": "key__c", "lineEnding": "CRLF"}
    made = org.ask("POST", "/jobs/ingest", json=asked).json()
    assert made["id"].startswith("750")
    assert (made["state"], made["apiVersion"], made["object"]) == ("Open", 60.0, "Child__c")
    assert made["externalIdFieldName"] == "Key__c"
    assert made["contentUrl"] == f"services/data/v60.0/jobs/ingest/{made['id']}/batches"
    info = org.job(made["id"][:15])
    assert (info["jobType"], info["numberRecordsProcessed"], info["retries"]) == ("V2Ingest", 0, 0)
    listed = org.ask("GET", "/jobs/ingest").json()
    assert (listed["done"], [job["id"] for job in listed["records"]]) == (True, [made["id"]])


def test_good_rows_go_in_and_bad_rows_come_back_with_their_reason(org):
    data = 'Note__c,Email__c\n"a ""quoted"",\nline",a@example.com\nb,nonsense\n'
    job = org.run_job(data)
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 2, 1)
    (good,) = table(org.result(job, "successfulResults"))
    (bad,) = table(org.result(job, "failedResults"))
    assert (good["sf__Created"], good["Note__c"]) == ("true", 'a "quoted",\nline')
    assert good["sf__Id"] == org.rows("Child__c")[0]["Id"]
    assert bad["sf__Error"].startswith("INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email__c --")
    assert (bad["sf__Id"], bad["Note__c"]) == ("", "b")
    assert table(org.result(job, "unprocessedRecords")) == []


@pytest.mark.parametrize(
    ("name", "character"),
    [("COMMA", ","), ("TAB", "\t"), ("PIPE", "|"), ("SEMICOLON", ";"), ("CARET", "^"), ("BACKQUOTE", "`")],
)
def test_every_delimiter_and_line_ending_is_read_and_used_in_the_results(org, name, character):
    data = f"Note__c{character}Key__c\r\nx{character}y\r\n"
    job = org.run_job(data, columnDelimiter=name, lineEnding="CRLF")
    assert job["numberRecordsFailed"] == 0
    text = org.result(job, "successfulResults")
    assert text.endswith("\r\n")
    assert table(text, character)[0]["Key__c"] == "y"


def test_a_byte_order_mark_and_gzip_are_no_obstacle(org):
    job_id = org.open_job()
    data = gzip.compress("\ufeffNote__c\nü\n".encode())
    sent = org.ask("PUT", f"/jobs/ingest/{job_id}/batches", data=data, headers={"Content-Encoding": "gzip"})
    assert (sent.status_code, sent.content) == (201, b"")
    org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "UploadComplete"})
    org.finish(job_id)
    assert org.rows("Child__c")[0]["Note__c"] == "ü"


def test_an_empty_cell_leaves_a_field_alone_and_na_empties_it(org):
    upsert = {"operation": "upsert", "externalIdFieldName": "Key__c"}
    org.run_job("Key__c,Note__c,Email__c,Id\nk,n,e@example.com,\n", **upsert)
    job = org.run_job("Key__c,Note__c,Email__c\nK,,#N/A\n", **upsert)
    assert table(org.result(job, "successfulResults"))[0]["sf__Created"] == "false"
    (row,) = org.rows("Child__c")
    assert (row["Note__c"], row["Email__c"]) == ("n", None)


def test_a_parent_is_found_by_its_key_and_a_missing_one_is_a_row_error(org):
    org.run_job("Key__c,Name\np,P\n", object="Parent__c")
    job = org.run_job("Note__c,Parent__r.Key__c\n1,P\n2,none\n3,\n4,#N/A\n")
    (bad,) = table(org.result(job, "failedResults"))
    message = "INVALID_FIELD:Foreign key external ID: none not found for field Key__c in entity Parent__c"
    assert bad["sf__Error"].startswith(message)
    parents = {row["Note__c"]: bool(row["Parent__c"]) for row in org.rows("Child__c")}
    assert parents == {"1": True, "3": False, "4": False}


def test_several_parents_with_one_key_are_a_row_error(bare):
    bare.run_job("LastName,Email\nA,same@example.com\nB,SAME@example.com\n", object="Contact")
    job = bare.run_job("LastName,ReportsTo.Email\nC,same@example.com\n", object="Contact")
    assert "More than one record found" in table(bare.result(job, "failedResults"))[0]["sf__Error"]


def test_the_type_of_a_parent_may_be_named(bare):
    job = bare.run_job("Subject,Contact:Who.Email\nCall,nobody@example.com\n", object="Task")
    assert "not found for field Email in entity Contact" in table(bare.result(job, "failedResults"))[0]["sf__Error"]


def test_a_key_twice_in_a_job_is_a_row_error(org):
    job = org.run_job("Key__c\na\nA\n", operation="upsert", externalIdFieldName="Key__c")
    (bad,) = table(org.result(job, "failedResults"))
    assert bad["sf__Error"].startswith("DUPLICATE_VALUE:Duplicate external id specified: A")


def test_rows_beyond_one_internal_batch_all_arrive_and_batches_are_counted(org):
    rows = "".join(f"k{n}\n" for n in range(20_001))
    job = org.run_job("Key__c\n" + rows, operation="upsert", externalIdFieldName="Key__c")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (20_001, 0)
    assert org.control("state").json()["objects"]["Child__c"] == 20_001
    assert org.ask("GET", "/limits").json()["DailyBulkApiBatches"]["Remaining"] == 15_000 - 3


def test_update_and_delete_work_by_id(org):
    org.run_job("Note__c\na\nb\n")
    first, second = (row["Id"] for row in org.rows("Child__c"))
    org.run_job(f"Id,Note__c\n{first[:15]},changed\n", operation="update")
    assert org.rows("Child__c")[0]["Note__c"] == "changed"
    job = org.run_job(f"Id\n{second}\nnonsense\na005e0000000099AAA\n", operation="delete")
    assert [table(org.result(job, "successfulResults"))[0]["sf__Id"]] == [second]
    errors = [row["sf__Error"].split(":")[0] for row in table(org.result(job, "failedResults"))]
    assert errors == ["MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY"]
    assert [row["Id"] for row in org.rows("Child__c")] == [first]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("Nonsense__c\nx\n", "InvalidBatch : Field name not found : Nonsense__c"),
        ("Parent__r.Note__c\nx\n", "InvalidBatch : Field name not found"),
        ("Note__c,Key__c\nx\n", "InvalidBatch : Row has 1 cells"),
        ('Note__c\n"x\n', "InvalidBatch : Failed to parse CSV"),
        ("Note__c\r\nx\r\n", "LineEnding is invalid"),
        (b"Note__c\n\xff\n", "InvalidBatch : Failed to parse CSV"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_job_and_writes_nothing(org, data, message):
    job = org.run_job(data)
    assert (job["state"], message in job["errorMessage"]) == ("Failed", True), job
    assert org.rows("Child__c") == []


def test_data_is_uploaded_once_and_only_while_the_job_is_open(org):
    job_id = org.open_job()
    path = f"/jobs/ingest/{job_id}/batches"
    assert org.ask("PUT", path, data=b"Note__c\na\n").status_code == 201
    again = org.ask("PUT", path, data=b"Note__c\nb\n")
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert "Found multiple contents" in again.json()[0]["message"]
    org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "UploadComplete"})
    org.finish(job_id)
    assert org.ask("PUT", path, data=b"Note__c\nb\n").status_code == 400
    assert [row["Note__c"] for row in org.rows("Child__c")] == ["a"]


def test_an_aborted_job_writes_nothing_and_only_ended_jobs_can_be_deleted(org):
    job_id = org.open_job()
    org.ask("PUT", f"/jobs/ingest/{job_id}/batches", data=b"Note__c\na\n")
    assert org.ask("DELETE", f"/jobs/ingest/{job_id}").status_code == 400
    assert org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.job(job_id)["state"] == "Aborted"
    assert org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "UploadComplete"}).status_code == 400
    assert org.ask("DELETE", f"/jobs/ingest/{job_id}").status_code == 204
    assert org.ask("GET", f"/jobs/ingest/{job_id}").status_code == 404
    assert org.rows("Child__c") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"object": "Nothing__c"},
        {"operation": "merge"},
        {"operation": "upsert"},
        {"operation": "upsert", "externalIdFieldName": "Note__c"},
        {"columnDelimiter": "DOT"},
    ],
)
def test_a_job_that_makes_no_sense_is_refused(org, wrong):
    asked = {"object": "Child__c", "operation": "insert", **wrong}
    assert org.ask("POST", "/jobs/ingest", json=asked).status_code == 400


def test_bulk_1_is_refused_in_its_own_words(org):
    answer = org.http.post(f"{org.url}/services/async/60.0/job", data=b"<job/>", timeout=30)
    assert (answer.status_code, answer.json()["exceptionCode"]) == (400, "FeatureNotEnabled")


def test_a_slow_job_stays_in_progress_and_can_be_aborted(org):
    org.fault("slow_job", seconds=30, match={"object": "Child__c"})
    job_id = org.open_job()
    org.ask("PUT", f"/jobs/ingest/{job_id}/batches", data=b"Note__c\na\n")
    org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "UploadComplete"})
    assert org.ask("GET", f"/jobs/ingest/{job_id}/failedResults").status_code == 400
    org.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "Aborted"})
    job = org.finish(job_id)
    assert job["state"] == "Aborted"
    assert table(org.result(job, "unprocessedrecords")) == [{"Note__c": "a"}]


def test_a_failed_job_keeps_its_done_batches_and_names_the_unprocessed_rows(org):
    org.fault("job_failed", data={"batches": 1})
    job = org.run_job("Key__c\n" + "".join(f"k{n}\n" for n in range(10_005)))
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 10_000)
    assert [row["Key__c"] for row in table(org.result(job, "unprocessedrecords"))] == [f"k1000{n}" for n in range(5)]


def test_locked_rows_fail_alone_and_go_in_when_they_are_sent_again(org):
    org.fault("row_lock", match={"object": "Child__c"}, data={"rows": 2})
    job = org.run_job("Key__c\na\nb\nc\n")
    failed = table(org.result(job, "failedResults"))
    assert [row["sf__Error"].split(":")[0] for row in failed] == ["UNABLE_TO_LOCK_ROW"] * 2
    assert org.run_job("Key__c\na\nb\n")["numberRecordsFailed"] == 0


def test_what_is_hard_deleted_is_in_no_bin(org):
    ids = [org.ask("POST", "/sobjects/Child__c", json={"Note__c": "x"}).json()["id"] for _ in range(3)]
    for operation, record_id in zip(("delete", "hardDelete"), ids, strict=False):
        job = org.run_job(f"Id\n{record_id}\n003000000000000AAA\n", operation=operation)
        assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    found = org.ask("GET", "/queryAll", params={"q": "SELECT Id, IsDeleted FROM Child__c ORDER BY Id"}).json()[
        "records"
    ]
    assert [(each["Id"], each["IsDeleted"]) for each in found] == [(ids[0], True), (ids[2], False)]
