"""Laws of the list of jobs and of a job's page."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fairlead.features.job_list.views import A_PAGE
from fairlead.jobs import api
from fairlead.jobs.models import Job, State
from fairlead.store.models import AuditEntry, Org

Make = Callable[..., Job]


def listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<td><a href="/jobs/(\d+)/">', page)]


def test_without_jobs_the_list_says_where_to_start_one(admin: Client) -> None:
    page = admin.get("/jobs/").text
    assert "No job was asked for yet." in page
    assert 'href="/sync/"' in page


def test_jobs_are_listed_newest_first_a_page_at_a_time(admin: Client, job: Make) -> None:
    numbers = [job().pk for _ in range(A_PAGE + 5)][::-1]
    first, second = admin.get("/jobs/").text, admin.get("/jobs/?page=2").text
    assert listed(first) == numbers[:A_PAGE]
    assert listed(second) == numbers[A_PAGE:]
    assert "Page 1 of 2" in first
    assert ">Older<" in first
    assert ">Newer<" not in first
    assert ">Newer<" in second
    assert ">Older<" not in second


@pytest.mark.parametrize(
    ("asked", "shown"), [("0", "Page 2 of 2"), ("99", "Page 2 of 2"), ("x", "Page 1 of 2"), ("-1", "Page 2 of 2")]
)
def test_a_page_that_is_none_shows_the_nearest(admin: Client, job: Make, asked: str, shown: str) -> None:
    for _ in range(A_PAGE + 1):
        job()
    assert shown in admin.get(f"/jobs/?page={asked}").text


@pytest.mark.parametrize("state", State.values)
def test_a_filter_shows_one_state_and_keeps_it_over_pages(admin: Client, job: Make, state: str) -> None:
    made = {each: job(each, key=each).pk for each in State.values}
    page = admin.get(f"/jobs/?state={state}").text
    assert listed(page) == [made[state]]
    assert f'<a href="?state={state}" aria-current="true">' in page


def test_a_filter_that_is_none_shows_all(admin: Client, job: Make) -> None:
    job()
    assert len(listed(admin.get("/jobs/?state=<script>").text)) == 1


def test_a_filter_without_jobs_leads_back_to_all(admin: Client, job: Make) -> None:
    job()
    page = admin.get("/jobs/?state=failed").text
    assert "No job is in this state." in page
    assert '<a href="/jobs/">Show all jobs</a>' in page


def test_times_are_readable_by_people_and_programs(admin: Client, job: Make) -> None:
    one = job()
    for path in ("/jobs/", f"/jobs/{one.pk}/"):
        page = admin.get(path).text
        assert f'<time datetime="{one.finished_at.isoformat()}">4 Mar 2026, 05:06:11 UTC</time>' in page
        assert f'<time datetime="{one.created_at.isoformat()}">' in page


def test_refused_rows_stand_together_by_reason_most_frequent_first(
    admin: Client, job: Make, refuse: Callable[..., None]
) -> None:
    one, other = job(), job()
    refuse(one, 2, "UNABLE_TO_LOCK_ROW", "The row was locked.", retryable=True)
    refuse(one, 14, "STRING_TOO_LONG", "Email: data value too large. Shorten the value.")
    refuse(other, 5, "ELSEWHERE", "Of another job.")
    page = admin.get(f"/jobs/{one.pk}/").text
    cells = r'<td class="fl-number">(\d+)</td><td>(?:<a [^>]*>)?<code>(\w+)</code>(?:</a>)?</td><td>(.*?)</td><td>(.*?)</td>'
    rows = re.findall(cells, page)
    assert rows == [
        ("14", "STRING_TOO_LONG", "Email: data value too large. Shorten the value.", "When it changes"),
        ("2", "UNABLE_TO_LOCK_ROW", "The row was locked.", "With the next sync"),
    ]


def test_what_the_other_side_said_is_never_taken_for_markup(
    admin: Client, job: Make, refuse: Callable[..., None]
) -> None:
    one = job("failed", reason="<script>alert(1)</script>", phase="<i>x</i>")
    refuse(one, 1, "CODE", "<img src=x>")
    for path in ("/", "/sync/", "/jobs/", f"/jobs/{one.pk}/"):
        page = admin.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert "&lt;script&gt;" in page


def test_a_waiting_job_is_cancelled_from_its_page(admin: Client, org: Org) -> None:
    one = api.ask(org, "primary_sync")
    assert admin.post(f"/jobs/{one.pk}/cancel/")["Location"] == f"/jobs/{one.pk}/"
    one.refresh_from_db()
    assert one.state == "cancelled"
    assert AuditEntry.objects.get().who == "admin"
    assert "Cancelled by admin." in admin.get(f"/jobs/{one.pk}/").text


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_retry_asks_anew_for_the_same_and_shows_that(admin: Client, job: Make, state: str) -> None:
    old = job(state, args={"full": True})
    answer = admin.post(f"/jobs/{old.pk}/retry/")
    fresh = Job.objects.first()
    assert answer["Location"] == f"/jobs/{fresh.pk}/"
    assert (fresh.args, fresh.requested_by, fresh.state) == ({"full": True}, "admin", "queued")
    assert fresh != old


def test_retry_of_a_job_that_goes_on_is_refused_in_words(admin: Client, job: Make) -> None:
    one = job("running")
    page = admin.post(f"/jobs/{one.pk}/retry/", follow=True).text
    assert f"Job {one.pk} is running." in page
    assert "cancel it first" in page
    assert Job.objects.count() == 1


def test_an_ended_job_offers_retry_and_a_going_one_cancel(admin: Client, job: Make) -> None:
    done, running = job(), job("running")
    assert [word in admin.get(f"/jobs/{done.pk}/").text for word in (">Retry<", ">Cancel<")] == [True, False]
    assert [word in admin.get(f"/jobs/{running.pk}/").text for word in (">Retry<", ">Cancel<")] == [False, True]


def test_the_list_and_a_job_ask_the_database_equally_often_however_many_there_are(
    admin: Client, job: Make, refuse: Callable[..., None]
) -> None:
    one = job()
    refuse(one, 1, "A", "x")

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert admin.get(path).status_code == 200
        return len(counted)

    paths = ["/jobs/", "/jobs/?state=done", f"/jobs/{one.pk}/", f"/jobs/{one.pk}/run/"]
    once = [count(path) for path in paths]
    for _ in range(59):
        job()
    refuse(one, 60, "B", "y")
    assert [count(path) for path in paths] == once
    assert max(once) < 17


@pytest.mark.usefixtures("job")
def test_changes_by_an_admin_are_audited_and_looking_is_not(admin: Client, org: Org) -> None:
    for path in ("/", "/sync/", "/jobs/", "/sync/full/", "/account/"):
        admin.get(path)
    assert AuditEntry.objects.count() == 0
    admin.post("/sync/frequency/", {"frequency": "daily"})
    admin.post("/sync/off/")
    one = api.ask(org, "primary_sync")
    admin.post(f"/jobs/{one.pk}/cancel/")
    kept = AuditEntry.objects.order_by("id")
    assert [entry.what for entry in kept] == ["set frequency", "set frequency", "cancel job"]
    assert kept[1].before["frequency"] == "daily"
    assert kept[1].after["frequency"] == "never"
