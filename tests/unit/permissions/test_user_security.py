"""Laws of the page User security, its command and its API: who has access is changed in the org, each user by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fairlead.store import tokens
from fairlead.store.models import AuditEntry, Org
from fairlead.ui.models import Standing
from tests.unit.permissions.world import INTEGRATION, World

STANDARD, LIMITED, FULL = "Fairlead_Standard_Access", "Fairlead_Limited_Access", "Fairlead_Full_Access"


@pytest.fixture
def admin(org: Org) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("admin"))
    return browser


@pytest.fixture
def fresh(world: World) -> Callable[..., str]:
    """A user without or with exactly this set."""

    def user(name: str, given: str = "", profile: str = "Standard User") -> str:
        found = world.user(name, profile)
        world.take(found)
        if given:
            world.assign(found, given)
        return found

    return user


def save(browser: Client, role: str, *users: str, step: str = "save") -> str:
    return str(browser.post(f"/user-security/{step}/", {"user": users, "role": role}, follow=True).text)


def test_the_list_is_what_the_org_has_now(world: World, fresh: Callable[..., str], admin: Client) -> None:
    fresh("Stan", STANDARD)
    fresh("Plato", profile="Standard Platform User")
    fresh("Inty", profile=INTEGRATION)
    page = admin.get("/user-security/").text
    for words in (
        "Stan Example",
        "Standard Access",
        "Standard Platform User",
        "no leads and campaigns",
        "cannot sign in",
    ):
        assert words in page
    assert "(system administrator)" in page
    assert "Stan Example" not in admin.get("/user-security/?words=plat").text
    assert "Plato Example" in admin.get("/user-security/?words=plat").text
    held = admin.get("/user-security/?holds=standard").text
    assert ("Stan Example" in held, "Plato Example" in held) == (True, False)
    none = admin.get("/user-security/?holds=none").text
    assert ("Stan Example" in none, "Plato Example" in none) == (False, True)
    assert "No user is found." in admin.get("/user-security/?words=100%25").text


def test_a_preview_changes_nothing_and_says_who_loses_access(
    world: World, fresh: Callable[..., str], admin: Client
) -> None:
    stan, bo = fresh("Stan", STANDARD), fresh("Bo")
    page = save(admin, "none", stan, bo, step="preview")
    assert "1 of 2 will have no access afterwards" in page
    assert "loses access" in page
    assert world.sets(stan) == {STANDARD}
    assert AuditEntry.objects.count() == 0


def test_saving_changes_assignments_in_the_org_and_leaves_ids_in_the_audit(
    world: World, fresh: Callable[..., str], admin: Client
) -> None:
    stan, bo, lima = fresh("Stan", STANDARD), fresh("Bo"), fresh("Lima", LIMITED)
    page = save(admin, "limited", stan, bo, lima)
    assert "All 3 are as asked for." in page
    assert [world.sets(user) for user in (stan, bo, lima)] == [{LIMITED}] * 3
    entries = {entry.subject: entry for entry in AuditEntry.objects.filter(what="change access")}
    assert set(entries) == {stan, bo}
    assert entries[stan].before == {"role": "Standard Access"}
    assert entries[stan].after == {"role": "Limited Access", "assigned": [LIMITED], "taken": [STANDARD]}
    save(admin, "limited", stan, bo, lima)
    assert AuditEntry.objects.filter(what="change access").count() == 2


def test_one_who_is_refused_stops_no_other_and_the_reason_is_told(
    world: World, fresh: Callable[..., str], admin: Client
) -> None:
    inty, bo = fresh("Inty", profile=INTEGRATION), fresh("Bo")
    page = save(admin, "standard", inty, bo)
    assert "1 of 2 could not be changed" in page
    assert "licence does not allow this set" in page.replace("&#x27;", "'")
    assert (world.sets(inty), world.sets(bo)) == (set(), {STANDARD})


def test_who_lost_access_is_out_at_the_next_click(world: World, fresh: Callable[..., str], admin: Client) -> None:
    """Without waiting for the next reading; given back, the person signs in again."""
    stan = fresh("Stan", STANDARD)
    browser, _ = world.sign_in("Stan")
    assert browser.get("/jobs/").status_code == 200
    page = save(admin, "none", stan)
    assert "Lost access" in page
    answer = browser.get("/jobs/", follow=True)
    assert "You no longer have access to Fairlead" in answer.text
    assert "Fairlead Standard Access" in answer.text
    save(admin, "standard", stan)
    assert browser.get("/jobs/").status_code == 302
    browser, _ = world.sign_in("Stan", browser)
    assert browser.get("/jobs/").status_code == 200


def test_who_gets_less_has_less_at_the_next_click(world: World, fresh: Callable[..., str], admin: Client) -> None:
    stan = fresh("Stan", FULL)
    browser, _ = world.sign_in("Stan")
    assert browser.get("/storage/").status_code == 200
    save(admin, "standard", stan)
    assert browser.get("/storage/").status_code == 403
    save(admin, "limited", stan)
    assert browser.get("/jobs/").status_code == 403
    assert Standing.objects.get(user__username=stan).role == 2


def test_taking_ones_own_access_is_told_before(world: World, fresh: Callable[..., str]) -> None:
    stan = fresh("Stan", FULL)
    browser, _ = world.sign_in("Stan")
    assert "You are among these users" in save(browser, "standard", stan, step="preview")
    assert "You are among these users" not in save(browser, "full", stan, step="preview")


def test_nothing_chosen_and_nobody_known_are_told(world: World, admin: Client) -> None:
    assert "Select users and a permission set" in save(admin, "standard")
    assert "Select users and a permission set" in save(admin, "root", "0055e000000001AAAQ")
    assert "no active user" in save(admin, "standard", "0055e00000zzzzzAAA")
    assert "users were chosen" in save(admin, "standard", *(f"0055e0000{n:06}AAA" for n in range(201)))


def test_an_org_that_cannot_be_asked_is_told_with_the_next_step(world: World, admin: Client) -> None:
    world.away = True
    page = admin.get("/user-security/").text
    assert "The users could not be read." in page
    assert "View Setup and Configuration" in page


def test_the_api_does_what_the_page_does(world: World, fresh: Callable[..., str], org: Org) -> None:
    stan = fresh("Stan", STANDARD)
    sent = tokens.create(org, "t", "command line", expires_at=None)
    program = Client(headers={"authorization": f"Bearer {sent}"})

    def post(body: Any) -> Any:
        return program.post("/api/v1/access", body, content_type="application/json").json()

    found = {user["id"]: user for user in program.get("/api/v1/access?holds=standard").json()["users"]}
    assert found[stan]["role"] == "standard"
    checked = post({"users": ["stan@example.com"], "role": "none", "check": True})
    assert checked["changes"][0]["effect"] == "loses access"
    assert world.sets(stan) == {STANDARD}
    done = post({"users": [stan[:15]], "role": "none"})
    assert (done["outcomes"][0]["after"], done["outcomes"][0]["lost_access"]) == ("none", True)
    assert world.sets(stan) == set()
    for body, code in (
        ({"users": ["nobody@example.com"], "role": "full"}, "FL-241"),
        ({"users": [], "role": "full"}, "FL-305"),
        ({"users": [stan], "role": "root"}, "FL-305"),
    ):
        assert post(body)["error"]["code"] == code
    assert program.get("/api/v1/access?page=x").status_code == 422
