"""Who may open what: every address is closed to those below its role, whatever it is; programs are told so as well."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from fairlead.jobs.models import Job
from fairlead.store import tokens
from fairlead.store.models import Org
from fairlead.ui import rooms
from fairlead.ui.access import SESSION_PERMISSIONS, SESSION_ROLE, Access, Role, access_of, allowed
from tests.unit.web.test_addresses import EVERYTHING, _patterns

ANYBODY = ("account", "account_zone", "sign_out", "sessions", "session_end", "access_again", "orgs", "org_switch")
"""Open to whoever is signed in: what concerns oneself."""
FROM_GUEST = (
    "billing", "help", "help_page", "help_codes", "help_code", "help_search", "help_ask", "help_options", "help_option",
)  # fmt: skip
FROM_LIMITED = ("home", "people", "person", "person_activity", "go", "api_person_activity", "api_person_memberships")
FROM_STANDARD = (
    "home_org", "home_charts",
    "lists", "lists_csv", "ambiguous_addresses", "ambiguous_addresses_csv",
    "list", "list_statistics", "list_members", "list_members_csv", "list_segments", "list_segment",
    "campaigns", "campaigns_csv", "campaign", "campaign_recipients", "suspicious",
    "salesforce_campaigns", "salesforce_campaigns_averages", "salesforce_campaigns_compare",
    "jobs", "job", "job_run", "job_cancel", "job_retry",
    "api_requests", "api_request", "person_lists",
)  # fmt: skip
OPEN_FROM: dict[str, Role] = {
    **dict.fromkeys(ANYBODY, Role.NONE),
    **dict.fromkeys(FROM_GUEST, Role.GUEST),
    **dict.fromkeys(FROM_LIMITED, Role.LIMITED),
    **dict.fromkeys(FROM_STANDARD, Role.STANDARD),
}
"""What is open to less than Full Access; all else is not."""


@pytest.fixture
def somebody(db: None) -> Callable[[Role], Client]:
    """A browser of somebody with a role that the org gave."""

    def sign_in(role: Role) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.create_user(f"somebody {role.name}"))
        session = client.session
        session[SESSION_ROLE] = int(role)
        session.save()
        return client

    return sign_in


@pytest.mark.parametrize("role", Role)
def test_no_address_is_open_below_its_role(somebody: Callable[[Role], Client], role: Role) -> None:
    """Every address × every role: below what the table says the answer is 403, whatever the method; acts change nothing."""
    client = somebody(role)
    for name, (path, stranger, _) in EVERYTHING.items():
        if stranger not in (302, 401) or role >= OPEN_FROM.get(name, Role.FULL):
            continue
        for method in (client.get, client.post):
            answer = method(path)
            assert answer.status_code == 403, (name, role)
            if stranger == 401:
                assert answer.json()["error"]["code"] == "FL-248", (name, role)


@pytest.mark.parametrize("role", [role for role in Role if role > Role.NONE])
def test_what_looks_is_open_from_its_role_on(somebody: Callable[[Role], Client], role: Role) -> None:
    """Every page × every role: from the role that the table says on, nobody is refused."""
    client = somebody(role)
    for name, (path, stranger, methods) in EVERYTHING.items():
        if stranger == 302 and "GET" in methods and role >= OPEN_FROM.get(name, Role.FULL):
            assert client.get(path).status_code != 403, (name, role)


@pytest.mark.parametrize("role", [Role.LIMITED, Role.STANDARD, Role.FULL])
def test_a_token_opens_what_its_role_opens(org: Org, role: Role) -> None:
    """Every endpoint × every role that a token can have: below its role 403, and told why; else not."""
    sent = tokens.create(org, role.name, "command line", expires_at=None, role=role)
    browser = Client(raise_request_exception=False, headers={"authorization": f"Bearer {sent}"})
    for name, (path, stranger, methods) in EVERYTHING.items():
        if stranger == 401 and "GET" in methods:
            refused = browser.get(path).status_code == 403
            assert refused == (role < OPEN_FROM.get(name, Role.FULL)), (name, role)


def test_what_a_view_says_is_what_the_table_says() -> None:
    """A view that is opened to more people is listed above first; endpoints say it as pages do."""
    for pattern in _patterns(get_resolver().url_patterns):
        if getattr(pattern.callback, "login_required", True) or pattern.name.startswith("api_"):
            assert access_of(pattern.callback).role == OPEN_FROM.get(pattern.name, Role.FULL), pattern.name


@pytest.mark.parametrize("role", [Role.LIMITED, Role.STANDARD, Role.FULL])
def test_the_menu_shows_what_is_open_and_nothing_else(somebody: Callable[[Role], Client], role: Role) -> None:
    page = somebody(role).get("/account/").text
    for room in rooms.menu():
        shown = f"<span>{room.title}</span>" in page
        assert shown == (role >= OPEN_FROM.get(room.entry, Role.FULL)), room.name


def test_who_sees_only_the_own_jobs_cannot_reach_those_of_others(
    somebody: Callable[[Role], Client], job: Callable[..., Job]
) -> None:
    browser = somebody(Role.STANDARD)
    mine, other = job("failed", requested_by="somebody STANDARD"), job("failed", requested_by="admin")
    page = browser.get("/jobs/").text
    assert f"/jobs/{mine.pk}/" in page
    assert f"/jobs/{other.pk}/" not in page
    assert browser.get(f"/jobs/{mine.pk}/").status_code == 200
    for act in ("", "run/"):
        assert browser.get(f"/jobs/{other.pk}/{act}").status_code == 404
    for act in ("cancel/", "retry/"):
        assert browser.post(f"/jobs/{other.pk}/{act}").status_code == 404


def test_who_has_limited_access_is_led_to_what_is_open(somebody: Callable[[Role], Client]) -> None:
    assert somebody(Role.LIMITED).get("/")["Location"] == "/people/"


def test_a_local_account_has_full_access_only_if_the_installation_gave_it(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("nobody"))
    page = client.get("/storage/")
    assert page.status_code == 403
    assert "This page needs Full Access" in page.text
    assert "You have: No access" in page.text


def test_a_custom_permission_opens_a_view_to_limited_access(rf: Any) -> None:
    class Visitor:
        is_authenticated = True
        is_superuser = False

    request = rf.get("/")
    request.user = Visitor()
    request.session = {SESSION_ROLE: int(Role.LIMITED)}
    access = Access(Role.STANDARD, "Manage_Memberships")
    assert not allowed(request, access)
    request.session[SESSION_PERMISSIONS] = ["Manage_Memberships"]
    assert allowed(request, access)
    request.session[SESSION_ROLE] = int(Role.GUEST)
    assert not allowed(request, access)
