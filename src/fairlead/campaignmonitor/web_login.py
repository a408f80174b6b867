"""A person lets the app in through the browser; the code that comes back buys tokens."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

import aiohttp

from fairlead.campaignmonitor.errors import RequestWrong, SetupRefused, SignInRefused
from fairlead.campaignmonitor.tokens import TOKEN_PATH, Report, TokenDesk, Tokens
from fairlead.campaignmonitor.transport import origin_of

AUTHORIZE_PATH: Final = "/oauth"

Scope = Literal[
    "ViewReports",
    "ManageLists",
    "CreateCampaigns",
    "ImportSubscribers",
    "SendCampaigns",
    "ViewSubscribersInReports",
    "ManageTemplates",
    "AdministerPersons",
    "AdministerAccount",
    "ViewTransactional",
    "SendTransactional",
    "Automation",
]

_CHECK: Final = "Check the client id and the callback address of the application in Campaign Monitor."
_STEPS: Final = {
    "unknown_client": _CHECK,
    "invalid_redirect_uri": _CHECK,
    "unknown_scope": "Ask for scopes that Campaign Monitor knows.",
}


@dataclass(frozen=True, slots=True)
class App:
    """An application registered in the account. `redirect_uri` begins with the registered address."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


def new_state() -> str:
    """A state that nobody guesses, for the person's own session to remember until they are back."""
    return secrets.token_urlsafe(32)


def address(base_url: str, app: App, scopes: Sequence[Scope], state: str) -> str:
    """Where to send the person. Raises ValueError where scopes or state are missing, or `base_url` is no address."""
    if not scopes:
        raise ValueError("No scope is asked for: name at least one.")
    if not state:
        raise ValueError("The state is blank: give what `new_state` made.")
    asked = {
        "type": "web_server",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": ",".join(scopes),
        "state": state,
    }
    return f"{origin_of(base_url).with_path(AUTHORIZE_PATH)}?{urlencode(asked)}"


async def redeem(
    http: aiohttp.ClientSession,
    base_url: str,
    app: App,
    state: str,
    returned: Mapping[str, str],
    *,
    on_call: Report | None = None,
) -> Tokens:
    """Tokens for the query that the person came back with. The code works once.

    Raises RequestWrong when the state is not ours, SignInRefused when the person or the account said no,
    SetupRefused when the application is not set up as asked, Unavailable.
    """
    form = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uri": app.redirect_uri,
        "code": _code(state, returned),
    }
    desk = TokenDesk(http, str(origin_of(base_url).with_path(TOKEN_PATH)), on_call or (lambda *call: None))
    answer = await desk.ask(form)
    if answer.access_token and answer.refresh_token:
        return Tokens(answer.access_token, answer.refresh_token, answer.expires_in or 0)
    if answer.access_token:
        raise SetupRefused("Campaign Monitor gave no refresh token.", next_step=_CHECK)
    raise SignInRefused(f"Campaign Monitor did not take the code of the sign-in ({answer.reason}).")


def _code(state: str, returned: Mapping[str, str]) -> str:
    if not state or not hmac.compare_digest(returned.get("state", "").encode(), state.encode()):
        raise RequestWrong(
            "The answer of the sign-in does not belong to this browser's question.",
            next_step="Start the sign-in again, in one browser window.",
        )
    refused = returned.get("error", "")
    if refused == "access_denied":
        raise SignInRefused("Access was denied on Campaign Monitor's screen.")
    if refused == "server_error":
        raise SignInRefused("Campaign Monitor failed during the sign-in.", next_step="Start the sign-in again.")
    if refused:
        shown = refused if refused.isidentifier() else "an unknown error"
        raise SetupRefused(
            f"Campaign Monitor refused the sign-in with {shown!r}.", next_step=_STEPS.get(refused, _CHECK)
        )
    if not returned.get("code"):
        raise RequestWrong("The answer of the sign-in holds no code.", next_step="Start the sign-in again.")
    return returned["code"]
