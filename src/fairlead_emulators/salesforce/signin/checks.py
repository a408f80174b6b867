"""What the sign-in refuses before anything else is looked at: hosts, flows that are off, odd requests to the screen."""

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import people
from fairlead_emulators.salesforce.signin.people import Who
from fairlead_emulators.salesforce.state.org import Org

fact("client_credentials_my_domain")
fact("password_flow_off")
fact("redirect_uris")
fact("authorize_errors")

LOGIN_HOSTS: Final = ("login.salesforce.com", "test.salesforce.com")
SCOPES: Final = frozenset(
    {
        "api",
        "chatter_api",
        "custom_permissions",
        "full",
        "id",
        "offline_access",
        "openid",
        "profile",
        "email",
        "address",
    }
    | {"phone", "pardot_api", "refresh_token", "visualforce", "web", "wave_api", "content", "eclair_api", "lightning"}
)
PASSWORD: Final = "password"  # noqa: S105 -- a grant type
Refusal = tuple[str, str]


def token_refusal(org: Org, form: Mapping[str, str], host: str) -> Refusal | None:
    """Why a token request is refused whoever sends it; `host` is the one it was sent to."""
    grant = form.get("grant_type", "")
    if grant == "client_credentials" and host in LOGIN_HOSTS:
        return "invalid_grant", "request not supported on this domain"
    if grant == PASSWORD and not org.settings.get("username_password_flow"):
        return "unsupported_grant_type", "grant type not supported"
    return None


def by_password(org: Org, username: str, password: str, setting: str = PASSWORD) -> Who | None:
    """The active user of that name, when the password is the one that this setting of the org gives all users."""
    kept = str(org.settings.get(setting) or "")
    good = bool(kept) and secrets.compare_digest(kept.encode(), password.encode())
    return people.find(org, username) if good else None


def authorize_refusal(org: Org, asked: Mapping[str, str]) -> Refusal | None:
    """Why the screen is not shown at all: told to the person, since the way back is not to be trusted."""
    target = asked.get("redirect_uri", "")
    allowed = org.settings.get("redirect_uris")
    if allowed and target not in allowed:
        return "redirect_uri_mismatch", "redirect_uri must match configuration"
    if not target:
        return "invalid_request", "redirect_uri is required"
    parts = urlsplit(target)
    if not parts.scheme or parts.scheme.lower() in ("javascript", "data") or any(c in target for c in "\r\n\t "):
        return "redirect_uri_mismatch", "redirect_uri must match configuration"
    return None


def sent_back(asked: Mapping[str, str]) -> Refusal | None:
    """Why the app is told no at once, at its own address."""
    kind = asked.get("response_type", "")
    if kind != "code":
        return "unsupported_response_type", "response type not supported"
    if asked.get("code_challenge_method", "S256") != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    unknown = set(asked.get("scope", "").replace("+", " ").split()) - SCOPES
    if unknown:
        return "invalid_scope", f"the requested scope is not allowed: {min(unknown)}"
    if asked.get("prompt") == "none":
        return "login_required", "a person must press the button"
    return None
