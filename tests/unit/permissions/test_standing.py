"""Laws of roles and sessions: a role that is gone ends access at the next request, and every session ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from fairlead.domain.role import Role
from fairlead.store import setting_rows, tokens
from fairlead.store.models import AuditEntry, Org
from fairlead.store.orgs import default_org
from fairlead.ui import visits
from fairlead.ui.models import Standing, Visit
from fairlead.ui.session_settings import ABSOLUTE, GRACE, IDLE, RECHECK
from tests.unit.permissions.world import World

STANDARD, LIMITED, FULL = "Fairlead_Standard_Access", "Fairlead_Limited_Access", "Fairlead_Full_Access"
LONG = timedelta(minutes=16)
GIVES = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Managers</label>
<customPermissions><enabled>true</enabled><name>Manage_Memberships</name></customPermissions></PermissionSet>"""


def later(passed: timedelta) -> None:
    """So much time passed since roles were read."""
    ago = timezone.now() - passed
    Standing.objects.update(read_at=ago, tried_at=ago)


def told(browser: Client, path: str = "/jobs/") -> str:
    """What the next click says."""
    return browser.get(path, follow=True).text


@pytest.fixture
def stan(world: World) -> tuple[World, Client, str]:
    user = world.user("Stan")
    world.take(user)
    world.assign(user, STANDARD)
    return world, world.sign_in("Stan")[0], user


@pytest.fixture
def admin(org: Org) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("admin"))
    return browser


def test_a_role_is_read_again_in_time_and_not_before(stan: tuple[World, Client, str]) -> None:
    world, browser, user = stan
    asked = world.asked
    world.take(user)
    assert browser.get("/jobs/").status_code == 200
    assert world.asked == asked
    later(LONG)
    page = told(browser)
    assert "You no longer have access to Fairlead" in page
    assert "ask your Salesforce admin" in page
    assert browser.get("/jobs/").status_code == 302
    assert Visit.objects.filter(ended_at=None).count() == 0


def test_more_or_less_access_counts_at_the_next_reading(stan: tuple[World, Client, str]) -> None:
    world, browser, user = stan
    assert browser.get("/storage/").status_code == 403
    world.assign(user, FULL)
    later(LONG)
    assert browser.get("/storage/").status_code == 200
    world.take(user)
    world.assign(user, LIMITED)
    later(LONG)
    assert browser.get("/jobs/").status_code == 403
    assert browser.get("/people/").status_code == 200


def test_the_person_may_have_the_role_read_at_once(stan: tuple[World, Client, str]) -> None:
    world, browser, user = stan
    world.assign(user, FULL)
    assert "Your role is Full Access." in browser.post("/account/role/", follow=True).text
    assert browser.get("/storage/").status_code == 200


def test_who_is_no_longer_active_is_out(stan: tuple[World, Client, str]) -> None:
    world, browser, user = stan
    world.act(act="edit", object="User", id=user, fields={"IsActive": False})
    later(LONG)
    assert "no longer have access" in told(browser)
    world.act(act="edit", object="User", id=user, fields={"IsActive": True})


def test_the_setting_says_when_a_role_is_read_again(stan: tuple[World, Client, str], org: Org) -> None:
    world, browser, _ = stan
    setting_rows.put(org, RECHECK, 60, "admin")
    later(timedelta(minutes=59))
    asked = world.asked
    browser.get("/jobs/")
    assert world.asked == asked
    later(timedelta(minutes=61))
    browser.get("/jobs/")
    assert world.asked == asked + 1


def test_while_salesforce_is_away_a_role_holds_for_a_while_and_the_org_is_not_asked_with_every_click(
    stan: tuple[World, Client, str], org: Org
) -> None:
    world, browser, _ = stan
    world.away = True
    later(timedelta(minutes=30))
    asked = world.asked
    assert [browser.get("/jobs/").status_code for _ in range(3)] == [200] * 3
    assert world.asked == asked + 1
    setting_rows.put(org, GRACE, 29, "admin")
    assert "Salesforce did not answer for too long" in told(browser)


def test_the_local_account_gets_in_while_salesforce_is_away(world: World, admin: Client) -> None:
    world.away = True
    assert admin.get("/storage/").status_code == 200


def test_the_custom_permission_is_noted_with_limited_access(world: World) -> None:
    """F73: given by an own permission set, it opens what limited access does not."""
    user = world.user("Lima")
    world.take(user)
    world.assign(user, LIMITED)
    world.sign_in("Lima")
    assert Standing.objects.get(user__username=user).permissions == []
    world.deploy("permissionsets/Managers.permissionset", "PermissionSet", GIVES)
    world.assign(user, "Managers")
    later(LONG)
    browser, _ = world.sign_in("Lima")
    assert Standing.objects.get(user__username=user).permissions == ["Manage_Memberships"]
    browser.get("/people/")
    assert browser.session["fairlead_permissions"] == ["Manage_Memberships"]


@pytest.mark.parametrize(
    ("setting", "value", "field", "passed", "says"),
    [
        (IDLE, 10, "seen_at", timedelta(minutes=10), "not used for a while"),
        (ABSOLUTE, 2, "started_at", timedelta(hours=2), "because it was long"),
    ],
)
def test_every_session_ends(
    admin: Client, org: Org, setting: Any, value: int, field: str, passed: timedelta, says: str
) -> None:
    setting_rows.put(org, setting, value, "admin")
    Visit.objects.update(**{field: timezone.now() - passed + timedelta(seconds=30)})
    assert admin.get("/storage/").status_code == 200
    Visit.objects.update(**{field: timezone.now() - passed})
    assert says in told(admin, "/storage/")
    assert admin.get("/storage/").status_code == 302


def test_a_page_that_follows_a_run_is_led_to_the_sign_in_too(admin: Client) -> None:
    visits.end_of(default_org(), "admin", visits.Ending.TAKEN)
    answer = admin.get("/sync/run/", headers={"hx-request": "true"})
    assert answer["HX-Redirect"] == "/sign-in/?ended=taken"


def test_programs_with_an_ended_session_are_told_in_their_words(admin: Client) -> None:
    visits.end_of(default_org(), "admin", visits.Ending.BY_SOMEBODY)
    answer = admin.get("/api/v1/sync")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "FL-231")


def test_what_says_that_a_session_ended_says_nothing_that_a_link_put_there(org: Org) -> None:
    page = Client().get("/sign-in/?ended=%3Cb%3Eyour+password+please%3C/b%3E").text
    assert "password please" not in page


def test_signing_out_ends_the_visit(admin: Client) -> None:
    admin.post("/sign-out/")
    assert Visit.objects.get().reason == "out"


def test_people_see_and_end_their_own_sessions_and_with_full_access_all(
    stan: tuple[World, Client, str], admin: Client
) -> None:
    world, browser, user = stan
    other, _ = world.sign_in("Stan")
    mine = browser.get("/account/sessions/").text
    assert mine.count("Stan") == 0 or "admin" not in mine
    assert "This browser" in mine
    assert "Local account" not in mine
    of_admin = Visit.objects.get(user__username="admin")
    assert "no such session" in browser.post(f"/account/sessions/{of_admin.pk}/end/", follow=True).text
    assert admin.get("/storage/").status_code == 200
    second = Visit.objects.filter(user__username=user).order_by("-id")[0]
    assert "The session has ended" in browser.post(f"/account/sessions/{second.pk}/end/", follow=True).text
    assert "ended from the page of sessions" in told(other)
    every = admin.get("/account/sessions/").text
    assert "Stan Example" in every
    first = Visit.objects.filter(user__username=user).order_by("id")[0]
    admin.post(f"/account/sessions/{first.pk}/end/")
    assert "ended from the page of sessions" in told(browser)
    assert AuditEntry.objects.filter(what="end session").count() == 2


def test_a_token_does_no_more_than_who_made_it_may_now(stan: tuple[World, Client, str], org: Org) -> None:
    world, _, user = stan
    sent = tokens.create(org, "mine", user, expires_at=None, role=Role.FULL)
    program = Client(headers={"authorization": f"Bearer {sent}"})
    assert (
        program.get("/api/v1/sync").json()["error"]["text"]
        == "This needs Full Access; the role here is Standard Access."
    )
    world.assign(user, FULL)
    later(LONG)
    assert program.get("/api/v1/sync").status_code == 200
    world.take(user)
    later(LONG)
    assert program.get("/api/v1/sync").status_code == 403


def test_visits_cost_a_handful_of_queries(admin: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    admin.get("/account/")
    with django_assert_max_num_queries(20):  # four of them for the banners
        admin.get("/account/")
