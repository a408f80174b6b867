"""List views and reports: what people see as tables, read whole."""

import json

import pytest

from fairlead.salesforce.errors import RequestWrong
from fairlead.salesforce.reports import ReportFailed
from tests.unit.salesforce.fake_org import DATA, Says

VIEWS = f"{DATA}/sobjects/Contact/listviews"
REPORT = f"{DATA}/analytics/reports/00O1"


async def test_list_views_are_listed_over_all_pages(sf, org):
    org.on("GET", VIEWS, Says({"listviews": [{"id": "1", "label": "A"}], "nextRecordsUrl": f"{VIEWS}/next"}))
    org.on("GET", f"{VIEWS}/next", Says({"listviews": [{"id": "2", "label": "B", "soqlCompatible": False}]}))
    assert [(v.id, v.soql_compatible) for v in await sf.list_views.all("Contact")] == [("1", True), ("2", False)]


def shown(count, done):
    row = {"columns": [{"fieldNameOrPath": "Name", "value": "X"}, {"fieldNameOrPath": "Account.Name", "value": None}]}
    return Says({"done": done, "records": [row] * count})


async def test_shown_rows_are_paged_by_column_path(sf, org):
    org.on("GET", f"{VIEWS}/1/results", shown(2000, False), shown(3, True))
    pages = [page async for page in sf.list_views.results("Contact", "1")]
    assert [len(page) for page in pages] == [2000, 3]
    assert pages[1][0] == {"Name": "X", "Account.Name": None}
    assert [seen.query["offset"] for seen in org.asked("GET", f"{VIEWS}/1/results")] == ["0", "2000"]


async def test_a_view_that_is_too_long_to_be_shown_is_not_cut_silently(sf, org):
    org.on("GET", f"{VIEWS}/1/results", shown(2000, False))
    with pytest.raises(RequestWrong, match="more than 4,000"):
        _ = [page async for page in sf.list_views.results("Contact", "1")]


async def test_all_records_of_a_view_come_by_its_own_query(sf, org):
    org.on("GET", f"{VIEWS}/1/describe", Says({"query": "SELECT Name FROM Contact", "columns": []}))
    org.on("GET", f"{DATA}/query", Says({"totalSize": 1, "done": True, "records": [{"Name": "X"}]}))
    assert [page async for page in sf.list_views.records("Contact", "1")] == [[{"Name": "X"}]]
    assert org.asked("GET", f"{DATA}/query")[0].query["q"] == "SELECT Name FROM Contact"


def result(ids, all_data):
    rows = [{"dataCells": [{"label": f"L{i}", "value": i}]} for i in ids]
    metadata = {"detailColumns": ["ID"]}
    return Says({"factMap": {"T!T": {"rows": rows}}, "reportMetadata": metadata, "allData": all_data})


def described(org, **more):
    org.on("GET", f"{REPORT}/describe", Says({"reportMetadata": {"detailColumns": ["ID"]} | more}))


async def test_a_long_report_is_read_past_its_2000_rows_each_row_once(sf, org):
    """The next run starts with the last row of the one before, which is not given twice."""
    own = {"column": "NAME", "operator": "equals", "value": "x"}
    described(org, reportFilters=[own], reportBooleanFilter="1")
    org.on("POST", REPORT, result(["a", "b"], False), result(["b", "c"], False), result(["c"], True))
    pages = [[row[0].value for row in page] async for page in sf.reports.all_rows("00O1", "ID")]
    assert pages == [["a", "b"], ["c"]]
    sent = [json.loads(seen.body)["reportMetadata"] for seen in org.asked("POST", REPORT)]
    assert {metadata["sortBy"][0]["sortColumn"] for metadata in sent} == {"ID"}
    assert sent[0]["reportFilters"] == [own]
    assert sent[1]["reportFilters"] == [own, {"column": "ID", "operator": "greaterOrEqual", "value": "b"}]
    assert sent[1]["reportBooleanFilter"] == "(1) AND 2"


@pytest.mark.parametrize("answers", [[(["a", "a"], False)], [(["a", "b"], False), (["b", "b"], True)], [([], False)]])
async def test_a_key_that_rows_share_is_refused_for_rows_might_be_missed(sf, org, answers):
    described(org)
    org.on("POST", REPORT, *(result(*answer) for answer in answers))
    with pytest.raises(RequestWrong, match="share a value of ID"):
        _ = [page async for page in sf.reports.all_rows("00O1", "ID")]


async def test_a_key_that_the_report_does_not_show_is_named(sf, org):
    described(org)
    with pytest.raises(RequestWrong, match="no column EMAIL"):
        _ = [page async for page in sf.reports.all_rows("00O1", "EMAIL")]


async def test_a_report_run_in_the_background_is_waited_for(sf, org):
    org.on("POST", f"{REPORT}/instances", Says({"id": "0LG1"}))
    states = [Says({"attributes": {"status": status}}) for status in ("New", "Running", "Success")]
    org.on("GET", f"{REPORT}/instances/0LG1", *states, result(["a"], True))
    ran = await sf.reports.run_in_background("00O1")
    assert (ran.columns, [row[0].label for row in ran.rows], ran.all_data) == (["ID"], ["La"], True)


async def test_a_failed_run_is_said_to_have_failed(sf, org):
    org.on("POST", f"{REPORT}/instances", Says({"id": "0LG1"}))
    org.on("GET", f"{REPORT}/instances/0LG1", Says({"attributes": {"status": "Error"}}))
    with pytest.raises(ReportFailed, match="Run the report in Salesforce"):
        await sf.reports.run_in_background("00O1")


async def test_reports_are_listed_by_name(sf, org):
    records = [{"Id": "00O1", "Name": "Bounced"}]
    org.on("GET", f"{DATA}/query", Says({"totalSize": 1, "done": True, "records": records}))
    assert [(report.id, report.name) for report in await sf.reports.all()] == [("00O1", "Bounced")]
