"""Access tokens and what they belong to; refresh tokens; authorization codes."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import people
from fairlead_emulators.salesforce.signin.asking import SCOPE
from fairlead_emulators.salesforce.state.org import Org

fact("access_token_shape")
fact("invalid_session")
fact("refresh_rotation")
fact("session_timeout")
fact("inactive_users")

SESSION_TIMEOUT: Final = timedelta(hours=2)


@dataclass(slots=True)
class Sessions:
    """Live tokens, kept in the org's settings so that a restart with the same data folder knows them."""

    org: Org
    access: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    """The users of tokens that are not the admin's."""
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    issued: dict[str, datetime] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)
    """What tokens were granted, where it is not the usual."""
    first: str = ""

    def load(self) -> None:
        """Reads what is kept; the first token is made once and never times out."""
        kept = self.org.storage.meta("sessions") or {}
        self.access = dict(kept.get("access", {}))
        self.refresh = dict(kept.get("refresh", {}))
        self.users = dict(kept.get("users", {}))
        self.scopes = dict(kept.get("scopes", {}))
        self.first = kept.get("first") or self._new_token()
        self.access[self.first] = ""
        self._keep()

    def _keep(self) -> None:
        kept = {"access": self.access, "refresh": self.refresh, "first": self.first}
        kept |= {"users": self.users, "scopes": self.scopes}
        self.org.storage.set_meta("sessions", kept)

    def _new_token(self) -> str:
        return f"{self.org.identity.org_id[:15]}!AQE{secrets.token_urlsafe(66).replace('-', '.')}"

    def user_of(self, token: str) -> str:
        """The id of the user whose token it is; "" for the admin."""
        return self.users.get(token, "")

    def scope_of(self, token: str) -> str:
        """What the token was granted."""
        return self.scopes.get(token, SCOPE)

    def _belongs(self, token: str, user_id: str, scope: str) -> None:
        if user_id and user_id != self.org.identity.user_id:
            self.users[token] = user_id
        if scope != SCOPE:
            self.scopes[token] = scope

    def _forget(self, token: str) -> bool:
        """Whether there was such a token."""
        known = [each.pop(token, None) is not None for each in (self.access, self.refresh)]
        self.users.pop(token, None)
        self.scopes.pop(token, None)
        return any(known)

    def _of_somebody(self, token: str) -> bool:
        """Whether the token's user is still one that may sign in."""
        user_id = self.user_of(token)
        return not user_id or people.by_id(self.org, user_id) is not None

    def open(self, user_id: str = "", scope: str = SCOPE) -> str:
        """A new access token of that user, the admin unless told."""
        token = self._new_token()
        self._belongs(token, user_id, scope)
        self.access[token] = self._expiry()
        self._keep()
        return token

    def _expiry(self) -> str:
        return (self.org.clock.now() + SESSION_TIMEOUT).isoformat()

    def new_refresh_token(self, user_id: str = "", scope: str = SCOPE) -> str:
        """A new refresh token of that user."""
        token = "5Aep861" + secrets.token_urlsafe(60)
        self._belongs(token, user_id, scope)
        self.refresh[token] = self.org.now()
        self._keep()
        return token

    def use_refresh_token(self, token: str, *, rotate: bool) -> bool:
        """Whether the refresh token is good; with rotation it is good once."""
        good = self.is_refresh_token(token)
        if good and rotate:
            self._forget(token)
            self._keep()
        return good

    def is_refresh_token(self, token: str) -> bool:
        """Whether it is a refresh token of a user who may sign in."""
        return token in self.refresh and self._of_somebody(token)

    def has_allowed(self, user_id: str) -> bool:
        """Whether that user has let the app in before, and not taken it back."""
        return any((self.user_of(each) or self.org.identity.user_id) == user_id for each in self.refresh)

    def ends(self, token: str) -> int | None:
        """When the access token ends if nobody uses it, in epoch seconds; None for one that does not time out."""
        expiry = self.access.get(token)
        return int(datetime.fromisoformat(expiry).timestamp()) if expiry else None

    def revoke(self, token: str) -> bool:
        """Ends an access or refresh token; whether there was such a token."""
        found = self._forget(token)
        self._keep()
        return found

    def expire_all(self) -> None:
        """Ends every access token, the first one too; refresh tokens stay good."""
        self.access.clear()
        self._keep()

    def is_live(self, token: str, *, used: bool = True) -> bool:
        """Whether the access token is known, not timed out, and of an active user; use of a token renews it."""
        expiry = self.access.get(token)
        if expiry is None:
            return False
        if not self._of_somebody(token) or (expiry and datetime.fromisoformat(expiry) < self.org.clock.now()):
            self._forget(token)
            return False
        if expiry and used:
            self.access[token] = self._expiry()
        return True

    def check(self, authorization: str) -> str:
        """The access token of an `Authorization` header. Raises ApiError 401."""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        expired = self.org.faults.take("expired_session") is not None
        if expired:
            self.access.pop(token, None)
        if scheme.lower() not in ("bearer", "oauth") or not self.is_live(token):
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return token


def challenge_of(verifier: str) -> str:
    """The PKCE code challenge (S256) of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
