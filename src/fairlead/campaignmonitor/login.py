"""How a call proves who we are: an API key, or OAuth tokens that one refresh renews for all who share them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple, Protocol

import aiohttp

from fairlead.campaignmonitor.errors import SignInRefused
from fairlead.campaignmonitor.tokens import Report, TokenDesk, Tokens

__all__ = ["ApiKey", "HeldTokens", "KeptOAuth", "Login", "MemoryKeeper", "OAuth", "Report", "TokenKeeper", "Tokens"]

UNKNOWN: Final = 120
EXPIRED: Final = 121
REVOKED: Final = 122

RENEWABLE: Final = frozenset({UNKNOWN, EXPIRED, REVOKED})
"""The server's words for a token that others may have replaced. An expired or unknown one may also be refreshed."""

Store = Callable[[Tokens], Awaitable[None]]


class Renewed(NamedTuple):
    """Another header than the refused one. `fresh`: it was given out just for this; false for one found kept."""

    header: str
    fresh: bool


class Login(Protocol):
    """Gives the Authorization header, and a new one when the server no longer takes it."""

    async def authorization(self) -> str:
        """The header to send."""
        ...

    async def renew(self, refused: str, code: int, desk: TokenDesk) -> Renewed | None:
        """Another header than `refused`, which the server answered with `code`; None where there is none.

        Raises SignInRefused when there will never be one, Unavailable when there is none at the moment.
        """
        ...


class ApiKey:
    """HTTP Basic with the key as user name; the password is ignored by the server."""

    def __init__(self, key: str) -> None:
        if not key.strip():
            raise SignInRefused("The API key is blank.", next_step="Enter the API key from the account settings.")
        self._header = aiohttp.encode_basic_auth(key.strip(), "x")

    async def authorization(self) -> str:
        """The key."""
        return self._header

    async def renew(self, refused: str, code: int, desk: TokenDesk) -> Renewed | None:
        """None: a refused key stays refused."""
        return None


class HeldTokens(Protocol):
    """Tokens while nobody else may replace them."""

    @property
    def tokens(self) -> Tokens:
        """The newest, whoever kept them."""
        ...

    async def keep(self, tokens: Tokens) -> None:
        """Put these in place of the former. Returns only when they are safe."""
        ...


class TokenKeeper(Protocol):
    """Where tokens are kept for all who share them: tasks, and processes."""

    def hold(self) -> AbstractAsyncContextManager[HeldTokens]:
        """The newest tokens, for one holder at a time among all who share them."""
        ...


class MemoryKeeper:
    """Keeps tokens for the tasks of one process. New ones go through `store` before anybody sees them."""

    def __init__(self, tokens: Tokens, store: Store | None = None) -> None:
        self.tokens = tokens
        self._store = store
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[HeldTokens]:
        """See `TokenKeeper`."""
        async with self._lock:
            yield self

    async def keep(self, tokens: Tokens) -> None:
        """See `HeldTokens`. Raises what `store` raises; the former tokens then stay."""
        if self._store is not None:
            await self._store(tokens)
        self.tokens = tokens


class KeptOAuth:
    """A bearer token. One refresh serves all who share the keeper, and what it gives is kept before it is used."""

    def __init__(self, keeper: TokenKeeper) -> None:
        self._keeper = keeper
        self._tokens: Tokens | None = None
        self._fresh = False
        self._renewal: asyncio.Task[None] | None = None
        self._dead = ""  # the refresh token that was refused; a blank one will be
        self._reason = "no refresh token"
        self._unkept: tuple[Tokens, Tokens] | None = None  # what could not be kept, behind what it replaces

    async def authorization(self) -> str:
        """The newest token that this process knows; at first, the newest that is kept."""
        if self._tokens is None:
            async with self._keeper.hold() as held:
                self._tokens = held.tokens
        return _bearer(self._tokens)

    async def renew(self, refused: str, code: int, desk: TokenDesk) -> Renewed | None:
        """Newer tokens that are kept, else refreshed ones, for every task that waits; see `Login`.

        A withdrawn token (code 122) is not refreshed, but another that was kept since is used.
        A renewal goes on when a task that waits for it is cancelled: what was given out must be kept.
        """
        if refused == await self.authorization():
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew(refused, code, desk))
                self._renewal.add_done_callback(_retrieve)
            await asyncio.shield(self._renewal)
        header = await self.authorization()
        return None if header == refused else Renewed(header, self._fresh)

    async def _renew(self, refused: str, code: int, desk: TokenDesk) -> None:
        async with self._keeper.hold() as held:
            await self._keep_late(held)
            self._fresh = False
            if _bearer(held.tokens) == refused and code != REVOKED:
                await self._refresh(held, desk)
                self._fresh = True
            self._tokens = held.tokens

    async def _refresh(self, held: HeldTokens, desk: TokenDesk) -> None:
        former = held.tokens
        if former.refresh_token == self._dead:
            raise self._refusal()
        answer = await desk.ask({"grant_type": "refresh_token", "refresh_token": former.refresh_token})
        if not answer.access_token:
            self._dead, self._reason = former.refresh_token, answer.reason
            raise self._refusal()
        # An answer without a refresh token means that the present one stays valid.
        refresh_token = answer.refresh_token or former.refresh_token
        self._unkept = former, Tokens(answer.access_token, refresh_token, answer.expires_in or 0)
        await self._keep_late(held)

    async def _keep_late(self, held: HeldTokens) -> None:
        """Keep what was given out but could not be kept yet, unless others have kept something else meanwhile."""
        if self._unkept is not None:
            former, latter = self._unkept
            if held.tokens.access_token == former.access_token:
                await held.keep(latter)
            self._unkept = None

    def _refusal(self) -> SignInRefused:
        return SignInRefused(f"Campaign Monitor refused to renew the access ({self._reason}).")


class OAuth(KeptOAuth):
    """A bearer token of one process. Every new one goes through `store` before it is used, so that none is lost."""

    def __init__(self, access_token: str, refresh_token: str, store: Store) -> None:
        super().__init__(MemoryKeeper(Tokens(access_token, refresh_token, 0), store))


def _bearer(tokens: Tokens) -> str:
    return f"Bearer {tokens.access_token}"


def _retrieve(task: asyncio.Task[None]) -> None:
    """Read the error even if every waiter is gone; each waiter has its own copy."""
    if not task.cancelled():
        task.exception()
