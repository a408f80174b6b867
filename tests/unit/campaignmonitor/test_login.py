"""Signing in: keys are hidden, tokens are stored before use, and one renewal serves all tasks."""

import asyncio

import pytest
from aiohttp import web

from fairlead.campaignmonitor import ApiKey, OAuth, SignInRefused, Tokens, Unavailable
from tests.unit.campaignmonitor.server import answer, refusal, serve

OLD_REFRESH = "r+1=="


class Issuer:
    """Takes one access token at a time; renews it by the refresh token, as often as `renewals` allow."""

    def __init__(self, *, code: int = 121, fail=None) -> None:
        self.valid = "new"
        self.code = code
        self.fail = fail
        self.renewals: list[dict[str, str]] = []
        self.stored: list[Tokens] = []
        self.used: list[str] = []

    async def store(self, tokens: Tokens) -> None:
        await asyncio.sleep(0.01)
        assert f"Bearer {tokens.access_token}" not in self.used, "used before it was stored"
        self.stored.append(tokens)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/oauth/token":
            self.renewals.append({key: str(value) for key, value in (await request.post()).items()})
            await asyncio.sleep(0.01)
            if self.fail is not None:
                return self.fail
            return answer({"access_token": "new", "expires_in": 1209600, "refresh_token": OLD_REFRESH})
        self.used.append(request.headers["Authorization"])
        if self.used[-1] != f"Bearer {self.valid}":
            return refusal(401, self.code)
        return answer({"SystemDate": "2026-03-01 09:27:00"})

    def login(self) -> OAuth:
        return OAuth("old", OLD_REFRESH, self.store)


@pytest.mark.parametrize("code", [120, 121])
async def test_a_token_past_its_lifetime_is_renewed_once_for_all_tasks(code):
    issuer = Issuer(code=code)
    async with serve(issuer.handle) as fake, fake.connect(issuer.login(), concurrency=20) as account:
        await asyncio.gather(*(account.system_date() for _ in range(20)))
        await account.system_date()
    assert issuer.renewals == [{"grant_type": "refresh_token", "refresh_token": OLD_REFRESH}]
    assert issuer.stored == [Tokens("new", OLD_REFRESH, 1209600)]
    assert fake.calls.count(("POST", "/oauth/token", 200)) == 1


async def test_a_token_is_stored_even_if_the_task_that_asked_is_cancelled():
    issuer = Issuer()
    async with serve(issuer.handle) as fake, fake.connect(issuer.login()) as account:
        task = asyncio.create_task(account.system_date())
        while not issuer.renewals:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        task.cancel()
        await account.system_date()
    assert len(issuer.renewals) == len(issuer.stored) == 1


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_a_refused_refresh_token_asks_for_a_new_sign_in_and_is_not_sent_again(status):
    issuer = Issuer(fail=answer({"error": "invalid_grant", "error_description": "words"}, status))
    login = issuer.login()
    async with serve(issuer.handle) as fake, fake.connect(login) as account:
        for _ in range(3):
            with pytest.raises(SignInRefused, match="invalid_grant") as caught:
                await account.system_date()
    assert caught.value.step
    assert len(issuer.renewals) == 1
    assert not issuer.stored


async def test_a_withdrawn_token_is_not_renewed():
    issuer = Issuer(code=122)
    async with serve(issuer.handle) as fake, fake.connect(issuer.login()) as account:
        with pytest.raises(SignInRefused) as caught:
            await account.system_date()
    assert caught.value.code == 122
    assert not issuer.renewals


async def test_a_renewed_token_that_is_refused_too_ends_in_an_error_not_in_a_circle():
    issuer = Issuer()
    issuer.valid = "another"
    async with serve(issuer.handle) as fake, fake.connect(issuer.login()) as account:
        with pytest.raises(SignInRefused):
            await account.system_date()
    assert len(issuer.renewals) == 1


async def test_a_failing_token_server_is_tried_again():
    issuer = Issuer()

    async def handle(request):
        if request.path == "/oauth/token" and len(issuer.renewals) < 2:
            issuer.renewals.append({})
            return web.Response(status=503)
        return await issuer.handle(request)

    async with serve(handle) as fake, fake.connect(issuer.login()) as account:
        await account.system_date()
    assert len(issuer.renewals) == 3


async def test_a_token_that_cannot_be_stored_is_not_used():
    issuer = Issuer()

    async def store(tokens: Tokens) -> None:
        raise OSError("disk full")

    async with serve(issuer.handle) as fake, fake.connect(OAuth("old", OLD_REFRESH, store)) as account:
        with pytest.raises(OSError, match="disk full"):
            await account.system_date()
    assert set(issuer.used) == {"Bearer old"}


async def test_a_token_answer_that_cannot_be_read_is_a_fault_of_the_moment():
    async def handle(request):
        return web.Response(body=b"<html>") if request.path == "/oauth/token" else refusal(401, 121)

    issuer = Issuer()
    async with serve(handle) as fake, fake.connect(issuer.login()) as account:
        with pytest.raises(Unavailable):
            await account.system_date()


def test_secrets_are_not_shown():
    async def store(tokens):
        raise AssertionError

    assert "k3y" not in repr(ApiKey("k3y"))
    assert "sesame" not in repr(OAuth("sesame", "sesame", store))


def test_a_blank_key_is_refused():
    with pytest.raises(SignInRefused):
        ApiKey("  ")
