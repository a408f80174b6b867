"""Laws of the entrance for programs: who is let in, how failures are told, and that it says what the pages say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from fairlead.features.primary_sync import flow
from fairlead.jobs.models import Job
from fairlead.store import setting_rows, tokens
from fairlead.store.models import ApiToken, AuditEntry, Org
from fairlead.sync.guard import SWEEP_SHARE
from fairlead.sync.stage import Stage

ALL, SHARE, SYNC = "/api/v1/settings", "/api/v1/settings/primary_sync.sweep_share", "/api/v1/sync"


@pytest.fixture(autouse=True)
def stages() -> Iterator[None]:
    flow.offer([Stage("members", "Members", _nothing)])
    yield
    flow.offer([])


async def _nothing(run: object) -> None:
    """A stage that does nothing."""


@pytest.fixture
def token(org: Org) -> str:
    return tokens.create(org, "reporting", "ann", expires_at=None)


def call(token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    sent = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(Client(), method)(path, headers={"Authorization": f"Bearer {token}", **headers}, **sent)


def error(answer: Any) -> tuple[int, str]:
    told = answer.json()
    assert told["ok"] is False
    assert told["error"]["text"]
    assert told["error"]["next_step"]
    return answer.status_code, told["error"]["code"]


def test_a_token_lets_in_and_its_use_is_noted(token: str) -> None:
    answer = call(token, "get", ALL)
    assert answer.status_code == 200
    assert "primary_sync.sweep_share" in [one["name"] for one in answer.json()["settings"]]
    assert answer["Cache-Control"].startswith("max-age=0")
    assert ApiToken.objects.get().last_used_at is not None


def test_who_has_no_token_a_wrong_one_or_one_that_ended_is_told_how_to_come_in(org: Org) -> None:
    past = tokens.create(org, "past", "ann", expires_at=timezone.now() - timedelta(seconds=1))
    answers = [Client().get(ALL), call("wrong", "get", ALL), call(past, "get", ALL), call("", "get", ALL)]
    assert [error(answer) for answer in answers] == [(401, "FL-231")] * 4
    assert answers[0]["WWW-Authenticate"] == "Bearer"
    assert "fairlead token create" in answers[0].json()["error"]["next_step"]


def test_guessing_tokens_is_slowed_down(org: Org) -> None:
    """After five wrong ones the next must wait, and a right one is let in all the same."""
    assert [error(call(f"wrong{number}", "get", ALL))[0] for number in range(7)] == [401] * 5 + [429] * 2
    assert call(tokens.create(org, "right", "ann", expires_at=None), "get", ALL).status_code == 200


def test_a_token_is_not_used_without_end(token: str) -> None:
    call(token, "get", ALL)
    ApiToken.objects.update(calls=tokens.CALLS_IN_WINDOW)
    assert error(call(token, "get", ALL)) == (429, "FL-131")


def test_a_token_that_may_look_changes_nothing(org: Org) -> None:
    token = tokens.create(org, "looker", "ann", expires_at=None, read_only=True)
    assert call(token, "get", SHARE).status_code == 200
    assert error(call(token, "put", SHARE, {"value": 5})) == (422, "FL-304")
    assert error(call(token, "delete", SHARE)) == (422, "FL-304")
    assert error(call(token, "post", SYNC, {})) == (422, "FL-304")
    assert (setting_rows.value(org, SWEEP_SHARE), Job.objects.count()) == (20, 0)


def test_a_signed_in_admin_is_let_in_and_acts_only_from_our_own_pages(person: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    assert browser.get(SHARE).status_code == 200
    sent = {"data": {"value": 5}, "content_type": "application/json"}
    assert error(browser.put(SHARE, **sent)) == (403, "FL-231")
    browser.get("/sync/")
    proof = browser.cookies["csrftoken"].value
    answer = browser.put(SHARE, **sent, headers={"X-CSRFToken": proof})
    assert answer.json()["setting"]["changed_by"] == "admin"


def test_a_setting_is_told_whole(token: str) -> None:
    setting = call(token, "get", SHARE).json()["setting"]
    assert setting["title"] == SWEEP_SHARE.title
    assert setting["help"] == SWEEP_SHARE.help
    wanted = {
        "kind": "number",
        "unit": "%",
        "default": 20,
        "value": 20,
        "version": 0,
        "of": "org",
        "least": 0,
        "most": 100,
    }
    assert {name: setting[name] for name in wanted} == wanted


def test_a_setting_is_changed_and_put_back(token: str, org: Org) -> None:
    changed = call(token, "put", SHARE, {"value": 35, "version": 0}).json()["setting"]
    assert (changed["value"], changed["version"], changed["changed_by"]) == (35, 1, "token reporting")
    assert setting_rows.value(org, SWEEP_SHARE) == 35
    back = call(token, "delete", SHARE).json()["setting"]
    assert (back["value"], back["version"]) == (20, 2)
    assert [one.who for one in AuditEntry.objects.filter(what="change setting")] == ["token reporting"] * 2


def test_a_change_from_an_old_version_is_refused(token: str) -> None:
    """By the body or by If-Match; the first change stays."""
    call(token, "put", SHARE, {"value": 35})
    assert error(call(token, "put", SHARE, {"value": 5, "version": 0})) == (409, "FL-361")
    assert error(call(token, "put", SHARE, {"value": 5}, **{"If-Match": '"0"'})) == (409, "FL-361")
    assert error(call(token, "delete", SHARE, {"version": 0})) == (409, "FL-361")
    assert call(token, "get", SHARE).json()["setting"]["value"] == 35
    assert call(token, "put", SHARE, {"value": 5}, **{"If-Match": '"1"'}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("put", SHARE, {"value": 300}, (422, "FL-360")),
        ("put", SHARE, {"value": None}, (422, "FL-360")),
        ("put", SHARE, {}, (422, "FL-305")),
        ("put", SHARE, "no json", (422, "FL-305")),
        ("put", SHARE, [1], (422, "FL-305")),
        ("put", SHARE, {"value": 5, "version": "x"}, (422, "FL-305")),
        ("get", "/api/v1/settings/nothing", None, (422, "FL-360")),
        ("post", SYNC, {"stages": ["nothing"]}, (422, "FL-365")),
        ("post", SYNC, {"clean": True}, (422, "FL-366")),
        ("post", SYNC, {"clean": True, "full": True}, (422, "FL-306")),
        ("post", SYNC, {"ful": True}, (422, "FL-305")),
    ],
)
def test_what_is_wrong_is_told_with_code_and_next_step(
    token: str, method: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    assert error(call(token, method, path, body)) == expected
    assert Job.objects.count() == 0


def test_a_run_is_asked_for_and_told_of(token: str) -> None:
    assert call(token, "get", SYNC).json() == {"ok": True, "job": None}
    asked = call(token, "post", SYNC, {"full": True, "clean": True, "confirm": "start clean", "client": "c1"}).json()[
        "job"
    ]
    assert asked["args"] == {"full": True, "clean": True, "client": "c1"}
    assert asked["requested_by"] == "token reporting"
    assert call(token, "get", SYNC).json()["job"]["number"] == asked["number"]
    some = call(token, "post", SYNC, {"stages": ["members"]}).json()["job"]
    assert some["args"] == {"stages": ["members"]}
    assert call(token, "get", f"{SYNC}?job={asked['number']}").json()["job"]["number"] == asked["number"]


def test_a_method_that_is_not_there_is_not_allowed(token: str) -> None:
    assert call(token, "delete", ALL).status_code == 405
