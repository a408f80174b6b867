"""What the client promises of its calls, seen from the account: bodies as they arrive, refusals of every kind."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.campaignmonitor import ApiKey, OAuth, RecordRefused, SetupRefused, SignInRefused, connect
from fairlead.campaignmonitor.screens import Frame
from fairlead.campaignmonitor.transport import Patience
from fairlead.campaignmonitor.wishes import ConsentEvidence, ConsentToTrack, FieldValue, SubscriberWish
from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving

ADA, BOB = "ada+news@example.com", "bob@example.com"
EVIDENCE = ConsentEvidence("form", "statement 1", datetime(2026, 3, 1, tzinfo=UTC))
NOBODY = "0" * 32


@dataclass
class Heard:
    """The emulated account, and every request as it arrived: `(method, path, body)`."""

    emulator: Any
    url: str = ""
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        """Passes a request on, and notes it."""
        if scope["type"] != "http":
            await self.emulator.app(scope, receive, send)
            return
        body = b""

        async def heard():
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        try:
            await self.emulator.app(scope, heard, send)
        finally:
            self.requests.append((scope["method"], scope["path"], body))

    def connect(self, login=None):
        key = login or ApiKey(self.emulator.ready()["api_key"])
        return connect(self.url, key, patience=Patience(attempts=4, first=0.01, longest=0.02))

    @property
    def list(self):
        return next(each.id for each in self.emulator.store.lists() if not each.client_wide)

    def bringing_back(self):
        """The paths of the requests that let somebody come back who has left."""
        bodies = [(path, json.loads(body)) for _, path, body in self.requests if body.strip() and "/oauth" not in path]
        return [path for path, body in bodies if isinstance(body, dict) and body.get("Resubscribe")]


@pytest.fixture
def heard() -> Iterator[Heard]:
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    found = Heard(emulator)
    with serving(found) as url:
        found.url = url
        yield found


def wish(email=ADA, **more):
    return SubscriberWish(email, ConsentToTrack.YES, **more)


async def test_only_a_resubscription_with_evidence_lets_anybody_come_back(heard):
    """Every other write says no aloud, or says nothing where nobody can come back by it."""
    async with heard.connect() as account:
        written = account.subscriptions
        await written.import_(heard.list, [wish(), wish(BOB, restart_autoresponders=True)], restart_autoresponders=True)
        await written.unsubscribe(heard.list, ADA)
        await written.delete(heard.list, BOB)
        for who in (ADA, BOB):
            with pytest.raises(RecordRefused):
                await written.add(heard.list, wish(who, restart_autoresponders=True))
            (outcome,) = (await written.import_(heard.list, [wish(who)], queue_autoresponders=True)).outcomes
            assert outcome.error is not None
            await written.update(heard.list, who, wish(who, name="Anew", values=[FieldValue("Age", "40")]))
        assert heard.bringing_back() == []
        assert [(await account.subscriber(heard.list, who)).state for who in (ADA, BOB)] == ["Unsubscribed", "Deleted"]
        for method, path, body in heard.requests:
            if method in ("POST", "PUT") and "/subscribers/" in path and "unsubscribe" not in path:
                assert json.loads(body)["Resubscribe"] is False, path
        await written.resubscribe(heard.list, wish(), EVIDENCE)
        assert (await account.subscriber(heard.list, ADA)).state == "Active"
    assert heard.bringing_back() == [f"/api/v3.3/subscribers/{heard.list}/import.json"]


@pytest.mark.parametrize("evidence", [None, True, "they said so", {"source": "form"}])
async def test_without_evidence_nothing_is_sent(heard, evidence):
    async with heard.connect() as account:
        with pytest.raises(TypeError):
            await account.subscriptions.resubscribe(heard.list, wish(), evidence)
    assert heard.requests == []


async def test_refusals_with_status_401_are_told_apart(heard):
    """Dead credentials, an access that was withdrawn, a missing right, and what is not of this account."""
    ready = heard.emulator.ready()

    async def never(tokens):
        raise AssertionError("nothing was renewed")

    logins = {
        100: (ApiKey("0" * 48), SignInRefused),
        120: (OAuth("unknown", "unknown", never), SignInRefused),
        122: (OAuth(ready["access_token"], ready["refresh_token"], never), SignInRefused),
        60: (ApiKey(ready["client_api_key"]), SetupRefused),
    }
    heard.emulator.faults.add([{"fault": "revoked_token", "match": {"path": "admins"}}])
    steps = {}
    for code, (login, kind) in logins.items():
        async with heard.connect(login) as account:
            with pytest.raises(kind) as caught:
                await account.people.administrators()
        assert code == caught.value.code or code == 120, "a refused renewal has no number"
        steps[code] = caught.value.step
    async with heard.connect() as account:
        for code, path in ((101, account.list_details), (102, account.lists)):
            with pytest.raises(SetupRefused) as foreign:
                await path(NOBODY)
            assert (foreign.value.code, foreign.value.status) == (code, 401)
            steps[code] = foreign.value.step
    assert len(set(steps.values())) == 6


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_reading_outlasts_a_server_that_is_pressed_and_slows_down(heard, status):
    heard.emulator.faults.add([{"fault": "status", "status": status, "times": 2, "match": {"path": "/lists/"}}])
    async with heard.connect() as account:
        width = account._transport.limit.width
        assert (await account.list_details(heard.list)).list_id == heard.list
        assert account._transport.limit.width < width


async def test_numbers_for_text_messages_and_their_consent_are_read(heard):
    async with heard.connect() as account:
        more = {"mobile_number": "+15555550123", "consent_to_send_sms": ConsentToTrack.YES}
        await account.subscriptions.import_(heard.list, [wish(**more), wish(BOB)])
        ada, bob = [await account.subscriber(heard.list, who) for who in (ADA, BOB)]
        assert (ada.mobile_number, ada.consent_to_send_sms) == ("+15555550123", "Yes")
        assert (bob.mobile_number, bob.consent_to_send_sms) == ("", "")
        pages = [page async for page in account.members(heard.list, "Active", sms_preference=True)]
        found = {row.email: row for page in pages for row in page.rows}
        for one in (ada, bob):
            assert (found[one.email].mobile_number, found[one.email].consent_to_send_sms) == (
                one.mobile_number,
                one.consent_to_send_sms,
            )


async def test_a_screen_opens_for_a_login_of_the_account_and_for_nobody_else(heard):
    async with heard.connect() as account:
        (somebody, *_) = await account.people.administrators()
        where = await account.screens.session(somebody.email, "/subscribers/", "a" * 16, frame=Frame.NONE)
        assert where.startswith("https://")
        with pytest.raises(SetupRefused) as caught:
            await account.screens.session("nobody@example.com", "/subscribers/", "a" * 16)
        assert caught.value.code == 5001
