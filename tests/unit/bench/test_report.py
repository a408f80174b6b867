"""The page of figures says what was measured, keeps what was not measured again, and marks the aims that are met."""

import json

from bench import report

SLOW = {
    "rows": 100, "wall_s": 1.0, "cpu_s": 10.5, "start_cpu_s": 0.4, "job_cpu_s": 10.0, "rss_mb": 90.0, "cm_calls": 3,
    "sf_calls": 4,
}  # fmt: skip
MINE = {**SLOW, "job_cpu_s": 0.2, "cm_least": 3, "sf_least": 4}
RESULTS = {
    "members": {"fairlead": MINE, "script": SLOW, "dlt": {**SLOW, "job_cpu_s": 2.0},
                "bare": {**SLOW, "job_cpu_s": 0.16}, "pump": {**SLOW, "job_cpu_s": 0.1}}
}  # fmt: skip
BURST = {
    "edited": 9, "members": 8, "seconds": 7.5, "written": 8, "imports": 2, "fewest": 1, "others": 0,
    "salesforce_calls": 5, "again": 0,
}  # fmt: skip
PAGES = {"lists": 1, "jobs": 2, "messages": 3, "campaigns": 4, "times": 5}
WORKERS = {
    "workers": 2, "load": "one org", "jobs": 4, "seconds": 3.5, "jobs_per_s": 1.1, "writes_per_s": 1_300,
    "connections": 16, "cpu_s_per_job": 0.3, "jobs_of_workers": [3, 1], "wait_p50_s": 0.1, "wait_most_s": 0.2,
}  # fmt: skip
PAGE = {"path": "/x/", "queries": 6, "p50_ms": 120.5, "p95_ms": 130.0, "live": True}


def test_the_page_agrees_with_the_files_of_results():
    there = report.there()
    assert there
    before = report.DOCUMENT.read_text()
    assert report.page(there, before) == before, "run `python -m bench.report`"


def test_a_part_that_was_not_measured_stays_as_it_was():
    first = report.page({"burst.json": BURST, "pages.json": {**PAGES, "pages": [PAGE]}}, "")
    second = report.page({"burst.json": {**BURST, "edited": 1_234}}, first)
    assert "1,234 contacts" in second
    assert report.kept(second)["pages.json"] == report.kept(first)["pages.json"]
    assert report.page({}, second) == second


def test_ratios_are_of_rows_per_second_of_processor_time():
    assert report.against(RESULTS, "members", "script") == 50
    assert report.against(RESULTS, "members", "dlt") == 10
    assert report.against(RESULTS, "members", "nobody") is None
    text = report.page({"results.json": RESULTS}, "")
    assert (
        "| Subscribers of lists to members | **50.0** | 62.5 | 10.0 | 12.5 | 0.80 | **0.50** | **1.00** |  | **90.0** |"
        in text
    )


def test_many_rows_are_held_against_the_few_of_those_who_are_slow():
    results = {**RESULTS, "members_many": {"fairlead": {**MINE, "rows": 1_000, "shortest_s": 0.5}}}
    assert report.against(results, "members_many", "script") == 500
    lines = report.ratios(results)
    assert any("500.00 × script" in line and "2.00 × the time on the wire" in line for line in lines)
    assert lines[-1] == "Peak memory grows by 0 MB from 100 to 1,000."


def test_every_file_of_results_has_a_part_of_its_own():
    year = {"hours": 2, "wrong_hours": 0, "changed": 1, "written": 1, "cm_calls": 5, "cm_least": 4, "sf_calls": 2}
    year |= {"sf_least": 2, "cpu_s": 3.0, "peak_mb": 100}
    results = {
        "results.json": RESULTS, "burst.json": BURST, "pages.json": {**PAGES, "pages": [PAGE]},
        "quiet_hour.json": {"cm_calls": 7, "stages": {}}, "year.json": {"in_all": year},
        "workers.json": [WORKERS],
    }  # fmt: skip
    assert set(results) == {part.file for part in report.PARTS}
    text = report.page(json.loads(json.dumps(results)), "")
    assert set(report.kept(text)) == set(results)
    for said in (
        "2 (2.00 × the fewest)",
        "| cm calls | 7 |",
        "5 (1.25 × the fewest)",
        "| 3 + 1 |",
        "1 of 1 pages take longer",
    ):
        assert said in text
