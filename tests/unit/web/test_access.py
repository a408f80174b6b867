"""Who may open what: every address is closed to those below its role, whatever it is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from fairlead.ui.access import SESSION_PERMISSIONS, SESSION_ROLE, Access, Role, access_of, allowed
from tests.unit.web.test_addresses import EVERYTHING, _patterns

OPEN_FROM: dict[str, Role] = {
    "home": Role.GUEST,
    "account": Role.NONE,
    "sign_out": Role.NONE,
    "help_codes": Role.GUEST,
    "help_code": Role.GUEST,
}
"""What is open to less than Full Access."""


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
        if stranger != 302 or role >= OPEN_FROM.get(name, Role.FULL):
            continue
        for method in (client.get, client.post):
            assert method(path).status_code == 403, (name, role)


def test_what_a_view_says_is_what_the_table_says() -> None:
    """A view that is opened to more people is listed above first."""
    for pattern in _patterns(get_resolver().url_patterns):
        if getattr(pattern.callback, "login_required", True):
            assert access_of(pattern.callback).role == OPEN_FROM.get(pattern.name, Role.FULL), pattern.name


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
