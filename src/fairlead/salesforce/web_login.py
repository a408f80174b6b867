"""The web-server flow: a person allows the app in the browser; the code that comes back buys tokens (PKCE, S256)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import aiohttp

from fairlead.salesforce.error_codes import kind_of
from fairlead.salesforce.error_reading import error_of
from fairlead.salesforce.errors import RequestWrong, SessionRefused, SetupRefused
from fairlead.salesforce.login import Token, ask_token, base_url, token_of

AUTHORIZE_PATH: Final = "/services/oauth2/authorize"


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


@dataclass(frozen=True, slots=True)
class Granted:
    """A session, and the refresh token that outlives it."""

    token: Token
    refresh_token: str = field(repr=False)


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
    return f"{base_url(app.login_url)}{AUTHORIZE_PATH}?{urlencode(asked)}"


async def redeem(http: aiohttp.ClientSession, app: App, pending: Pending, returned: Mapping[str, str]) -> Granted:
    """Tokens for the query that the person came back with. The code works once.

    Raises RequestWrong when the state is not ours, SessionRefused when the person or the org said no,
    SetupRefused when the app gives no refresh token, Unavailable.
    """
    form = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "code": _code(pending, returned),
        "code_verifier": pending.verifier,
    }
    if app.client_secret:
        form["client_secret"] = app.client_secret
    answer = await ask_token(http, app.login_url, form)
    if not answer.refresh_token:
        raise SetupRefused(
            "Salesforce gave no refresh token.",
            code="no_refresh_token",
            next_step="Add the scope 'Perform requests at any time (refresh_token)' to the External Client App.",
        )
    return Granted(token_of(answer), answer.refresh_token)


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
