"""Laws of the way in through Salesforce: who gets in, as what, and what is refused."""

import base64
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from fairlead.domain.role import Role
from fairlead.features.permissions import salesforce_sign_in
from fairlead.salesforce import web_login
from fairlead.salesforce.errors import RequestWrong, SetupRefused
from fairlead.store import secrets
from fairlead.store.models import AuditEntry
from fairlead.ui.models import SignInFailure, Standing, Visit
from tests.unit.permissions.world import World

STANDARD, LIMITED, FULL = "Fairlead_Standard_Access", "Fairlead_Limited_Access", "Fairlead_Full_Access"


def role(browser: Client) -> str:
    return {200: "full", 403: "less", 302: "out"}[browser.get("/storage/").status_code]


def test_the_page_offers_the_way_only_where_an_org_is_connected(world: World) -> None:
    assert "Sign in through Salesforce" in Client().get("/sign-in/").text
    salesforce_sign_in.provide(lambda _: None)
    assert "Sign in through Salesforce" not in Client().get("/sign-in/").text
    answer = Client().get("/sign-in/salesforce/")
    assert answer.status_code == 409
    assert "FL-243" in answer.text


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [("Stan", STANDARD, Role.STANDARD), ("Lima", LIMITED, Role.LIMITED), ("Fulla", FULL, Role.FULL)],
)
def test_the_set_that_is_held_is_the_role(world: World, name: str, given: str, found: Role) -> None:
    user = world.user(name, given=given)
    browser, answer = world.sign_in(name, target="/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert Standing.objects.get(user__username=user).role == found
    page = browser.get("/account/").text
    assert f"{name} Example" in page
    assert found.label in page
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.what, entry.after) == (user, "sign in", {"role": found.label})


def test_a_system_administrator_has_full_access_without_any_set(world: World) -> None:
    """F72: as after the installation."""
    world.user("Sysa", profile="System Administrator")
    browser, _ = world.sign_in("Sysa")
    assert role(browser) == "full"


@pytest.mark.parametrize("given", ["", "Fairlead_Guest_Access"])
def test_who_has_no_set_or_that_of_guests_is_told_how_to_get_one(world: World, given: str) -> None:
    name = "Guesta" if given else "Nona"
    world.user(name, given=given)
    browser, answer = world.sign_in(name)
    assert answer.status_code == 403
    assert "FL-247" in answer.text
    assert "Ask your Salesforce admin" in answer.text
    assert browser.get("/").status_code == 302
    assert User.objects.count() == 0


def test_users_of_another_org_do_not_get_in(world: World) -> None:
    world.user("Fulla", given="")
    line = world.emulators.line["salesforce"]
    app = web_login.App(line["url"], line["client_id"], line["client_secret"], "")
    salesforce_sign_in.provide(lambda _: (app, "00D000000000009AAA"))
    _, answer = world.sign_in("Fulla")
    assert answer.status_code == 403
    assert "FL-246" in answer.text


def test_who_denies_gets_back_to_the_sign_in_and_is_counted(world: World) -> None:
    world.user("Stan")
    _, answer = world.sign_in("Stan", answer="deny")
    assert "Access was denied" in answer.text
    assert SignInFailure.objects.count() == 1


def test_what_comes_back_works_once_in_the_browser_that_began(world: World) -> None:
    """Another browser, a second time, another state, none at all, too late: refused, and each code is worthless afterwards."""
    world.user("Stan")
    browser = Client()
    path, query = world.screen(browser, "Stan")
    assert "FL-244" in Client().get(path, query).text
    assert browser.get(path, {**query, "state": "x"}).status_code == 403
    assert "FL-244" in browser.get(path, query).text
    path, query = world.screen(browser, "Stan")
    assert browser.get(path, query).status_code == 302
    assert "FL-244" in browser.get(path, query).text


def test_a_sign_in_that_took_too_long_is_begun_anew(world: World, org: Any) -> None:
    _, sealed = salesforce_sign_in.begin(org, "/")
    begun = json.loads(secrets.unseal(sealed.encode()))
    old = secrets.seal(json.dumps({**begun, "at": begun["at"] - 601})).decode()
    with pytest.raises(salesforce_sign_in.NotBegun):
        salesforce_sign_in.finish(org, old, {"state": begun["state"], "code": "x"})


def test_the_callback_is_braked_like_passwords(world: World) -> None:
    for _ in range(20):
        assert Client().get("/sign-in/salesforce/callback/?state=x&code=y").status_code == 403
    assert Client().get("/sign-in/salesforce/callback/?state=x&code=y").status_code == 429
    assert Client().get("/sign-in/salesforce/").status_code == 429


@pytest.mark.parametrize(
    "target", ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)", "/\\evil.example.com"]
)
def test_a_foreign_next_page_is_ignored(world: World, target: str) -> None:
    world.user("Stan")
    _, answer = world.sign_in("Stan", target=target)
    assert answer["Location"] == "/"


def test_the_session_of_before_is_not_that_of_after(world: World) -> None:
    """Session fixation: whoever planted a session cookie in a browser does not hold its session after the sign-in."""
    world.user("Stan")
    browser = Client()
    path, query = world.screen(browser, "Stan")
    planted = browser.cookies["fairlead"].value
    browser.get(path, query)
    assert browser.cookies["fairlead"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_no_name_or_address_of_the_person_is_kept_in_clear(world: World) -> None:
    user = world.user("Stan")
    world.sign_in("Stan")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        texts = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            texts += [row[0] for row in cursor.fetchall()]
    sessions = [str(each.get_decoded()) for each in Session.objects.all()]
    whole = "\n".join(texts + sessions).lower()
    assert user.lower() in whole
    assert "stan example" not in whole
    assert "stan@example.com" not in whole


def test_the_session_that_salesforce_opened_is_ended_at_once_and_no_token_is_kept(world: World) -> None:
    world.user("Stan")
    before = Session.objects.count()
    world.sign_in("Stan")
    kept = str([each.get_decoded() for each in Session.objects.all()])
    assert Session.objects.count() == before + 1
    assert "!AQ" not in kept


def test_nobody_who_comes_through_salesforce_can_set_a_password(world: World) -> None:
    """It would outlive the role."""
    user = world.user("Stan")
    browser, _ = world.sign_in("Stan")
    password = "correct-horse-battery-staple"
    answer = browser.post("/account/", {"new_password1": password, "new_password2": password})
    assert answer.status_code == 403
    assert not User.objects.get(username=user).has_usable_password()


def test_visits_of_long_ago_are_forgotten(world: World) -> None:
    world.user("Stan")
    world.sign_in("Stan")
    Visit.objects.update(seen_at=timezone.now() - timedelta(days=9))
    world.sign_in("Stan")
    assert Visit.objects.count() == 1


def token(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{body}.signature"


GOOD = {"aud": "app", "sub": "https://x.example/id/00D/005", "nonce": "n", "exp": int(time.time()) + 600}


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({**GOOD, "aud": "another"}, RequestWrong),
        ({**GOOD, "nonce": "m"}, RequestWrong),
        ({**GOOD, "exp": int(time.time()) - 600}, RequestWrong),
        ({**GOOD, "sub": "https://x.example/id/00D/006"}, RequestWrong),
        ({"aud": "app"}, SetupRefused),
        (None, SetupRefused),
    ],
)
async def test_an_id_token_that_is_not_for_us_is_not_believed(
    claims: dict[str, Any] | None, error: type[Exception]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        told = {"access_token": "t", "instance_url": "https://x.example", "id": "https://x.example/id/00D/005"}
        return web.json_response(told | ({"id_token": token(**claims)} if claims else {}))

    app = web.Application()
    app.router.add_post("/services/oauth2/token", answer)
    async with TestServer(app) as server, ClientSession() as http:
        pending = web_login.Pending("s", "v", "n")
        with pytest.raises(error):
            await web_login.identify(
                http, web_login.App(str(server.make_url("/")), "app", None, "b"), pending, {"state": "s", "code": "c"}
            )
