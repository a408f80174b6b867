"""Laws of the pages of maintenance, and of what programs get of them."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fairlead.features.maintenance import notes, notified
from fairlead.features.maintenance.models import Message
from fairlead.features.maintenance.rules import Of, Seen
from fairlead.features.maintenance.views import A_PAGE, panel
from fairlead.jobs import api, registry
from fairlead.jobs.models import Job
from fairlead.store import audit, setting_rows, tokens
from fairlead.store.models import AuditEntry, Org
from fairlead.sync import limits

Make = Callable[..., Job]
NOTIFICATIONS = "/maintenance/notifications/"


def noted(org: Org, stage: str = "clients", code: str = "FL-211", what: str = "It failed.", **more: Any) -> Message:
    return notes.note(org, Seen(Of("primary_sync", stage, **more), code, what, "Connect again."))


def listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'href="/maintenance/messages/(\d+)/"', page)]


def test_without_messages_the_page_says_where_to_be_told_elsewhere(admin: Client) -> None:
    page = admin.get("/maintenance/").text
    assert "Nothing has gone wrong so far." in page
    assert f'href="{NOTIFICATIONS}"' in page


def test_open_messages_are_shown_and_resolved_ones_where_they_are_asked_for(admin: Client, org: Org) -> None:
    first, second = noted(org), noted(org, "members", "FL-331")
    admin.post(f"/maintenance/messages/{first.number}/resolve/")
    assert listed(admin.get("/maintenance/").text) == [second.number]
    assert listed(admin.get("/maintenance/?state=resolved").text) == [first.number]
    assert set(listed(admin.get("/maintenance/?state=all").text)) == {first.number, second.number}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("code=fl-331", ["members"]),
        ("severity=warning", ["lists"]),
        ("find=BROKEN", ["lists"]),
        ("find=l1", ["members"]),
        ("kind=primary_sync", ["members", "lists", "clients"]),
        ("kind=other", []),
        ("severity=<script>&sort=none", ["members", "lists", "clients"]),
        ("sort=code", ["lists", "clients", "members"]),
        ("sort=oldest", ["clients", "lists", "members"]),
    ],
)
def test_filters_search_and_sorting_show_what_was_asked_for(
    admin: Client, org: Org, query: str, shown: list[str]
) -> None:
    numbers = {
        noted(org).number: "clients",
        noted(org, "lists", "FL-111", "Something is broken.").number: "lists",
        noted(org, "members", "FL-331", list="l1").number: "members",
    }
    assert [numbers[number] for number in listed(admin.get(f"/maintenance/?{query}").text)] == shown


def test_messages_are_shown_a_page_at_a_time_in_the_same_number_of_queries(admin: Client, org: Org) -> None:
    noted(org, "0")
    with CaptureQueriesContext(connection) as one:
        admin.get("/maintenance/")
    for number in range(1, A_PAGE + 5):
        noted(org, str(number), list=f"l{number}")
    with CaptureQueriesContext(connection) as many:
        first = admin.get("/maintenance/")
    assert len(many) == len(one)
    assert len(listed(first.text)) == A_PAGE
    assert len(listed(admin.get("/maintenance/?page=2").text)) == 5


def test_a_message_shows_guidance_links_and_what_to_copy(admin: Client, org: Org, job: Make) -> None:
    failed = job("failed")
    of = Seen(Of("primary_sync", "clients", list="abc"), "FL-211", "It failed.", "Connect again.")
    message = notes.note(org, of, job_id=failed.pk)
    page = admin.get(f"/maintenance/messages/{message.number}/").text
    assert "Campaign Monitor no longer lets Fairlead in" in page
    assert "<h2>Why it happens</h2>" in page
    assert 'href="/connections/"' in page
    assert f'href="/jobs/{failed.pk}/"' in page
    assert 'href="/help/codes/FL-211/"' in page
    assert "Code: FL-211\nWhat: It failed." in page
    assert ">Retry<" in page


def test_retry_leads_to_the_new_job_and_says_where_there_is_none(admin: Client, org: Org, job: Make) -> None:
    failed = job("failed")
    with_job = notes.note(org, Seen(Of("primary_sync"), "FL-211", "It failed.", ""), job_id=failed.pk)
    answer = admin.post(f"/maintenance/messages/{with_job.number}/retry/")
    assert answer["Location"] == f"/jobs/{Job.objects.exclude(pk=failed.pk).get().pk}/"
    without = noted(org, "schedule")
    page = admin.post(f"/maintenance/messages/{without.number}/retry/", follow=True).text
    assert "names no job that is still there" in page


def test_the_file_has_every_message_and_no_formula(admin: Client, org: Org) -> None:
    for number in range(A_PAGE + 3):
        noted(org, str(number), what="=HYPERLINK(1)")
    answer = admin.get("/maintenance/messages.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == A_PAGE + 3
    assert {row["what"] for row in rows} == {"'=HYPERLINK(1)"}
    assert "no-store" in answer["Cache-Control"]


def test_the_audit_log_is_found_by_person_act_and_day(admin: Client, org: Org) -> None:
    for who, what, day in (("ann", "sync", 1), ("bob", "sync", 2), ("ann", "look", 3)):
        entry = audit.record(org, who, what, f"of {who} {day}")
        assert entry is not None
        AuditEntry.objects.filter(pk=entry.pk).update(at=datetime(2026, 1, day, 23, 30, tzinfo=UTC))

    def found(query: str) -> list[str]:
        return re.findall(r"of (\w+ \d)<", admin.get(f"/maintenance/audit/?{query}").text)

    assert found("who=ann") == ["ann 3", "ann 1"]
    assert found("what=sync") == ["bob 2", "ann 1"]
    assert found("from=2026-01-02&to=2026-01-02") == ["bob 2"]
    assert found("from=nonsense&find=OF+BOB") == ["bob 2"]
    lines = b"".join(admin.get("/maintenance/audit.csv?who=bob").streaming_content).decode().splitlines()
    assert len(lines) == 2


def test_switching_the_audit_log_off_is_said_on_its_page(admin: Client, org: Org) -> None:
    setting_rows.put(org, audit.DAYS, 0, "ann")
    page = admin.get("/maintenance/audit/").text
    assert "The audit log is switched off" in page
    assert "maintenance.audit_days" in page


def test_limits_are_changed_with_their_default_beside_them(admin: Client, org: Org) -> None:
    page = admin.get("/maintenance/limits/").text
    assert "The defaults are normally fine." in page
    sent = {
        "maintenance-lists_at_once": "2",
        "maintenance-lists_at_once-shown": "4",
        "maintenance-lists_at_once-version": "0",
    }
    assert admin.post("/maintenance/limits/", sent)["Location"] == "/maintenance/limits/"
    assert setting_rows.value(org, limits.LISTS_AT_ONCE) == 2
    wrong = admin.post("/maintenance/limits/", {**sent, "maintenance-lists_at_once": "99"}).text
    assert "Give a whole number from 1 to 16." in wrong
    assert 'value="99"' in wrong


def test_recipients_are_sealed_and_shown_and_a_password_is_never_shown(admin: Client, org: Org) -> None:
    sent = {"recipients": "ann@example.com", "sender": "us@example.com", "user": "", "password": "hunter22",
            "hook_url": "", "hook_key": ""}  # fmt: skip
    assert admin.post(NOTIFICATIONS, sent).status_code == 302
    assert notified.read(org).to == ["ann@example.com"]
    page = admin.get(NOTIFICATIONS).text
    assert "ann@example.com" in page
    assert "hunter22" not in page
    assert "One is kept, and never shown." in page
    assert admin.post(NOTIFICATIONS, {**sent, "password": ""}).status_code == 302
    assert notified.read(org).password == "hunter22"


def test_a_wrong_recipient_is_said_at_its_field_and_what_was_typed_stays(admin: Client, org: Org) -> None:
    page = admin.post(NOTIFICATIONS, {"recipients": "ann at home", "sender": ""}).text
    assert "The recipients are no e-mail addresses." in page
    assert 'value="ann at home"' in page
    assert 'aria-describedby="recipients-error"' in page
    assert notified.read(org).recipients == ""


def test_a_test_that_cannot_be_sent_says_why(admin: Client) -> None:
    page = admin.post(f"{NOTIFICATIONS}test/", {"way": "mail"}, follow=True).text
    assert "E-mail: E-mail is switched on, and there is no mail server." in page
    assert "Choose by which way." in admin.post(f"{NOTIFICATIONS}test/", {"way": "x"}, follow=True).text


def test_it_is_said_why_each_job_holds_and_whether_workers_live(admin: Client, org: Org, job: Make) -> None:
    async def nothing(context: Any) -> None: ...

    registry.register("apart", "Apart", nothing, apart_from=("primary_sync",))
    job("running", kind="primary_sync")
    job("holding", kind="primary_sync")
    job("holding", kind="apart")
    job("holding", kind="free")
    page = admin.get("/maintenance/workers/").text
    assert "No worker lives" in page
    assert "The same work is already under way" in page
    assert "Work is under way that it must not run beside." in page
    assert "It is given a slot within seconds." in page
    for number in range(4):
        job("running", kind="filling", key=str(number))
    assert "All slots are taken" in admin.get("/maintenance/workers/").text


def test_layouts_that_cannot_be_read_say_why(admin: Client) -> None:
    for path in ("/maintenance/layouts/now/", "/maintenance/layouts/?read=1"):
        page = admin.get(path).text
        assert "fl-error" in page
        assert "/help/codes/FL-" in page


def test_a_change_of_layouts_without_any_chosen_asks_for_one(admin: Client) -> None:
    for answer in (
        admin.get("/maintenance/layouts/preview/?act=apply", follow=True),
        admin.post("/maintenance/layouts/change/", {"act": "burn", "layout": "Contact-X"}, follow=True),
    ):
        assert "Choose at least one layout" in answer.text
    assert not Job.objects.exists()


def test_a_change_of_layouts_is_a_job_and_audited(admin: Client) -> None:
    admin.post("/maintenance/layouts/change/", {"act": "apply", "layout": ["Lead-B", "Contact-A"]})
    asked = Job.objects.get()
    assert (asked.kind, asked.args) == ("layouts", {"act": "apply", "layouts": ["Contact-A", "Lead-B"]})
    assert AuditEntry.objects.get().what == "apply page layouts"


def test_programs_read_resolve_and_retry(org: Org, job: Make) -> None:
    token = tokens.create(org, "robot", "ann", expires_at=None, read_only=False)
    head = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    client = Client()
    message = notes.note(org, Seen(Of("primary_sync"), "FL-211", "It failed.", ""), job_id=job("failed").pk)
    told = client.get("/api/v1/messages?code=FL-211&limit=1", **head).json()
    assert (told["count"], told["messages"][0]["number"]) == (1, message.number)
    one = f"/api/v1/messages/{message.number}"
    assert client.post(f"{one}/retry", **head).json()["job"] == Job.objects.first().pk
    assert client.post(f"{one}/resolve", **head).json()["message"]["resolved_by"] == "token robot"
    assert client.get("/api/v1/messages/999999", **head).json()["error"]["code"] == "FL-268"
    assert client.get("/api/v1/audit?what=resolve+message", **head).json()["count"] == 1


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/help/codes/", "Campaign Monitor no longer lets Fairlead in"),
        ("/help/codes/FL-211/", "<h2>What to do</h2>"),
        ("/help/codes/CM/", "CM-204"),
        ("/help/codes/SF/", "SF-STRING_TOO_LONG"),
        ("/help/codes/SF-STRING_TOO_LONG/", "Shorten the value"),
        ("/help/codes/CM-204/", "All of Campaign Monitor"),
    ],
)
def test_every_code_has_its_help(admin: Client, path: str, says: str) -> None:
    assert says in admin.get(path).text


@pytest.mark.parametrize("code", ["FL-999", "CM-", "XX-1", "..", "%2e%2e%2fsettings", "SF-nothing"])
def test_a_code_that_is_none_is_not_found(admin: Client, code: str) -> None:
    assert admin.get(f"/help/codes/{code}/").status_code == 404


def test_a_code_on_a_job_opens_its_help(admin: Client, job: Make, refuse: Callable[..., None]) -> None:
    stages = [{"name": "clients", "title": "Clients", "state": "failed", "message": "No.", "code": "FL-211"}]
    failed = job("failed", reason="No.", support_code="FL-211", stages=stages)
    refuse(failed, 1, "STRING_TOO_LONG", "Too long.")
    page = admin.get(f"/jobs/{failed.pk}/").text
    assert page.count('href="/help/codes/FL-211/"') == 2
    assert 'href="/help/codes/SF-STRING_TOO_LONG/"' in page


def test_attempts_stand_among_the_limits(admin: Client) -> None:
    assert api.ATTEMPTS.title in admin.get("/maintenance/limits/").text


@pytest.mark.parametrize("path", ["/", "/sync/"])
def test_open_messages_show_on_other_pages_and_nothing_does_when_all_is_well(
    admin: Client, org: Org, path: str
) -> None:
    """F7: a problem shows at the sync status, too."""
    assert "All messages" not in admin.get(path).text
    noted(org)
    noted(org, "members", "FL-111")
    page = admin.get(path).text
    assert 'href="/maintenance/?state=open&amp;severity=error">1 open' in page
    assert 'href="/maintenance/?state=open&amp;severity=warning">1 open' in page


def test_the_panel_is_for_those_who_may_look(rf: Any, org: Org) -> None:
    noted(org)
    request = rf.get("/")
    request.user = AnonymousUser()
    assert panel(request) == ""
