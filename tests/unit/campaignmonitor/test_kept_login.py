"""Tokens that are shared: one refresh serves all tasks and processes, and a newer token is used, not replaced."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from fairlead.campaignmonitor import SignInRefused, Tokens
from fairlead.campaignmonitor.login import KeptOAuth, MemoryKeeper
from tests.unit.campaignmonitor.server import answer, refusal, serve

OLD = Tokens("old", "r+1==", 0)


class Desk:
    """Takes the newest access token only, and counts the refreshes; each gives another token."""

    def __init__(self, *, code: int = 121, valid: str = "new 1", rotating: bool = False) -> None:
        self.code = code
        self.valid = valid
        self.rotating = rotating
        self.refreshes: list[str] = []
        self.served: list[str] = []

    async def handle(self, request):
        if request.path == "/oauth/token":
            form = await request.post()
            self.refreshes.append(str(form["refresh_token"]))
            await asyncio.sleep(0.02)
            number = len(self.refreshes)
            given = {"access_token": f"new {number}", "expires_in": 60}
            return answer(given | ({"refresh_token": f"r+{number + 1}=="} if self.rotating else {}))
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token != self.valid:
            return refusal(401, self.code)
        self.served.append(token)
        return answer({"SystemDate": "2026-03-01 09:27:00"})


@pytest.mark.parametrize("rotating", [False, True])
async def test_many_tasks_of_two_processes_refresh_once(rotating):
    """Each process has its own connection, login and limit; only the keeper is common."""
    desk, keeper = Desk(rotating=rotating), MemoryKeeper(OLD)
    async with serve(desk.handle) as fake, AsyncExitStack() as stack:
        accounts = [await stack.enter_async_context(fake.connect(KeptOAuth(keeper), concurrency=20)) for _ in range(2)]
        await asyncio.gather(*(account.system_date() for account in accounts for _ in range(40)))
        await asyncio.gather(*(account.system_date() for account in accounts))
    assert desk.refreshes == ["r+1=="]
    assert len(desk.served) == 82
    assert keeper.tokens == Tokens("new 1", "r+2==" if rotating else "r+1==", 60)


async def test_a_worker_that_finds_newer_tokens_uses_them():
    """It read the old ones when it began; meanwhile another has refreshed."""
    desk, keeper = Desk(valid="newer"), MemoryKeeper(OLD)
    login = KeptOAuth(keeper)
    assert await login.authorization() == "Bearer old"
    async with keeper.hold() as held:
        await held.keep(Tokens("newer", "r+9==", 60))
    async with serve(desk.handle) as fake, fake.connect(login) as account:
        await account.system_date()
    assert not desk.refreshes


async def test_kept_tokens_that_are_past_their_lifetime_too_are_refreshed():
    desk, keeper = Desk(), MemoryKeeper(OLD)
    login = KeptOAuth(keeper)
    await login.authorization()
    await keeper.keep(Tokens("also old", "r+5==", 0))
    async with serve(desk.handle) as fake, fake.connect(login) as account:
        await account.system_date()
    assert desk.refreshes == ["r+5=="]


async def test_a_withdrawn_access_is_not_refreshed_but_a_newly_granted_one_is_used():
    """Withdrawn (122) is a person's word: a refresh must not go around it; only a new sign-in replaces it."""
    desk, keeper = Desk(code=122), MemoryKeeper(OLD)
    async with serve(desk.handle) as fake, fake.connect(KeptOAuth(keeper)) as account:
        with pytest.raises(SignInRefused, match="withdrawn") as caught:
            await account.system_date()
        assert caught.value.code == 122
        await keeper.keep(Tokens("new 1", "granted anew", 60))
        await account.system_date()
    assert not desk.refreshes


async def test_expired_unknown_and_withdrawn_tokens_are_told_apart():
    texts = set()
    for code in (120, 121, 122):
        desk = Desk(code=code, valid="never")
        async with serve(desk.handle) as fake, fake.connect(KeptOAuth(MemoryKeeper(OLD))) as account:
            with pytest.raises(SignInRefused) as caught:
                await account.system_date()
        assert caught.value.code == code
        assert len(desk.refreshes) == (0 if code == 122 else 1)
        texts.add((caught.value.text, caught.value.step))
    assert len({text for text, _ in texts}) == len({step for _, step in texts}) == 3


async def test_a_refused_refresh_is_not_asked_for_again_until_somebody_signs_in():
    refreshes = []

    async def handle(request):
        if request.path == "/oauth/token":
            refreshes.append(1)
            return answer({"error": "invalid_grant"}, 400)
        good = request.headers["Authorization"] == "Bearer granted"
        return answer({"SystemDate": "2026-03-01 09:27:00"}) if good else refusal(401, 121)

    keeper = MemoryKeeper(OLD)
    async with serve(handle) as fake, fake.connect(KeptOAuth(keeper)) as account:
        for _ in range(3):
            with pytest.raises(SignInRefused, match="invalid_grant"):
                await account.system_date()
        await keeper.keep(Tokens("granted", "r+7==", 60))
        await account.system_date()
    assert len(refreshes) == 1


async def test_tokens_that_could_not_be_kept_are_kept_later_and_not_asked_for_again():
    """With rotation they are the only ones that work: they must not be lost."""
    faults = [OSError("disk full")]

    async def store(tokens):
        if faults:
            raise faults.pop()

    desk, keeper = Desk(rotating=True), MemoryKeeper(OLD, store)
    async with serve(desk.handle) as fake, fake.connect(KeptOAuth(keeper)) as account:
        with pytest.raises(OSError, match="disk full"):
            await account.system_date()
        assert keeper.tokens == OLD
        await account.system_date()
    assert desk.refreshes == ["r+1=="]
    assert keeper.tokens == Tokens("new 1", "r+2==", 60)


async def test_late_tokens_do_not_replace_what_others_have_kept_since():
    faults = [OSError("disk full")]

    async def store(tokens):
        if faults:
            raise faults.pop()

    desk, keeper = Desk(valid="granted", rotating=True), MemoryKeeper(OLD, store)
    async with serve(desk.handle) as fake, fake.connect(KeptOAuth(keeper)) as account:
        with pytest.raises(OSError):
            await account.system_date()
        await keeper.keep(Tokens("granted", "r+7==", 60))
        await account.system_date()
    assert keeper.tokens.access_token == "granted"


async def test_without_a_refresh_token_an_expired_access_asks_for_a_sign_in():
    desk = Desk()
    async with serve(desk.handle) as fake, fake.connect(KeptOAuth(MemoryKeeper(Tokens("old", "", 0)))) as account:
        with pytest.raises(SignInRefused, match="no refresh token"):
            await account.system_date()
    assert not desk.refreshes
