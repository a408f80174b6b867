"""A granted access whose tokens are kept outside: one refresh serves every task and every process that shares it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from fairlead.salesforce.errors import SessionRefused, Unavailable
from fairlead.salesforce.login import Token, TokenAnswer, ask_token, token_of


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one granted access. `token` is None until the first sign-in."""

    refresh_token: str = field(repr=False)
    token: Token | None = None


class Keeper(Protocol):
    """Where one granted access is kept. `store` returns only when the tokens are safe."""

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Held by one holder at a time, among all processes."""

    async def load(self) -> Kept:
        """The tokens last stored."""

    async def store(self, kept: Kept) -> None:
        """Keep these tokens in place of the former."""


@dataclass(slots=True)
class KeptRefresh:
    """Signs in by the kept refresh token, unless another holder has already renewed the session."""

    login_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    keeper: Keeper = field(repr=False)
    _given: str = field(default="", repr=False)
    _unstored: Kept | None = field(default=None, repr=False)

    async def sign_in(self, http: aiohttp.ClientSession) -> Token:
        """A newer kept session, else a fresh one, stored before it is given. Raises as `Login` and the keeper do."""
        async with self.keeper.lock():
            kept = await self._settled()
            if kept.token is None or kept.token.access_token == self._given:
                kept = await self._renew(http, kept)
            if kept.token is None:
                raise AssertionError("a renewed session has a token")
            self._given = kept.token.access_token
            return kept.token

    async def _settled(self) -> Kept:
        """What is kept, once tokens that could not be stored before are."""
        if self._unstored is not None:
            await self.keeper.store(self._unstored)
            self._unstored = None
        return await self.keeper.load()

    async def _renew(self, http: aiohttp.ClientSession, kept: Kept) -> Kept:
        answer = await self._refresh(http, kept.refresh_token)
        self._unstored = Kept(answer.refresh_token or kept.refresh_token, token_of(answer))
        return await self._settled()

    async def _refresh(self, http: aiohttp.ClientSession, refresh_token: str) -> TokenAnswer:
        """Ask once more when no answer came. With rotation the first try may have spent the token: that is told."""
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": refresh_token}
        if self.client_secret:
            form["client_secret"] = self.client_secret
        try:
            return await ask_token(http, self.login_url, form)
        except Unavailable as error:
            if error.code != "connection":
                raise
        try:
            return await ask_token(http, self.login_url, form)
        except SessionRefused as error:
            raise SessionRefused(
                "Salesforce's answer to a token refresh was lost, and the refresh token with it.",
                code="refresh_lost",
                status=error.status,
            ) from None
