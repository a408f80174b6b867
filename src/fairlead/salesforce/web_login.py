"""The web-server flow: a person allows the app in the browser; the code that comes back buys tokens (PKCE, S256).

`redeem` gives what lets us act for the person from then on. `identify` only asks who it is (OpenID Connect) and keeps nothing.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import aiohttp
import msgspec

from fairlead.salesforce.error_codes import kind_of
from fairlead.salesforce.error_reading import error_of
from fairlead.salesforce.errors import RequestWrong, SessionRefused, SetupRefused
from fairlead.salesforce.login import Token, TokenAnswer, ask_token, base_url, token_of

AUTHORIZE_PATH: Final = "/services/oauth2/authorize"
REVOKE_PATH: Final = "/services/oauth2/revoke"
WHO_ONLY: Final = ("openid",)
"""The scope that lets an app know who somebody is, and do nothing."""
_CLOCKS_APART: Final = 120


@dataclass(frozen=True, slots=True)
class App:
    """The External Client App. `login_url`: My Domain, or the `login` (production) or `test` (sandbox) host."""

    login_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What the person's own session remembers until they are back."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """A session, and the refresh token that outlives it."""

    token: Token
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identified:
    """Who somebody is: ids as Salesforce gave them, of 15 or 18 characters."""

    org_id: str
    user_id: str


class _Claims(msgspec.Struct):
    """Of an id token (OpenID Connect Core, 2), what is looked at."""

    aud: str | list[str]
    sub: str
    exp: int
    nonce: str = ""


def address(app: App, pending: Pending, scopes: Sequence[str] = ("api", "refresh_token")) -> str:
    """Where to send the person. Raises SetupRefused when the login address is none."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": " ".join(scopes),
        "state": pending.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if "openid" in scopes:
        asked["nonce"] = pending.nonce
    return f"{base_url(app.login_url)}{AUTHORIZE_PATH}?{urlencode(asked)}"


async def redeem(http: aiohttp.ClientSession, app: App, pending: Pending, returned: Mapping[str, str]) -> Granted:
    """Tokens for the query that the person came back with. The code works once.

    Raises RequestWrong when the state is not ours, SessionRefused when the person or the org said no,
    SetupRefused when the app gives no refresh token, Unavailable.
    """
    answer = await _exchange(http, app, pending, returned)
    if not answer.refresh_token:
        raise SetupRefused(
            "Salesforce gave no refresh token.",
            code="no_refresh_token",
            next_step="Add the scope 'Perform requests at any time (refresh_token)' to the External Client App.",
        )
    return Granted(token_of(answer), answer.refresh_token)


async def identify(http: aiohttp.ClientSession, app: App, pending: Pending, returned: Mapping[str, str]) -> Identified:
    """Who came back with this query. The session that Salesforce opened for it is ended at once.

    The id token comes from the token door itself, over the connection that we opened: its signature need not be checked
    (OpenID Connect Core, 3.1.3.7); audience, nonce and times are. Raises as `redeem` does.
    """
    answer = await _exchange(http, app, pending, returned)
    await _revoke(http, app, answer.access_token)
    claims = _claims_of(answer.id_token)
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    ours = app.client_id in audience and hmac.compare_digest(claims.nonce.encode(), pending.nonce.encode())
    path = token_of(answer).identity_path
    if not ours or claims.exp + _CLOCKS_APART < time.time() or not claims.sub.endswith(path):
        raise RequestWrong(
            "What Salesforce says of who signed in is not the answer to this browser's question.",
            code="id_token",
            next_step="Start the sign-in again, in one browser window; check this machine's clock.",
        )
    org_id, _, user_id = path.removeprefix("/id/").partition("/")
    return Identified(org_id, user_id)


def _claims_of(id_token: str) -> _Claims:
    try:
        body = id_token.split(".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Claims)
    except (IndexError, ValueError, msgspec.DecodeError):
        raise SetupRefused(
            "Salesforce did not say who signed in.",
            code="no_id_token",
            next_step="Add the scope 'Access unique user identifiers (openid)' to the External Client App.",
        ) from None


async def _revoke(http: aiohttp.ClientSession, app: App, token: str) -> None:
    """End a session that is not needed. It ends by itself where that does not work."""
    try:
        async with http.post(base_url(app.login_url) + REVOKE_PATH, data={"token": token}) as answer:
            await answer.read()
    except (aiohttp.ClientError, TimeoutError):
        return


async def _exchange(
    http: aiohttp.ClientSession, app: App, pending: Pending, returned: Mapping[str, str]
) -> TokenAnswer:
    """What the token door gives for the code."""
    form = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "code": _code(pending, returned),
        "code_verifier": pending.verifier,
    }
    if app.client_secret:
        form["client_secret"] = app.client_secret
    return await ask_token(http, app.login_url, form)


def _code(pending: Pending, returned: Mapping[str, str]) -> str:
    if not hmac.compare_digest(returned.get("state", "").encode(), pending.state.encode()):
        raise RequestWrong(
            "The answer of the sign-in does not belong to this browser's question.",
            code="state_mismatch",
            next_step="Start the sign-in again, in one browser window.",
        )
    refused = returned.get("error", "")
    if refused == "access_denied":
        raise SessionRefused("Access was denied on Salesforce's screen.", code=refused)
    if refused:
        if kind_of(refused) in {SetupRefused, SessionRefused}:
            raise error_of(refused, returned.get("error_description", "the sign-in was refused"))
        raise SetupRefused(
            f"Salesforce refused the sign-in with {refused!r}.",
            code=refused,
            next_step="Check the callback address, the scopes and the policies of the External Client App.",
        )
    if not returned.get("code"):
        raise RequestWrong(
            "The answer of the sign-in holds no code.", code="no_code", next_step="Start the sign-in again."
        )
    return returned["code"]
