"""Applications, and what people grant them: codes that are exchanged once, and tokens."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.auth import TOKEN_LIFE_S, denied, derived, token
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.urls import local, valid

TABLES: Final = """
CREATE TABLE IF NOT EXISTS oauth_applications (
    client_id TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL, redirect_uri TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS oauth_codes (
    code TEXT PRIMARY KEY, client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, scopes TEXT NOT NULL,
    email TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS oauth_grants (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, email TEXT NOT NULL, scopes TEXT NOT NULL, at REAL NOT NULL);
"""
_WRONG_CODE: Final = "Specified code was invalid or expired"


@dataclass(frozen=True)
class Application:
    """One that people may let in. `redirect_uri` empty: any address on this machine."""

    client_id: str
    secret: str
    name: str
    redirect_uri: str

    @fact("oauth-redirect")
    def may_return_to(self, redirect_uri: str) -> bool:
        """Whether the address begins with the registered one."""
        if not valid(redirect_uri):
            return False
        return redirect_uri.startswith(self.redirect_uri) if self.redirect_uri else local(redirect_uri)


class Grants:
    """The applications and grants of one account."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    def _now(self) -> float:
        return self._service.clock.now().timestamp()

    def application(self, client_id: str) -> Application | None:
        """One application: a registered one, or the account's own."""
        found = self._store.db.execute(
            "SELECT client_id, secret, name, redirect_uri FROM oauth_applications WHERE client_id = ?", (client_id,)
        ).fetchone()
        if found:
            return Application(*found)
        if client_id and client_id == self._store.meta("oauth_client_id"):
            return Application(client_id, self._store.meta("oauth_client_secret") or "", "Local application", "")
        return None

    def register(self, posted: Mapping[str, Any]) -> Application:
        """Adds or replaces `{redirect_uri, name?, client_id?, client_secret?}`. Raises ValueError naming what is wrong."""
        redirect_uri, name = str(posted.get("redirect_uri", "")), str(posted.get("name") or "Application")
        if not valid(redirect_uri):
            raise ValueError(f"redirect_uri is {redirect_uri!r}: give an http or https address")
        client_id = str(posted.get("client_id") or derived("application", name, redirect_uri, length=6))
        secret = str(posted.get("client_secret") or derived("application secret", client_id, length=40))
        with self._store.transaction():
            self._store.db.execute(
                "INSERT OR REPLACE INTO oauth_applications VALUES (?, ?, ?, ?)", (client_id, secret, name, redirect_uri)
            )
        return Application(client_id, secret, name, redirect_uri)

    @fact("oauth-code")
    def code(self, application: Application, redirect_uri: str, scopes: str, email: str) -> str:
        """A new code."""
        code = secrets.token_urlsafe(24)
        expires = self._now() + self._service.switches.number("oauth_code_seconds")
        with self._store.transaction():
            self._store.db.execute(
                "INSERT INTO oauth_codes VALUES (?, ?, ?, ?, ?, ?)",
                (code, application.client_id, redirect_uri, scopes, email, expires),
            )
        return code

    def implicit(self, application: Application, scopes: str, email: str) -> dict[str, str | int]:
        """An access token without a refresh token, and its life in seconds."""
        with self._store.transaction():
            access = self._service.keys.issue("", scopes, number=secrets.randbits(64))
            self._note(access, application.client_id, email, scopes)
        return {"access_token": access, "expires_in": TOKEN_LIFE_S}

    def _note(self, issued: str, client_id: str, email: str, scopes: str) -> None:
        self._store.db.execute(
            "INSERT INTO oauth_grants VALUES (?, ?, ?, ?, ?)", (issued, client_id, email, scopes, self._now())
        )

    @fact("token-error-status")
    @fact("oauth-exchange")
    def token(self, form: Mapping[str, str]) -> tuple[int, bytes]:
        """The token endpoint's answer to a form: status and JSON."""
        error_status = int(self._service.switches.number("oauth_error_status"))
        if form.get("grant_type") != "authorization_code":
            return self._service.keys.token(form, error_status)
        with self._store.transaction():
            return self._exchanged(form, error_status)

    def _exchanged(self, form: Mapping[str, str], error_status: int) -> tuple[int, bytes]:
        application = self.application(form.get("client_id", ""))
        found = self._store.db.execute(
            "SELECT client_id, redirect_uri, scopes, email, expires FROM oauth_codes WHERE code = ?",
            (form.get("code", ""),),
        ).fetchone()
        if application is None or found is None:
            return denied(_WRONG_CODE, error_status)
        client_id, redirect_uri, scopes, email, expires = found
        right = (application.client_id, form.get("client_secret"), form.get("redirect_uri"))
        if right != (client_id, application.secret, redirect_uri) or expires <= self._now():
            return denied(_WRONG_CODE, error_status)
        self._store.db.execute("DELETE FROM oauth_codes WHERE code = ?", (form["code"],))
        refresh = token("refresh", secrets.token_hex())
        access = self._service.keys.issue(refresh, scopes)
        self._note(refresh, client_id, email, scopes)
        body = {"access_token": access, "expires_in": TOKEN_LIFE_S, "refresh_token": refresh}
        return 200, msgspec.json.encode(body)

    def revoke(self, posted: Mapping[str, Any]) -> int:
        """Takes tokens back: those of `{client_id}`, of `{refresh_token}`, `{access_token}`, or with `{}` all.

        Returns how many. Raises ValueError for other keys.
        """
        conditions = {
            "client_id": "refresh IN (SELECT token FROM oauth_grants WHERE client_id = ?1)"
            " OR access IN (SELECT token FROM oauth_grants WHERE client_id = ?1)",
            "refresh_token": "refresh = ?1",
            "access_token": "access = ?1",
        }
        if set(posted) - set(conditions) or len(posted) > 1:
            raise ValueError(f"revoke was given {sorted(posted)}: use one of {sorted(conditions)}, or nothing for all")
        where, values = "1", []
        for name, value in posted.items():
            where, values = conditions[name], [str(value)]
        with self._store.transaction():
            return self._store.db.execute(
                f"UPDATE tokens SET revoked = 1 WHERE revoked = 0 AND ({where})", values
            ).rowcount

    def as_json(self) -> dict[str, Any]:
        """`{applications: [{client_id, client_secret, name, redirect_uri}], grants: [{client_id, email, scopes, at}]}`."""
        found = self._store.db.execute("SELECT client_id, secret, name, redirect_uri FROM oauth_applications")
        own = self.application(self._store.meta("oauth_client_id") or "")
        applications = [*([own] if own else []), *(Application(*row) for row in found)]
        grants = self._store.db.execute("SELECT client_id, email, scopes, at FROM oauth_grants ORDER BY at")
        return {
            "applications": [shown(each) for each in applications],
            "grants": [dict(zip(("client_id", "email", "scopes", "at"), row, strict=True)) for row in grants],
        }


def shown(application: Application) -> dict[str, str]:
    """An application as the control routes show it."""
    return {
        "client_id": application.client_id,
        "client_secret": application.secret,
        "name": application.name,
        "redirect_uri": application.redirect_uri,
    }
