"""OAuth tokens, and the desk that gives them out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import aiohttp
import msgspec

from fairlead.campaignmonitor.errors import BOM, Unavailable, is_momentary
from fairlead.campaignmonitor.packing import inflated

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - an address

Report = Callable[[str, str, int], None]


class Tokens(NamedTuple):
    """What OAuth gives; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int

    def __repr__(self) -> str:
        """Without the tokens: they are secrets."""
        return f"Tokens(expires_in={self.expires_in})"


class TokenAnswer(msgspec.Struct):
    """Tokens, or an error in the words of OAuth; both come with 2xx from some servers."""

    access_token: str | None = ""
    refresh_token: str | None = ""
    expires_in: int | None = 0
    error: str | None = ""

    @property
    def reason(self) -> str:
        """The error if it is one word, as it should be: other words are not repeated."""
        return self.error if self.error and self.error.isidentifier() else "no token given"


_ANSWER = msgspec.json.Decoder(TokenAnswer, strict=False)


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Where tokens are asked for. `report(method, path, status)` is told of every call, status 0 where no answer came."""

    http: aiohttp.ClientSession
    url: str
    report: Report

    async def ask(self, form: Mapping[str, str]) -> TokenAnswer:
        """Tokens for a form, or the error in place of them. Raises Unavailable where there is no answer to read."""
        status = 0
        try:
            async with self.http.post(self.url, data=dict(form), allow_redirects=False) as response:
                status = response.status
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"The request for tokens got no answer ({type(error).__name__}).") from None
        finally:
            self.report("POST", TOKEN_PATH, status)
        if is_momentary(status):
            raise Unavailable(f"The request for tokens was answered with HTTP status {status}.", status=status)
        try:
            return _ANSWER.decode(inflated(body).removeprefix(BOM))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unavailable("The answer to the request for tokens cannot be read.", status=status) from None
