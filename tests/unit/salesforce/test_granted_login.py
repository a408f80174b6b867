"""Access that a person granted: the way through the browser, and tokens shared by tasks and processes."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
import pytest

from fairlead.salesforce import connect
from fairlead.salesforce.errors import RequestWrong, SessionRefused, SetupRefused
from fairlead.salesforce.kept_login import Kept, KeptRefresh
from fairlead.salesforce.web_login import App, Pending, address, redeem
from tests.unit.salesforce.conftest import HASTE
from tests.unit.salesforce.fake_org import Cut, FakeOrg, Says

TOKEN = "/services/oauth2/token"


class Memory:
    """A keeper in memory that notes what was stored, and can fail once."""

    def __init__(self, kept: Kept) -> None:
        self.kept, self.stored, self.fails = kept, [], 0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        async with self._turn:
            yield

    async def load(self) -> Kept:
        return self.kept

    async def store(self, kept: Kept) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("disk full")
        self.stored.append(kept.refresh_token)
        self.kept = kept


def rotating(org: FakeOrg):
    """A token door where each refresh token works once; `refresh-0` is the first."""
    state = {"n": 0}

    def answer(seen):
        form = dict(parse_qsl(seen.body.decode()))
        if form["refresh_token"] != f"refresh-{state['n']}":
            return Says({"error": "invalid_grant", "error_description": "expired access/refresh token"}, 400)
        state["n"] += 1
        n = state["n"]
        return Says({"access_token": f"token-{n}", "instance_url": org.url, "refresh_token": f"refresh-{n}"})

    return answer


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com", "a--dev.sandbox.my.salesforce.com"])
def test_the_person_is_sent_to_the_host_asked_for_with_a_hashed_challenge(host):
    pending = Pending()
    url = urlsplit(address(App(f"https://{host}", "app", None, "https://example.com/back"), pending))
    asked = {name: value for name, (value,) in parse_qs(url.query).items()}
    digest = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).decode().rstrip("=")
    assert (url.netloc, url.path) == (host, "/services/oauth2/authorize")
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (digest, "S256")
    assert (asked["state"], asked["scope"]) == (pending.state, "api refresh_token")
    assert pending.verifier not in url.query


async def test_a_code_buys_tokens_with_the_verifier(org, http):
    org.on("POST", TOKEN, Says({"access_token": "t", "instance_url": org.url, "refresh_token": "r"}))
    app, pending = App(org.url, "app", "hush-hush", "https://example.com/back"), Pending()
    granted = await redeem(http, app, pending, {"state": pending.state, "code": "c"})
    form = dict(parse_qsl(org.asked("POST", TOKEN)[0].body.decode()))
    assert (granted.token.access_token, granted.refresh_token) == ("t", "r")
    assert (form["code"], form["code_verifier"], form["client_secret"]) == ("c", pending.verifier, "hush-hush")
    assert "hush-hush" not in repr(app)
    assert pending.verifier not in repr(pending)


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        ({"state": "another", "code": "c"}, RequestWrong),
        ({"code": "c"}, RequestWrong),
        ({"state": "s"}, RequestWrong),
        ({"state": "s", "error": "access_denied"}, SessionRefused),
        ({"state": "s", "error": "invalid_client_id"}, SetupRefused),
        ({"state": "s", "error": "redirect_uri_mismatch"}, SetupRefused),
    ],
)
async def test_an_answer_without_our_code_asks_for_no_token(org, http, returned, kind):
    with pytest.raises(kind) as caught:
        await redeem(http, App(org.url, "app", None, "https://example.com"), Pending("s", "v"), returned)
    assert caught.value.step
    assert org.seen == []


async def test_an_app_without_the_refresh_scope_is_named(org, http):
    org.on("POST", TOKEN, Says({"access_token": "t", "instance_url": org.url}))
    with pytest.raises(SetupRefused, match="refresh_token"):
        await redeem(http, App(org.url, "app", None, "x"), Pending("s", "v"), {"state": "s", "code": "c"})


async def test_two_processes_share_one_refresh(org, http):
    """When both hold the ended session, the second finds the newer one and asks for none."""
    org.on("POST", TOKEN, rotating(org))
    keeper = Memory(Kept("refresh-0"))
    one, two = (KeptRefresh(org.url, "app", None, keeper) for _ in range(2))
    first = [(await login.sign_in(http)).access_token for login in (one, two)]
    again = [token.access_token for token in await asyncio.gather(one.sign_in(http), two.sign_in(http))]
    assert (first, again) == (["token-1"] * 2, ["token-2"] * 2)
    assert keeper.stored == ["refresh-1", "refresh-2"]
    assert len(org.asked("POST", TOKEN)) == 2


async def test_tokens_that_could_not_be_stored_are_stored_before_they_are_used(org, http):
    org.on("POST", TOKEN, rotating(org))
    keeper = Memory(Kept("refresh-0"))
    keeper.fails = 1
    login = KeptRefresh(org.url, "app", None, keeper)
    with pytest.raises(OSError, match="disk full"):
        await login.sign_in(http)
    assert (await login.sign_in(http)).access_token == "token-1"
    assert keeper.stored == ["refresh-1"]
    assert len(org.asked("POST", TOKEN)) == 1


async def test_a_lost_answer_is_asked_for_again(org):
    org.on("POST", TOKEN, Cut, rotating(org))
    keeper = Memory(Kept("refresh-0"))
    async with connect(KeptRefresh(org.url, "app", None, keeper), **HASTE):
        pass
    assert keeper.stored == ["refresh-1"]


async def test_a_refresh_token_spent_by_a_lost_answer_is_said_to_be(org, http):
    spent = Says({"error": "invalid_grant", "error_description": "expired access/refresh token"}, 400)
    org.on("POST", TOKEN, Cut, spent)
    with pytest.raises(SessionRefused, match=r"was lost.*Sign in") as caught:
        await KeptRefresh(org.url, "app", None, Memory(Kept("refresh-0"))).sign_in(http)
    assert caught.value.code == "refresh_lost"
