"""Bulk jobs: fed by a stream, followed to the end, asked for every row's fate."""

import json

import pytest

from fairlead.salesforce import ClientCredentials, bulk, connect
from fairlead.salesforce.bulk import FailedRow, JobTooLarge
from fairlead.salesforce.bulk_query import QueryFailed
from fairlead.salesforce.csvdata import csv_bytes, header_bytes
from fairlead.salesforce.errors import AnswerLost, RecordRefused, RequestWrong, SetupRefused, Unavailable
from tests.unit.salesforce.conftest import HASTE
from tests.unit.salesforce.fake_org import DATA, Cut, Half, Says, refusal
from tests.unit.salesforce.test_session import sessions

JOBS = f"{DATA}/jobs/ingest"
JOB = f"{JOBS}/7501"


def job(state, **more):
    return Says({"id": "7501", "state": state, "object": "X__c", "operation": "upsert", "apiVersion": 60.0, **more})


def pieces(*parts):
    async def stream():
        for part in parts:
            yield part

    return stream


async def test_a_job_is_created_fed_closed_and_followed(sf, org):
    org.on("POST", JOBS, job("Open"))
    org.on("PUT", f"{JOB}/batches", Says(status=201))
    org.on("PATCH", JOB, job("UploadComplete"))
    org.on(
        "GET",
        JOB,
        job("InProgress", numberRecordsProcessed=1),
        job("JobComplete", numberRecordsProcessed=2, numberRecordsFailed=1),
    )
    stored, progress = [], []

    async def store(job_id):
        assert not org.asked("PUT", f"{JOB}/batches"), "the id is known before anything is uploaded"
        stored.append(job_id)

    job_id = await sf.bulk.send(
        "X__c", "upsert", "Key__c", pieces(header_bytes(["Key__c"]), csv_bytes([["1", "2"]])), store
    )
    info = await sf.bulk.wait(job_id, lambda seen: progress.append(seen.processed))
    assert stored == [job_id] == ["7501"]
    assert json.loads(org.asked("POST", JOBS)[0].body) == {
        "object": "X__c",
        "operation": "upsert",
        "contentType": "CSV",
        "lineEnding": "LF",
        "externalIdFieldName": "Key__c",
    }
    (put,) = org.asked("PUT", f"{JOB}/batches")
    assert put.body == b'"Key__c"\n"1"\n"2"\n'
    assert put.headers["Content-Type"].startswith("text/csv")
    assert json.loads(org.asked("PATCH", JOB)[0].body) == {"state": "UploadComplete"}
    assert progress == [1, 2]
    assert (info.done, info.failed) == (True, 1)


async def test_creating_a_job_is_repeated_after_a_lost_answer(sf, org):
    """The orphan stays Open, holds nothing and harms nobody."""
    org.on("POST", JOBS, Cut, job("Open"))
    assert await sf.bulk.create("X__c", "insert") == "7501"


async def test_an_upload_tells_its_size(sf, org):
    org.on("PUT", f"{JOB}/batches", Says(status=201))
    assert await sf.bulk.upload("7501", pieces(b"ab", b"cde")()) == 5


async def test_an_upload_too_large_stops_before_the_org_refuses_it(sf, org):
    org.on("PUT", f"{JOB}/batches", Says(status=201))
    million = b"x" * 1_000_000
    with pytest.raises(JobTooLarge, match="100,000,000"):
        await sf.bulk.upload("7501", pieces(*[million] * 101))
    assert bulk.MAX_UPLOAD == 100_000_000


async def test_a_fault_of_the_rows_source_comes_out_as_itself(sf, org):
    async def broken():
        yield b"a"
        raise ZeroDivisionError

    org.on("PUT", f"{JOB}/batches", Says(status=201))
    with pytest.raises(ZeroDivisionError):
        await sf.bulk.upload("7501", broken)


async def test_an_upload_from_an_iterator_is_never_repeated(sf, org):
    org.on("PUT", f"{JOB}/batches", refusal("SERVER_UNAVAILABLE", status=503), Says(status=201))
    with pytest.raises(Unavailable):
        await sf.bulk.upload("7501", pieces(b"a")())
    assert len(org.asked("PUT", f"{JOB}/batches")) == 1


async def test_a_session_that_ends_during_an_upload_is_renewed_for_the_next_one(org):
    """From a function the rows are sent again at once; from an iterator the caller is asked to start again."""
    state = sessions(org)

    def only_newest(seen):
        fresh = seen.headers["Authorization"] == f"Bearer token-{state['n']}" and state["n"] % 2 == 0
        return Says(status=201) if fresh else refusal("INVALID_SESSION_ID", status=401)

    org.on("PUT", f"{JOB}/batches", only_newest)
    async with connect(ClientCredentials(org.url, "id", "secret"), **HASTE) as sf:
        assert await sf.bulk.upload("7501", pieces(b"a")) == 1
        state["n"] += 1
        with pytest.raises(Unavailable, match="renewed"):
            await sf.bulk.upload("7501", pieces(b"b")())
        assert await sf.bulk.upload("7501", pieces(b"b")()) == 1


async def test_why_a_job_failed_is_told_without_values(sf, org):
    org.on("GET", JOB, job("Failed", errorMessage="InvalidBatch : 'ada@example.com'"))
    assert (await sf.bulk.info("7501")).error_message == "InvalidBatch : ‹value›"


async def test_refused_rows_come_back_with_the_cells_that_were_sent(sf, org):
    bad = csv_bytes([["sf__Id", ""], ["sf__Error", "UNKNOWN_EXCEPTION:x:--"], ["Name", "Ada\n"], ["Key__c", "k1"]])
    org.on("GET", f"{JOB}/failedResults", Says(bad))
    found = [row async for row in sf.bulk.refused("7501", "Key__c", ("Key__c", "Name"))]
    assert found == [(FailedRow("k1", "UNKNOWN_EXCEPTION", "x"), ("k1", "Ada\n"))]


async def test_an_upload_that_was_surely_not_taken_is_sent_again(sf, org):
    org.on("PUT", f"{JOB}/batches", refusal("SERVER_UNAVAILABLE", status=503), Says(status=201))
    assert await sf.bulk.upload("7501", pieces(b"a")) == 1
    assert [seen.body for seen in org.asked("PUT", f"{JOB}/batches")] == [b"a", b"a"]


async def test_after_a_lost_upload_the_job_is_aborted_and_a_new_one_used(sf, org):
    org.on("POST", JOBS, Says({"id": "7501", "state": "Open"}), Says({"id": "7502", "state": "Open"}))
    org.on("PUT", f"{JOB}/batches", Cut)
    org.on("PATCH", JOB, job("Aborted"))
    org.on("PUT", f"{JOBS}/7502/batches", Says(status=201))
    org.on("PATCH", f"{JOBS}/7502", Says({"id": "7502", "state": "UploadComplete"}))
    stored = []

    async def store(job_id):
        stored.append(job_id)

    assert await sf.bulk.send("X__c", "upsert", "Key__c", pieces(b"a"), store) == "7502"
    assert stored == ["7501", "7502"]
    assert [json.loads(seen.body)["state"] for seen in org.asked("PATCH", JOB)] == ["Aborted"]


async def test_lost_uploads_are_given_up_after_a_few_jobs(sf, org):
    org.on("POST", JOBS, job("Open"))
    org.on("PUT", f"{JOB}/batches", Cut)
    org.on("PATCH", JOB, job("Aborted"))
    with pytest.raises(AnswerLost):
        await sf.bulk.send("X__c", "upsert", "Key__c", pieces(b"a"), tries=2)
    assert len(org.asked("POST", JOBS)) == 2


@pytest.mark.parametrize("told", [Cut, refusal("INVALIDJOBSTATE", "Job is not Open")])
async def test_closing_is_done_when_the_job_itself_says_so(sf, org, told):
    """A lost answer, or a refusal because an earlier attempt worked: the job is read again."""
    org.on("PATCH", JOB, told)
    org.on("GET", JOB, job("InProgress"))
    assert (await sf.bulk.close("7501")).state == "InProgress"


async def test_a_job_that_cannot_be_closed_says_why(sf, org):
    org.on("PATCH", JOB, refusal("INVALIDJOBSTATE", "Job is aborted"))
    org.on("GET", JOB, job("Aborted"))
    with pytest.raises(RequestWrong, match="INVALIDJOBSTATE"):
        await sf.bulk.close("7501")


async def test_aborting_an_ended_job_leaves_it_as_it_is(sf, org):
    org.on("PATCH", JOB, refusal("INVALIDJOBSTATE", "Job is complete"))
    org.on("GET", JOB, job("JobComplete"))
    assert (await sf.bulk.abort("7501")).state == "JobComplete"


async def test_waiting_returns_failed_jobs_too_and_hears_async_progress(sf, org):
    org.on("GET", JOB, Cut, job("UploadComplete"), job("Failed", errorMessage="InvalidBatch"))
    seen = []

    async def hear(info):
        seen.append(info.state)

    info = await sf.bulk.wait("7501", hear)
    assert (info.state, info.error_message) == ("Failed", "InvalidBatch")
    assert seen == ["UploadComplete", "Failed"]


async def test_results_are_told_row_by_row_by_their_own_key(sf, org):
    ok = csv_bytes(
        [["sf__Id", "a1", "a2"], ["sf__Created", "true", "false"], ["Key__c", "k\n1", "k2"], ["Name", "x", "y"]]
    )
    bad = csv_bytes(
        [
            ["sf__Id", "", ""],
            [
                "sf__Error",
                "UNABLE_TO_LOCK_ROW:locked:--",
                "STRING_TOO_LONG:data value too large: Ada (max length=2):Name --",
            ],
            ["Name", 'Ada\n"L"', "z"],
            ["Key__c", "k3", "k,4"],
        ]
    )
    org.on("GET", f"{JOB}/successfulResults", Says(ok))
    org.on("GET", f"{JOB}/failedResults", Says(bad))
    org.on("GET", f"{JOB}/unprocessedrecords", Says(csv_bytes([["Key__c", "k5"]])))
    assert [row async for row in sf.bulk.successful("7501", "Key__c")] == [("k\n1", "a1", True), ("k2", "a2", False)]
    failed = [row async for row in sf.bulk.failed("7501", "key__c")]
    assert failed == [
        FailedRow("k3", "UNABLE_TO_LOCK_ROW", "locked"),
        FailedRow("k,4", "STRING_TOO_LONG", "data value too large: ‹value› (max length=2)", ("Name",)),
    ]
    assert [row.retryable for row in failed] == [True, False]
    assert [key async for key in sf.bulk.unprocessed("7501", "Key__c")] == ["k5"]


async def test_results_cut_in_the_middle_are_told_once_each(sf, org):
    """The file is read again; rows that were told are skipped."""
    table = [
        ["sf__Id", *(f"a{n}" for n in range(5000))],
        ["sf__Created", *["true"] * 5000],
        ["Key__c", *(f'k"\n{n}' for n in range(5000))],
    ]
    data = csv_bytes(table)
    org.on("GET", f"{JOB}/successfulResults", Half(data[: len(data) // 2]), Half(data[:-5]), Says(data))
    keys = [key async for key, _, _ in sf.bulk.successful("7501", "Key__c")]
    assert keys == table[2][1:]


async def test_results_without_the_key_column_name_what_there_is(sf, org):
    org.on("GET", f"{JOB}/failedResults", Says(b'"sf__Id","sf__Error"\n"",""\n'))
    with pytest.raises(RequestWrong, match=r"no column Key__c; they have sf__Id, sf__Error"):
        _ = [row async for row in sf.bulk.failed("7501", "Key__c")]


async def test_no_failures_are_no_rows(sf, org):
    org.on("GET", f"{JOB}/failedResults", Says(b'"sf__Id","sf__Error","Key__c"\n'), Says(b""))
    assert [row async for row in sf.bulk.failed("7501", "Key__c")] == []
    assert [row async for row in sf.bulk.failed("7501", "Key__c")] == []


async def test_full_storage_at_creation_says_what_to_do(sf, org):
    org.on("POST", JOBS, refusal("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", 403))
    with pytest.raises(SetupRefused, match="Free data storage"):
        await sf.bulk.create("X__c", "insert")


async def test_deleting_a_job_that_is_gone_is_no_error(sf, org):
    org.on("DELETE", JOB, Says(status=204), refusal("NOT_FOUND", status=404))
    await sf.bulk.delete_job("7501")
    await sf.bulk.delete_job("7501")


async def test_a_job_nobody_knows_is_a_refusal(sf, org):
    with pytest.raises(RecordRefused):
        await sf.bulk.info("nope")


QUERY = f"{DATA}/jobs/query"


async def test_a_query_job_gives_its_rows_by_locator(sf, org):
    """Broken downloads are read again from their own page, and nothing comes twice."""
    first, second = csv_bytes([["Id", "1", "2"], ["N", "a\nb", ""]]), csv_bytes([["Id", "3"], ["N", "c"]])
    org.on("POST", QUERY, Says({"id": "750q", "state": "UploadComplete"}))
    org.on(
        "GET",
        f"{QUERY}/750q",
        Says({"id": "750q", "state": "InProgress"}),
        Says({"id": "750q", "state": "JobComplete"}),
    )
    head = {"Sforce-Locator": "MjAw", "Sforce-NumberOfRecords": "2"}
    answers = {
        "": [Half(first[:15], head), Says(first[:17], headers=head), Says(first, headers=head)],
        "MjAw": [Says(second, headers={"Sforce-Locator": "null", "Sforce-NumberOfRecords": "1"})],
    }
    org.on("GET", f"{QUERY}/750q/results", lambda seen: answers[seen.query.get("locator", "")].pop(0))
    job_id = await sf.bulk_query.create("SELECT Id, N FROM X", all_rows=True)
    await sf.bulk_query.wait(job_id)
    rows = [row async for rows in sf.bulk_query.rows(job_id, page=2) for row in rows]
    assert rows == [("1", "a\nb"), ("2", ""), ("3", "c")]
    assert json.loads(org.asked("POST", QUERY)[0].body)["operation"] == "queryAll"
    assert org.asked("GET", f"{QUERY}/750q/results")[-1].query == {"maxRecords": "2", "locator": "MjAw"}


async def test_pages_of_a_query_job_can_be_fetched_together(sf, org):
    """All pages of all lists of pages, each row once, whatever the order; one broken download included."""
    data = {str(n): csv_bytes([["Id", f"{n}a", f"{n}b"]]) for n in range(7)}
    broken = ["3"]

    def pages(first, last, following=None):
        found = [{"resultUrl": f"{QUERY}/750q/results?maxRecords=2&locator={n}"} for n in range(first, last)]
        return Says({"resultPages": found, "done": following is None, "nextRecordsUrl": following})

    def results(seen):
        number = seen.query["locator"]
        if number in broken:
            broken.remove(number)
            return Half(data[number][:10])
        return Says(data[number])

    answers = {None: pages(0, 5, f"{QUERY}/750q/resultPages?locator=more"), "more": pages(5, 7)}
    org.on("GET", f"{QUERY}/750q/resultPages", lambda seen: answers[seen.query.get("locator")])
    org.on("GET", f"{QUERY}/750q/results", results)
    rows = [row[0] async for rows in sf.bulk_query.rows_unordered("750q", page=2, at_once=3) for row in rows]
    assert sorted(rows) == sorted(f"{n}{letter}" for n in range(7) for letter in "ab")


async def test_a_page_that_cannot_be_had_ends_the_reading(sf, org):
    org.on(
        "GET", f"{QUERY}/750q/resultPages", Says({"resultPages": [{"resultUrl": f"{QUERY}/750q/results?locator=1"}]})
    )
    org.on("GET", f"{QUERY}/750q/results", refusal("INVALID_QUERY_LOCATOR"))
    with pytest.raises(Unavailable, match="INVALID_QUERY_LOCATOR"):
        _ = [rows async for rows in sf.bulk_query.rows_unordered("750q")]


async def test_fewer_rows_than_promised_are_not_taken_for_all(sf, org):
    org.on(
        "GET",
        f"{QUERY}/750q/results",
        Says(csv_bytes([["Id", "1"]]), headers={"Sforce-NumberOfRecords": "2", "Sforce-Locator": "null"}),
    )
    with pytest.raises(Unavailable, match="1 of 2"):
        _ = [rows async for rows in sf.bulk_query.rows("750q")]


async def test_a_failed_query_job_says_why_without_values(sf, org):
    org.on("GET", f"{QUERY}/750q", Says({"id": "750q", "state": "Failed", "errorMessage": "bad 'ada'"}))
    with pytest.raises(QueryFailed, match="Failed: bad ‹value›"):
        await sf.bulk_query.wait("750q")
    org.on("PATCH", f"{QUERY}/750q", refusal("INVALIDJOBSTATE"))
    org.on("DELETE", f"{QUERY}/750q", Says(status=204))
    await sf.bulk_query.abort("750q")
    await sf.bulk_query.delete_job("750q")


def a_finished_query(org):
    org.on("POST", QUERY, Says({"id": "750q", "state": "UploadComplete"}))
    org.on("GET", f"{QUERY}/750q", Says({"id": "750q", "state": "JobComplete"}))
    org.on("GET", f"{QUERY}/750q/results", Says(csv_bytes([["Id", "1"]]), headers={"Sforce-Locator": "null"}))
    org.on("PATCH", f"{QUERY}/750q", refusal("INVALIDJOBSTATE"))
    org.on("DELETE", f"{QUERY}/750q", Says(status=204))


async def test_a_query_that_was_read_to_its_end_is_left_to_the_org(sf, org):
    """It forgets the job by itself: no call is spent on that."""
    a_finished_query(org)
    async with sf.bulk_query.finished("SELECT Id FROM Lead", all_rows=True) as job:
        assert [rows async for rows in sf.bulk_query.rows(job)] == [[("1",)]]
    assert json.loads(org.asked("POST", QUERY)[0].body)["operation"] == "queryAll"
    assert not org.asked("DELETE", f"{QUERY}/750q")


async def test_a_query_that_is_left_early_is_dropped_and_the_error_stays_what_it_was(sf, org):
    """Also where the org lets go of nothing: why the reading ended is what counts."""
    a_finished_query(org)
    with pytest.raises(KeyError, match="ours"):
        async with sf.bulk_query.finished("SELECT Id FROM Lead"):
            raise KeyError("ours")
    assert len(org.asked("DELETE", f"{QUERY}/750q")) == 1
    org.on("DELETE", f"{QUERY}/750q", refusal("API_DISABLED_FOR_ORG"))
    with pytest.raises(KeyError, match="ours"):
        async with sf.bulk_query.until_read("750q"):
            raise KeyError("ours")


async def test_a_query_that_fails_is_dropped(sf, org):
    a_finished_query(org)
    org.on("GET", f"{QUERY}/750q", Says({"id": "750q", "state": "Failed", "errorMessage": "no"}))
    with pytest.raises(QueryFailed):
        async with sf.bulk_query.finished("SELECT Id FROM Lead"):
            pytest.fail("there is nothing to read")
    assert org.asked("DELETE", f"{QUERY}/750q")
