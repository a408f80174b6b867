"""Laws of the pages of set-up that need neither side: what blocks, what is remembered, and when it leaves the menu."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fairlead.features.setup import deploying, flow, state
from fairlead.features.setup.models import RefusedComponent, SetUp
from fairlead.features.setup.rules.checks import Check, State
from fairlead.jobs.models import Job
from fairlead.salesforce.metadata import ComponentFailure, DeployResult, Details
from fairlead.store.models import Org, ScopeState
from fairlead.sync import known, standing
from fairlead.sync.known import KnownClient
from fairlead.sync.stage import ClientScope
from fairlead.sync.standing import Standing

BOTH = Standing(True, True, "https://one.example.com", "00D5e0000000001EAA", "0055e0000000001AAA")
MENU = 'href="/setup/"'
FIT = [Check("Rights", State.OK, "Nothing is missing."), Check("Edition", State.WARN, "Untold.", "Tell it.")]


@pytest.fixture
def stands() -> Iterator[Callable[[Standing], None]]:
    """Says what is connected, with one client that is selected; undone at the end."""
    before, clients = standing._provided.reader, known._provided.reader

    def say(what: Standing) -> None:
        standing.provide(lambda _: what)
        known.provide(lambda _: [KnownClient(ClientScope("c1", "Client", "UTC"), True)])

    yield say
    standing._provided.reader, known._provided.reader = before, clients


def everything_but_the_sync(org: Org) -> None:
    state.note_checks(org, FIT, installed=True)
    state.note(org, "clients_at")
    state.note(org, "what_at")


def test_set_up_stands_in_the_menu_until_a_first_sync_came_to_its_end(admin: Client, job: Callable[..., Job]) -> None:
    """Home says how to go on; afterwards neither does, and the pages are still there."""
    page = admin.get("/").text
    assert MENU in page
    assert "Set-up is not finished" in page
    job("failed")
    assert MENU in admin.get("/").text
    job("done")
    assert "Set-up" not in admin.get("/").text
    assert "Everything is set up." in admin.get("/setup/").text


def test_set_up_stays_finished_when_the_job_is_no_longer_kept(org: Org, job: Callable[..., Job]) -> None:
    """Ended jobs are deleted after some days: a visit notes it, and what was read proves it."""
    ended = job("done")
    state.look(org)
    ended.delete()
    assert state.finished(org)
    SetUp.objects.all().delete()
    assert not state.finished(org)
    ScopeState.objects.create(org=org, kind="lists", client="c")
    assert state.finished(org)


def test_a_check_counts_for_the_org_and_user_that_it_was_of(org: Org, stands: Callable[[Standing], None]) -> None:
    """Signed in as somebody else, or to another org, the check and what was seen installed count no more."""
    stands(BOTH)
    everything_but_the_sync(org)
    assert state.look(org).checked
    assert state.look(org).installed
    stands(Standing(True, True, BOTH.instance_url, BOTH.org_id, "0055e0000000002AAA"))
    assert not state.look(org).checked
    assert state.look(org).installed
    stands(Standing(True, True, BOTH.instance_url, "00D5e0000000002EAA", BOTH.user_id))
    assert not state.look(org).installed


def test_a_failed_check_blocks_and_a_warning_does_not(
    org: Org, admin: Client, stands: Callable[[Standing], None]
) -> None:
    stands(BOTH)
    state.note_checks(org, [Check("API calls", State.FAIL, "None left.", "Wait.")], installed=None)
    answer = admin.post("/setup/install/start/", follow=True).text
    assert "Do first: Check the org." in answer
    assert Job.objects.count() == 0
    state.note_checks(org, FIT, installed=None)
    admin.post("/setup/install/start/", {"layouts": "on"})
    asked = Job.objects.get()
    assert (asked.kind, asked.args) == (flow.KIND, {"layouts": True})
    admin.post("/setup/install/start/")
    assert Job.objects.count() == 1
    admin.post("/setup/cancel/", {"kind": flow.KIND})
    asked.refresh_from_db()
    assert asked.state == "cancelled"


def test_the_first_sync_waits_for_every_step_before_it(
    org: Org, admin: Client, stands: Callable[[Standing], None]
) -> None:
    stands(BOTH)
    with connection.cursor() as cursor:  # workers of other tests, which ended a moment ago
        cursor.execute("DELETE FROM procrastinate_workers")
    assert (
        "Do first: Check the org; Install in the org; Choose clients"
        in admin.post("/setup/sync/start/", follow=True).text
    )
    everything_but_the_sync(org)
    admin.post("/setup/sync/start/")
    assert Job.objects.get().kind == "primary_sync"
    page = admin.get("/setup/sync/").text
    assert "The first sync goes on" in page
    assert "No worker is running" in page


def test_an_unknown_kind_cancels_nothing(admin: Client, job: Callable[..., Job]) -> None:
    waiting = job("running", kind="members")
    assert admin.post("/setup/cancel/", {"kind": "members"})["Location"] == "/setup/"
    waiting.refresh_from_db()
    assert not waiting.cancel_requested


def test_each_refused_component_is_told_with_what_to_do(admin: Client, job: Callable[..., Job]) -> None:
    """Anew by each attempt, and addresses in the org's words are masked."""
    failure = ComponentFailure(
        "CM_List__c.Total__c", "CustomField", "Cannot change type, says ada@example.com", None, 3
    )
    result = DeployResult("Failed", done=True, details=Details([failure]))
    failed = job("failed", kind=flow.KIND, reason=str(deploying.refusal(result, deploying.refused(result))))
    for _ in range(2):
        flow._note_refused(failed.pk, deploying.refused(result))
    assert RefusedComponent.objects.count() == 1
    page = admin.get("/setup/install/").text
    assert "1 components were refused" in page
    assert "CM_List__c.Total__c" in page
    assert "line 3" in page
    assert "A field of this name and another type is in the org" in page
    assert "ada@example.com" not in page


def test_a_deployment_without_a_reason_says_where_to_look() -> None:
    failure = deploying.refusal(DeployResult("Failed", done=True), [])
    assert "no reason was given" in failure.text
    assert failure.step == deploying.FALLBACK


def test_pages_say_what_comes_before_them(admin: Client) -> None:
    """Each step can be looked at; what is missing is linked, and nothing there acts."""
    for path, first in (
        ("check", "salesforce"),
        ("install", "check"),
        ("clients", "campaign-monitor"),
        ("ready", "sync"),
    ):
        page = admin.get(f"/setup/{path}/").text
        assert "Something comes before this." in page
        assert f'href="/setup/{first}/"' in page
    assert "<form" not in admin.get("/setup/ready/").text.split("<main")[1]


def test_a_side_that_cannot_be_asked_is_a_finding_not_a_broken_page(
    admin: Client, stands: Callable[[Standing], None]
) -> None:
    """Nothing is connected in truth: the page says so, with what to do, and does not let one go on."""
    stands(BOTH)
    for path in ("/setup/check/?look=1", "/setup/check/findings/"):
        page = admin.get(path).text
        assert "Not fit yet" in page
        assert "Next: Install in the org" not in page
    assert "cannot be asked now" in admin.get("/setup/ready/counts/").text
    page: Any = admin.get("/setup/what/estimate/", {"tracking_history-days_to_keep": "30"})
    assert "The estimate cannot be made" in page.text


def test_what_is_wrong_in_a_choice_is_told_and_kept(
    org: Org, admin: Client, stands: Callable[[Standing], None]
) -> None:
    """Nothing is saved, neither settings nor lists."""
    stands(BOTH)
    state.note(org, "clients_at")
    shown = {"tracking_history-days_to_keep-shown": "180", "tracking_history-days_to_keep-version": "0"}
    sent = {**shown, "tracking_history-days_to_keep": "many", "list": "abc", "prevent": "abc"}
    page = admin.post("/setup/what/", sent).text
    assert "Nothing was saved yet." in page
    assert 'value="many"' in page
    assert state.of(org).what_at is None
    assert admin.post("/setup/what/", {**sent, "tracking_history-days_to_keep": "30"})["Location"] == "/setup/sync/"
    assert state.of(org).what_at is not None


def test_the_package_can_be_taken_away(admin: Client) -> None:
    answer = admin.get("/setup/install/package.zip")
    assert answer["Content-Type"] == "application/zip"
    assert answer.content.startswith(b"PK")
