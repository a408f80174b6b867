"""Who calls: API keys by HTTP Basic, OAuth tokens by Bearer, and the token endpoint."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults

TOKEN_LIFE_S: Final = 1_209_600
SCOPES: Final = (
    "ViewReports", "ManageLists", "CreateCampaigns", "ImportSubscribers", "SendCampaigns",
    "ViewSubscribersInReports", "ManageTemplates", "AdministerPersons", "AdministerAccount",
    "ViewTransactional", "SendTransactional", "Automation",
)  # fmt: skip


def derived(*parts: object, length: int = 32) -> str:
    """A hexadecimal id or key that is the same for the same parts."""
    return hashlib.sha512("\x1f".join(map(str, parts)).encode()).hexdigest()[:length]


def token(*parts: object) -> str:
    """A token with the letters that clients must encode: + / ="""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return "At+" + base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Caller:
    """Who was authenticated. `client`: the only client it may see, None for all; `scopes`: None for all."""

    client: str | None = None
    scopes: frozenset[str] | None = None

    @fact("scopes")
    def need(self, scope: str | None) -> None:
        """Raises Refusal 60 when a token lacks the scope."""
        if scope is not None and self.scopes is not None and scope not in self.scopes:
            raise Refusal(60)


class Keys:
    """The account's keys and tokens."""

    def __init__(self, store: Store, clock: Clock, faults: Faults) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults

    def lay(self, seed: object) -> None:
        """Makes the account's key, OAuth application and first token."""
        self._store.remember("api_key", derived("account key", seed, length=48))
        self._store.remember("oauth_client_id", derived("oauth client", seed, length=6))
        self._store.remember("oauth_client_secret", derived("oauth secret", seed, length=40))
        refresh = token("refresh", seed)
        self._store.remember("first_refresh_token", refresh)
        self.issue(refresh, ",".join(SCOPES))

    def ready(self) -> dict[str, str]:
        """What the JSON line says about signing in."""
        access, refresh = self._store.db.execute(
            "SELECT access, refresh FROM tokens ORDER BY refresh = ? DESC, expires DESC LIMIT 1",
            (self._store.meta("first_refresh_token"),),
        ).fetchone()
        names = ("api_key", "oauth_client_id", "oauth_client_secret")
        known = {name: self._store.meta(name) or "" for name in names}
        return {**known, "access_token": access, "refresh_token": refresh}

    def issue(self, refresh: str, scopes: str, number: int = 0) -> str:
        """A new access token, the `number`-th of its refresh token; `scopes` joined by commas."""
        access = token("access", refresh, number)
        expires = self._clock.now().timestamp() + TOKEN_LIFE_S
        self._store.db.execute(
            "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, 0, ?)", (access, refresh, expires, scopes)
        )
        return access

    def _basic(self, encoded: str) -> Caller:
        try:
            key = base64.b64decode(encoded.strip()).decode("utf-8", "replace").partition(":")[0]
        except (binascii.Error, ValueError):
            raise Refusal(100) from None
        if key and key == self._store.meta("api_key"):
            return Caller()
        found = self._store.db.execute("SELECT id FROM clients WHERE api_key = ?", (key,)).fetchone()
        if found is None:
            raise Refusal(100)
        return Caller(client=found[0])

    def _bearer(self, token: str, path: str) -> Caller:
        found = self._store.db.execute(
            "SELECT expires, revoked, scopes FROM tokens WHERE access = ?", (token.strip(),)
        ).fetchone()
        if found is None:
            raise Refusal(120)
        expires, revoked, scopes = found
        if revoked or self._faults.take("revoked_token", path=path):
            raise Refusal(122)
        if expires <= self._clock.now().timestamp() or self._faults.take("expired_token", path=path):
            raise Refusal(121)
        return Caller(scopes=frozenset(scopes.split(",")))

    @fact("api-keys")
    @fact("bearer-tokens")
    def caller(self, authorization: str, path: str) -> Caller:
        """Who an Authorization header stands for. Raises Refusal 100, 120, 121, 122."""
        kind, _, rest = authorization.strip().partition(" ")
        if kind.lower() == "bearer":
            return self._bearer(rest, path)
        if kind.lower() == "basic":
            return self._basic(rest)
        raise Refusal(100)

    @fact("token-refresh")
    @fact("token-error-status")
    def token(self, form: Mapping[str, str], error_status: int = 400) -> tuple[int, bytes]:
        """The token endpoint's answer to a form: status and JSON."""
        if form.get("grant_type") != "refresh_token":
            return denied("Specified code was invalid or expired", error_status)
        refresh = form.get("refresh_token", "")
        found = self._store.db.execute(
            "SELECT count(*), max(scopes) FROM tokens WHERE refresh = ? AND revoked = 0", (refresh,)
        ).fetchone()
        if not refresh or not found[0]:  # tokens of the implicit flow have none
            return denied("Specified refresh_token was invalid or expired", error_status)
        access = self.issue(refresh, found[1], number=found[0])
        body: dict[str, Any] = {
            "access_token": access,
            "expires_in": TOKEN_LIFE_S,
            "refresh_token": refresh,
        }
        return 200, json.dumps(body).encode()


def denied(why: str, status: int) -> tuple[int, bytes]:
    """An error of the token endpoint: status and JSON."""
    return status, json.dumps({"error": "invalid_grant", "error_description": why}).encode()
