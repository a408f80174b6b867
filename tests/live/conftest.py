"""One account for every check: the emulated one always, a real one with `make live` and these variables:

`FAIRLEAD_LIVE_CAMPAIGN_MONITOR_KEY`     the account's API key
`FAIRLEAD_LIVE_CAMPAIGN_MONITOR_CLIENT`  the id of the client in which lists may be made

Nothing outside a list that is made here and deleted again is changed, but for the consent that the service keeps with
the made-up addresses at example.com. No e-mail is sent: the list has single opt-in, and its unsubscribes hold there only.
"""

import http.client
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving
from tests.unit.emulators.http import Reply, basic

REAL = "https://api.createsend.com"
KEY, CLIENT = "FAIRLEAD_LIVE_CAMPAIGN_MONITOR_KEY", "FAIRLEAD_LIVE_CAMPAIGN_MONITOR_CLIENT"


@dataclass
class Account:
    """Calls the API below `/api/v3.3`; `list` is the list that was made here."""

    url: str
    key: str
    client: str
    list: str = ""

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Reply:
        headers = {"Authorization": basic(self.key), "Content-Type": "application/json"}
        target = f"/api/v3.3/{path}.json" + (f"?{urlencode(query)}" if query else "")
        return self._asked(method, target, None if body is None else json.dumps(body), headers)

    def token(self, refresh: str) -> Reply:
        form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh})
        return self._asked("POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"})

    def _asked(self, method: str, target: str, body: str | None, headers: dict[str, str]) -> Reply:
        split = urlsplit(self.url)
        kind = http.client.HTTPSConnection if split.scheme == "https" else http.client.HTTPConnection
        connection = kind(split.netloc, timeout=120)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def somebody(self) -> str:
        """An address that nobody has used."""
        return f"fairlead-{uuid.uuid4().hex[:12]}@example.com"

    def add(self, email: str, **body: Any) -> Reply:
        posted = {"EmailAddress": email, "ConsentToTrack": "Yes", **body}
        return self.call("POST", f"subscribers/{self.list}", posted)

    def get(self, email: str) -> Reply:
        return self.call("GET", f"subscribers/{self.list}", email=email)

    def unsubscribe(self, email: str) -> Reply:
        return self.call("POST", f"subscribers/{self.list}/unsubscribe", {"EmailAddress": email})

    def imported(self, *rows: dict[str, Any]) -> Reply:
        """Imported rows are there at once; single adds may come later."""
        posted = {"Subscribers": [{"ConsentToTrack": "Yes", **row} for row in rows]}
        return self.call("POST", f"subscribers/{self.list}/import", posted)


@pytest.fixture(scope="module", params=["emulated", pytest.param("live", marks=pytest.mark.live)])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """The emulated account, or the real one if it was given."""
    if request.param == "emulated":
        emulator = create(Clock())
        emulator.seed(spec("small", "campaign_monitor"))
        ready = emulator.ready()
        with serving(emulator.app) as url:
            yield from _with_list(Account(url, ready["api_key"], ready["client_id"]))
        return
    if "live" not in request.config.option.markexpr:
        pytest.skip("the real service is asked by `make live` only")
    if not (os.environ.get(KEY) and os.environ.get(CLIENT)):
        pytest.skip(f"set {KEY} and {CLIENT} to check the real service")
    yield from _with_list(Account(REAL, os.environ[KEY], os.environ[CLIENT]))


def _with_list(account: Account) -> Iterator[Account]:
    wish = {"Title": f"Fairlead checks {uuid.uuid4().hex[:8]}", "UnsubscribeSetting": "OnlyThisList"}
    made = account.call("POST", f"lists/{account.client}", wish)
    assert made.status == 201, made.body
    account.list = made.json
    try:
        yield account
    finally:
        gone = account.call("DELETE", f"lists/{account.list}")
        if account.url == REAL:
            assert gone.status == 200, f"delete the list {account.list} by hand: {gone.status}"
