"""Laws of the first page and of the sync settings: what they show, and what pressing does."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fairlead.features.connections.models import CampaignMonitorAccount, SalesforceOrg
from fairlead.features.connections.models import Client as CampaignMonitorClient
from fairlead.jobs import schedules
from fairlead.jobs.models import Job, Schedule
from fairlead.store.models import AuditEntry, Org

HTMX = {"HX-Request": "true"}


def queries(admin: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        assert admin.get(path).status_code == 200
    return len(counted)


def audits() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("who", "what"))


@pytest.mark.parametrize("frequency", ["hourly", "daily", "weekly", "monthly"])
def test_a_frequency_is_saved_at_once_and_answered_with_the_next_run(admin: Client, frequency: str) -> None:
    answer = admin.post("/sync/frequency/", {"frequency": frequency}, headers=HTMX)
    saved = Schedule.objects.get()
    assert saved.frequency == frequency
    assert "<html" not in answer.text
    assert "Saved." in answer.text
    assert f'<time datetime="{saved.next_run_at.isoformat()}">' in answer.text
    assert f'<option value="{frequency}" selected>' in answer.text
    assert audits() == [("admin", "set frequency")]


def test_never_shows_that_nothing_is_scheduled(admin: Client, org: Org) -> None:
    schedules.set_frequency(org, "primary_sync", "daily", "admin")
    assert "Not scheduled" in admin.post("/sync/frequency/", {"frequency": "never"}, headers=HTMX).text


@pytest.mark.parametrize("value", ["fortnightly", "", "<b>x</b>", "HOURLY"])
def test_a_bad_frequency_is_named_and_changes_nothing(admin: Client, org: Org, value: str) -> None:
    schedules.set_frequency(org, "primary_sync", "daily", "somebody")
    answer = admin.post("/sync/frequency/", {"frequency": value}, headers=HTMX)
    assert "is no frequency" in answer.text
    assert "Choose one of" in answer.text
    assert "Saved." not in answer.text
    assert "<b>" not in answer.text
    assert '<option value="daily" selected>' in answer.text
    assert Schedule.objects.get().changed_by == "somebody"


def test_a_browser_without_scripts_saves_as_well(admin: Client) -> None:
    page = admin.post("/sync/frequency/", {"frequency": "daily"}, follow=True)
    assert page.redirect_chain == [("/sync/", 302)]
    assert '<option value="daily" selected>' in page.text
    wrong = admin.post("/sync/frequency/", {"frequency": "fortnightly"}, follow=True)
    assert "&#x27;fortnightly&#x27; is no frequency." in wrong.text


def test_sync_now_asks_for_one_job_however_often_it_is_pressed(admin: Client, job: Callable[..., Job]) -> None:
    job("running")
    for _ in range(3):
        assert admin.post("/sync/now/")["Location"] == "/sync/"
    waiting = Job.objects.exclude(state="running").get()
    assert (waiting.kind, waiting.args, waiting.requested_by, waiting.state) == ("primary_sync", {}, "admin", "holding")


def test_a_sync_that_just_began_to_wait_is_not_asked_for_twice(admin: Client) -> None:
    admin.post("/sync/now/")
    admin.post("/sync/now/")
    assert Job.objects.count() == 1


def test_turning_off_stops_the_schedule_and_says_how_to_turn_it_on(admin: Client, org: Org) -> None:
    schedules.set_frequency(org, "primary_sync", "hourly", "somebody")
    page = admin.post("/sync/off/", follow=True)
    saved = Schedule.objects.get()
    assert (saved.frequency, saved.next_run_at, saved.changed_by) == ("never", None, "admin")
    assert "turned off" in page.text
    assert "choose a frequency to turn it on again" in page.text
    assert audits()[-1] == ("admin", "set frequency")


def test_a_full_sync_asks_first_with_numbers(admin: Client, job: Callable[..., Job]) -> None:
    last = job()
    page = admin.get("/sync/full/")
    assert "About 25,000 subscribers" in page.text
    assert f"run {last.number}" in page.text
    assert Job.objects.count() == 1
    admin.post("/sync/full/")
    assert Job.objects.first().args == {"full": True}


def test_a_clean_start_is_asked_for_only_with_its_words(admin: Client, org: Org) -> None:
    """Without them nothing is asked for, the page says so and keeps what was typed; with them, or the org's name, it is."""
    page = admin.post("/sync/full/", {"way": "clean", "confirm": "start"})
    assert "Nothing was started" in page.text
    assert 'value="start"' in page.text
    assert "cannot be counted now" in page.text
    assert Job.objects.count() == 0
    Org.objects.update(name="Acme Ltd")
    assert "“Acme Ltd”" in admin.get("/sync/full/").text
    for words in ("Start clean", "acme ltd"):
        admin.post("/sync/full/", {"way": "clean", "confirm": words})
    assert Job.objects.get().args == {"full": True, "clean": True}


@pytest.mark.parametrize(("zone", "kept"), [("Australia/Sydney", "Australia/Sydney"), ("", "UTC")])
def test_the_schedule_goes_by_the_time_zone_that_was_chosen(admin: Client, zone: str, kept: str) -> None:
    """Where none was chosen and Salesforce cannot be asked, by UTC; a change of the frequency leaves it."""
    answer = admin.post("/sync/frequency/", {"frequency": "daily", "timezone": zone}, headers=HTMX)
    assert f"<option selected>{kept}</option>" in answer.text
    admin.post("/sync/frequency/", {"frequency": "weekly"})
    assert Schedule.objects.get().timezone == kept


def test_a_time_zone_that_is_none_is_named(admin: Client) -> None:
    answer = admin.post("/sync/frequency/", {"frequency": "daily", "timezone": "Mars/Crater"}, headers=HTMX)
    assert "is no time zone" in answer.text
    assert Schedule.objects.count() == 0


def test_a_stage_shows_what_it_cost_and_a_run_which_stages_it_had(admin: Client, job: Callable[..., Job]) -> None:
    """Time, calls on each side and its own counts; a stage of an earlier version, without them, is shown all the same."""
    counts = {"ms": 2_300, "cm_calls": 1, "sf_calls": 1_200, "linked": 7, "nothing": 0}
    stages = [
        {
            "name": "members",
            "title": "Members",
            "state": "failed",
            "done": 1,
            "total": 2,
            "unit": "x",
            "counts": counts,
        },
        {"name": "tidy", "title": "Tidy up", "state": "skipped", "message": "Not run, because “Members” failed."},
    ]
    job("failed", stages=stages, args={"stages": ["members"], "full": True, "clean": True})
    page = admin.get("/sync/").text
    assert "2.3 s · 1 call to Campaign Monitor · 1,200 calls to Salesforce · 7 linked" in page
    assert "Not run, because “Members” failed." in page
    assert "full sync, started clean" in page
    assert "only members" in page


def test_a_full_sync_before_any_other_asks_without_numbers(admin: Client) -> None:
    assert "All subscribers of every list" in admin.get("/sync/full/").text


def test_a_full_sync_and_an_ordinary_one_wait_side_by_side(admin: Client) -> None:
    admin.post("/sync/now/")
    admin.post("/sync/full/")
    assert sorted(job.args.get("full", False) for job in Job.objects.all()) == [False, True]


def test_cancel_ends_what_waits_and_tells_who_did_it(admin: Client) -> None:
    admin.post("/sync/now/")
    admin.post("/sync/cancel/")
    ended = Job.objects.get()
    assert (ended.state, ended.reason) == ("cancelled", "Cancelled by admin.")
    assert audits() == [("admin", "cancel job")]


def test_cancel_tells_a_running_job_and_shows_that(admin: Client, job: Callable[..., Job]) -> None:
    job("running")
    page = admin.post("/sync/cancel/", follow=True)
    assert Job.objects.get().cancel_requested
    assert "being cancelled" in page.text


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_cancel_too_late_is_harmless(admin: Client, job: Callable[..., Job], state: str) -> None:
    job(state)
    assert admin.post("/sync/cancel/").status_code == 302
    assert Job.objects.get().state == state
    assert audits() == []


@pytest.mark.parametrize(
    ("state", "asks"),
    [("holding", True), ("queued", True), ("running", True), ("done", False), ("failed", False), ("cancelled", False)],
)
def test_the_progress_asks_for_itself_until_the_job_has_ended(
    admin: Client, job: Callable[..., Job], state: str, asks: bool
) -> None:
    one = job(state)
    for path in ("/sync/run/", f"/jobs/{one.pk}/run/"):
        fragment = admin.get(path).text
        assert "<html" not in fragment
        assert ("hx-get" in fragment) == asks
        assert ('id="cancel"' in fragment) == asks


def test_a_run_shows_stages_numbers_links_and_times(admin: Client, job: Callable[..., Job]) -> None:
    one = job()
    for path in ("/sync/", f"/jobs/{one.pk}/"):
        page = admin.get(path).text
        assert "25,000 of 25,000 subscribers" in page
        assert "<dt>Records written</dt><dd>24,990</dd>" in page
        assert "Contact 11,000" in page
        assert "4.2 s" in page
        assert f'<time datetime="{one.finished_at.isoformat()}">' in page
        widths = [float(found) for found in re.findall(r'<rect class="fl-c\d" x="[\d.]+" width="([\d.]+)"', page)]
        assert sum(widths) == pytest.approx(100, abs=0.01)


def test_a_stage_of_unknown_length_has_an_unknown_bar(admin: Client, job: Callable[..., Job]) -> None:
    job("running", stages=[{"name": "members", "title": "Members", "state": "running", "done": 10}], counts={})
    assert re.search(r'<progress [^>]*max="1" ></progress>', admin.get("/sync/run/").text)


def test_a_job_that_failed_says_reason_and_code(admin: Client, job: Callable[..., Job]) -> None:
    job("failed", reason="Campaign Monitor refused the key. Connect again.", support_code="FL-301")
    for path in ("/", "/sync/"):
        page = admin.get(path).text
        assert "Campaign Monitor refused the key. Connect again." in page
        assert "FL-301" in page
    assert "The last sync failed." in admin.get("/").text


def test_before_anything_is_connected_the_pages_say_what_to_do(admin: Client) -> None:
    page = admin.get("/sync/").text
    assert "No sync has run yet." in page
    assert "Sync now" in page
    assert "Nothing is connected yet." in page
    assert "fairlead connect campaign-monitor" in page
    assert "fairlead connect salesforce" in page
    home = admin.get("/").text
    assert "No sync yet." in home


def test_a_missing_side_is_named_with_its_command_alone(admin: Client, org: Org) -> None:
    CampaignMonitorAccount.objects.create(org=org)
    page = admin.get("/sync/").text
    assert "Salesforce is not connected yet." in page
    assert "fairlead connect salesforce" in page
    assert "No client is selected." in page


@pytest.mark.parametrize("path", ["/", "/sync/", "/sync/run/", "/sync/full/"])
def test_pages_ask_the_database_equally_often_however_much_there_is(
    admin: Client, org: Org, job: Callable[..., Job], path: str
) -> None:
    account = CampaignMonitorAccount.objects.create(org=org)
    SalesforceOrg.objects.create(org=org, login_url="https://example.com")
    schedules.set_frequency(org, "primary_sync", "hourly", "admin")

    def client(number: int) -> None:
        CampaignMonitorClient.objects.create(
            org=org, account=account, client_id=str(number), name=f"Client {number}", time_zone="UTC"
        )

    client(0)
    job()
    admin.get(path)
    once = queries(admin, path)
    for number in range(1, 60):
        client(number)
        job()
    assert queries(admin, path) == once
    assert once < 36
