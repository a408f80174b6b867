"""How a call proves who we are: an API key, or OAuth tokens that are renewed once for all tasks that wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import aiohttp
import msgspec

from fairlead.campaignmonitor.errors import BOM, SignInRefused, Unavailable, is_momentary


class Tokens(NamedTuple):
    """What OAuth gives; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


Store = Callable[[Tokens], Awaitable[None]]
Report = Callable[[str, str, int], None]


class Login(Protocol):
    """Gives the Authorization header, and a new one when the server no longer takes it."""

    @property
    def header(self) -> str: ...

    async def renew(self, refused: str, http: aiohttp.ClientSession, token_url: str, report: Report) -> bool:
        """Whether there is now another header than `refused`. Raises SignInRefused when there will be none."""
        ...


class ApiKey:
    """HTTP Basic with the key as user name; the password is ignored by the server."""

    def __init__(self, key: str) -> None:
        if not key.strip():
            raise SignInRefused("The API key is blank.", next_step="Enter the API key from the account settings.")
        self.header = aiohttp.encode_basic_auth(key.strip(), "x")

    async def renew(self, refused: str, http: aiohttp.ClientSession, token_url: str, report: Report) -> bool:
        """A refused key stays refused."""
        return False


class OAuth:
    """A bearer token. Every new token goes through `store` before it is used, so that none is lost with the process."""

    def __init__(self, access_token: str, refresh_token: str, store: Store) -> None:
        self._tokens = Tokens(access_token, refresh_token, 0)
        self._store = store
        self._renewal: asyncio.Task[None] | None = None
        self._dead: str | None = None

    @property
    def header(self) -> str:
        return f"Bearer {self._tokens.access_token}"

    async def renew(self, refused: str, http: aiohttp.ClientSession, token_url: str, report: Report) -> bool:
        """One renewal serves every task; one that is cancelled meanwhile does not stop it."""
        if refused != self.header:
            return True
        if self._dead is not None:
            raise SignInRefused(self._dead)
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(http, token_url, report))
            self._renewal.add_done_callback(_retrieve)
        await asyncio.shield(self._renewal)
        return True

    async def _renew(self, http: aiohttp.ClientSession, token_url: str, report: Report) -> None:
        answer = await self._ask(http, token_url, report)
        if not answer.access_token:
            self._dead = f"Campaign Monitor refused to renew the access ({answer.reason})."
            raise SignInRefused(self._dead)
        # An answer without a refresh token means that the present one stays valid.
        tokens = Tokens(answer.access_token, answer.refresh_token or self._tokens.refresh_token, answer.expires_in)
        await self._store(tokens)
        self._tokens = tokens

    async def _ask(self, http: aiohttp.ClientSession, token_url: str, report: Report) -> "_TokenAnswer":
        form = {"grant_type": "refresh_token", "refresh_token": self._tokens.refresh_token}
        status = 0
        try:
            async with http.post(token_url, data=form, allow_redirects=False) as response:
                status = response.status
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"The renewal of the access got no answer ({type(error).__name__}).") from None
        finally:
            report("POST", "/oauth/token", status)
        if is_momentary(status):
            raise Unavailable(f"The renewal of the access was answered with HTTP status {status}.", status=status)
        try:
            return _ANSWER.decode(body.removeprefix(BOM))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unavailable("The answer to the renewal of the access cannot be read.", status=status) from None


class _TokenAnswer(msgspec.Struct):
    """Tokens, or an error in the words of OAuth; both come with 2xx from some servers."""

    access_token: str = ""
    refresh_token: str = ""
    expires_in: int = 0
    error: str = ""

    @property
    def reason(self) -> str:
        return self.error if self.error.isidentifier() else "no token given"


_ANSWER = msgspec.json.Decoder(_TokenAnswer, strict=False)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Read the error even if every waiter is gone; each waiter has its own copy."""
    if not task.cancelled():
        task.exception()
