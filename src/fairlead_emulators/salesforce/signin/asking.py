"""What a request to the sign-in says of itself: our address as the client wrote it, the app and its secret; refusals."""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request

from fairlead_emulators.salesforce.signin.people import Who
from fairlead_emulators.salesforce.state.org import Org

SCOPE: Final = "refresh_token api id"
"""What an app is granted that asks for nothing by name."""


class OAuthError(Exception):
    """HTTP 400 with `{"error", "error_description"}`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def base_url(request: Request) -> str:
    """Scheme, host and port by which the client reached us."""
    return f"{request.url.scheme}://{request.url.netloc}"


def identity_url(org: Org, request: Request, who: Who) -> str:
    """The address of the user's identity."""
    return f"{base_url(request)}/id/{org.identity.org_id}/{who.user_id}"


def client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret of the app, from the header or the form. Raises OAuthError for a malformed header."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            raise OAuthError("invalid_client", "invalid client credentials") from None
        return unquote_plus(name), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")
