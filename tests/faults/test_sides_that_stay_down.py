"""Faults that last: the job fails with its reason and the next step, nothing is half-done, and the next sync makes it right."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.installation import Installation
from tests.faults.test_kill import SEED

CM, SF = "campaign_monitor", "salesforce"
MEMBERS = {"object": "CM_Member__c"}
ALWAYS: dict[str, Any] = {"times": None}

RENEW = """
import json, os
from fairlead.cli.house import open_house
open_house()
from fairlead.store import secrets
from fairlead.store.models import Org
org = Org.objects.get()
before = json.loads(secrets.get(org, "campaign_monitor"))
if os.environ.get("GIVEN"):
    secrets.put(org, "campaign_monitor", os.environ["GIVEN"])
print(json.dumps(before))
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that was synced once; two of its lists are above the small door's size."""
    with Installation(tmp_path_factory.mktemp("sides") / "home", SEED) as fairlead:
        fairlead.start_worker()
        fairlead.sync("--full")
        yield fairlead


@pytest.fixture
def fairlead(running: Installation) -> Iterator[Installation]:
    """The installation without faults before and after."""
    running.clear_faults()
    yield running
    running.clear_faults()


def members_of(fairlead: Installation) -> dict[Any, Any]:
    """Where each list was read to."""
    return {scope: at for scope, at in fairlead.cursors().items() if scope[0] == "members"}


LASTING: dict[str, tuple[str, dict[str, Any], str, str, str]] = {
    "the API key was revoked": (
        CM,
        {"fault": "status", "status": 401, "body": {"Code": 100, "Message": "Invalid API Key"}, **ALWAYS},
        "FL-211",
        "API key unknown",
        "fairlead connect campaign-monitor",
    ),
    "the API calls are spent": (SF, {"fault": "request_limit", **ALWAYS}, "FL-122", "Limit exceeded", "24 hours"),
    "the credentials were taken back": (
        SF,
        {
            "fault": "status",
            "status": 400,
            "body": {"error": "invalid_client", "error_description": "invalid client credentials"},
            "match": {"path": "/oauth2/token"},
            **ALWAYS,
        },
        "FL-323",
        "sign in",
        "consumer key and secret",
    ),
    "the API is not allowed": (
        SF,
        {
            "fault": "status",
            "status": 403,
            "body": [{"errorCode": "API_CURRENTLY_DISABLED", "message": "API is disabled for this User"}],
            "match": {"path": "/query"},
            **ALWAYS,
        },
        "FL-323",
        "Salesforce would not let Fairlead",
        "API Enabled",
    ),
    "500 for longer than all attempts take": (
        SF,
        {"fault": "status", "match": {"path": "/services/data/?$"}, **ALWAYS},
        "FL-121",
        "sign in",
        "try again",
    ),
    "no place for new records": (
        SF,
        {"fault": "storage_full", "match": MEMBERS, **ALWAYS},
        "FL-331",
        "STORAGE_LIMIT_EXCEEDED",
        "Free data storage",
    ),
}


WAITS_LONG = "500 for longer than all attempts take"
"""The attempts of a whole job with their pauses: a minute."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.slow if one == WAITS_LONG else ()) for one in LASTING]
)
def test_a_fault_that_lasts_fails_the_job_and_the_next_sync_makes_it_right(fairlead: Installation, name: str) -> None:
    """The reason names the thing and the next step; no cursor of a list moves; without the fault all comes right."""
    side, rule, code, what, step = LASTING[name]
    fairlead.act(share=0.02, do="join", seed=list(LASTING).index(name))
    before = members_of(fairlead)
    fairlead.fault(side, **rule)

    told = fairlead.sync(code=1)["job"]

    assert (told["state"], told["support_code"]) == ("failed", code), told["reason"]
    assert what in told["reason"]
    assert step in told["reason"]
    assert members_of(fairlead) == before
    fairlead.clear_faults()
    fairlead.sync()
    fairlead.check()


def test_a_full_org_stops_a_list_in_bulk_and_loses_nothing(fairlead: Installation) -> None:
    """A bulk job whose new rows find no place: the list stops with FL-331, and its rows are written once there is place."""
    large = fairlead.lists()[0]
    fairlead.act(share=0.95, do="join", seed=77, list=large)
    before = {scope: at for scope, at in members_of(fairlead).items() if scope[2] == large}
    fairlead.fault(SF, fault="storage_full", match=MEMBERS, **ALWAYS)

    told = fairlead.sync("--full", code=1)["job"]

    assert told["support_code"] == "FL-331"
    assert "The list “Large”: " in told["reason"]
    assert {scope: at for scope, at in members_of(fairlead).items() if scope[2] == large} == before
    fairlead.clear_faults()
    fairlead.sync()
    fairlead.check()


def test_rows_locked_for_longer_than_a_run_are_written_by_the_next(fairlead: Installation) -> None:
    """They are told as refused, kept sealed to be offered again, written by the next sync, and then forgotten."""
    fairlead.act(share=0.02, do="join", seed=99)
    fairlead.fault(SF, fault="row_lock", match=MEMBERS, data={"rows": 2}, **ALWAYS)

    told = fairlead.sync()

    locked = [refusal["rows"] for refusal in told["refused"] if refusal["code"] == "UNABLE_TO_LOCK_ROW"]
    waiting = "SELECT count(*) FROM store_rowrefusal WHERE retryable AND key_sealed IS NOT NULL"
    assert len(locked) == 1
    assert fairlead.rows(waiting) == [(locked[0],)]
    fairlead.clear_faults()
    fairlead.sync()
    fairlead.check()
    assert fairlead.rows(waiting) == [(0,)]


def sign_in(fairlead: Installation, given: dict[str, Any] | None) -> dict[str, Any]:
    """The stored sign-in to Campaign Monitor, and another in its place."""
    more = {} if given is None else {"GIVEN": json.dumps(given)}
    command = [sys.executable, "-c", RENEW]
    told = subprocess.run(command, env=fairlead.environment(more), check=True, capture_output=True, timeout=60)
    return dict(json.loads(told.stdout))


def test_an_expired_token_is_renewed_in_the_run_and_a_revoked_one_asks_to_sign_in(fairlead: Installation) -> None:
    """The renewed tokens are stored before they are used; a revoked one ends the job with the words how to connect again."""
    assert fairlead.emulators is not None
    line = fairlead.emulators.line[CM]
    tokens = {"flow": "oauth", "access_token": line["access_token"], "refresh_token": line["refresh_token"]}
    key = sign_in(fairlead, tokens)
    try:
        fairlead.act(share=0.02, do="mixed", seed=5)
        fairlead.fault(CM, fault="expired_token", match={"path": "active"})
        fairlead.sync()
        fairlead.check()
        assert fairlead.struck(CM) == 1
        assert sign_in(fairlead, None)["access_token"] != tokens["access_token"]
        fairlead.fault(CM, fault="revoked_token", **ALWAYS)
        told = fairlead.sync(code=1)["job"]
        assert told["support_code"] == "FL-211"
        assert "fairlead connect campaign-monitor" in told["reason"]
    finally:
        sign_in(fairlead, key)
    fairlead.clear_faults()
    fairlead.sync()
    fairlead.check()
