"""OAuth 2.0: the token endpoint and the authorize screen."""

import base64
import hashlib
import hmac
import html
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.door import FROM_ELSEWHERE, pressed_elsewhere
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import checks, jwt_bearer, openid, people, screens
from fairlead_emulators.salesforce.signin.asking import SCOPE, OAuthError, base_url, client, identity_url
from fairlead_emulators.salesforce.signin.device import Devices
from fairlead_emulators.salesforce.signin.sessions import Sessions, challenge_of
from fairlead_emulators.salesforce.signin.tokens import Tokens
from fairlead_emulators.salesforce.state.org import Org

fact("token_answer")
fact("token_errors")
fact("pkce_without_method")
fact("client_credentials_no_refresh_token")
fact("authorize_screen")
fact("scopes_granted")
fact("code_life")

_LASTING = frozenset({"refresh_token", "offline_access", "full"})
CODE_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Grant:
    """Who is let in, for what, and what renews it."""

    who: people.Who
    scope: str = SCOPE
    refresh_token: str | None = None
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class OAuth:
    """The endpoints under `/services/oauth2`, and what belongs to them."""

    org: Org
    sessions: Sessions
    devices: Devices

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route("/services/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            *openid.routes(self.org),
            *self.devices.routes(),
            *Tokens(self.org, self.sessions).routes(),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /services/oauth2/token`."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        try:
            client_id, secret = client(request, form)
            if form.get("response_type") == "device_code":
                if client_id != self.org.identity.client_id:
                    raise OAuthError("invalid_client_id", "client identifier invalid")
                return JSONResponse(self.devices.begin(base_url(request), _scope(form)))
            grant = self._grant(request, form, client_id, secret)
            answer = self._answer(request, grant)
            return JSONResponse(openid.with_id_token(self.org, answer, base_url(request), grant.nonce))
        except OAuthError as error:
            body = {"error": error.error, "error_description": error.description}
            return JSONResponse(body, status_code=400)

    def _grant(self, request: Request, form: Mapping[str, str], client_id: str, secret: str) -> Grant:
        grant, me = form.get("grant_type", ""), self.org.identity
        refusal = checks.token_refusal(self.org, form, request.url.hostname or "")
        if refusal is not None:
            raise OAuthError(*refusal)
        if grant == jwt_bearer.GRANT:  # the statement names the app itself
            return Grant(jwt_bearer.signed_in(self.org, self.sessions, form.get("assertion", ""), base_url(request)))
        known: dict[str, Callable[[Mapping[str, str]], Grant]] = {
            "client_credentials": lambda _form: Grant(people.admin(self.org)),
            checks.PASSWORD: self._by_password,
            "device": self._by_device,
            "refresh_token": self._refreshed,
            "authorization_code": self._redeem,
        }
        if grant not in known:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        if client_id != me.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if (secret or grant == "client_credentials") and secret != me.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials")
        return known[grant](form)

    def _by_password(self, form: Mapping[str, str]) -> Grant:
        who = checks.by_password(self.org, form.get("username", ""), form.get("password", ""))
        if who is None:
            raise OAuthError("invalid_grant", "authentication failure")
        return Grant(who)

    def _by_device(self, form: Mapping[str, str]) -> Grant:
        device = self.devices.allowed(form.get("code", ""))
        return self._allowed(device.user, device.scope)

    def _refreshed(self, form: Mapping[str, str]) -> Grant:
        token, rotate = form.get("refresh_token", ""), bool(self.org.settings.get("rotate_refresh_tokens"))
        user, scope = self.sessions.user_of(token), self.sessions.scope_of(token)
        if not self.sessions.use_refresh_token(token, rotate=rotate):
            raise OAuthError("invalid_grant", "expired access/refresh token")
        renewed = self.sessions.new_refresh_token(user, scope) if rotate else None
        return Grant(people.by_id(self.org, user) or people.admin(self.org), scope, renewed)

    def _allowed(self, user: str, scope: str) -> Grant:
        """What a person allowed: with a refresh token where the scope has one. Raises OAuthError for one who is gone."""
        who = people.by_id(self.org, user)
        if who is None:
            raise OAuthError("inactive_user", "user is inactive")
        lasting = _LASTING & set(scope.split())
        return Grant(who, scope, self.sessions.new_refresh_token(user, scope) if lasting else None)

    def _redeem(self, form: Mapping[str, str]) -> Grant:
        granted = self.sessions.codes.pop(form.get("code", ""), None)
        if granted is None:
            raise OAuthError("invalid_grant", "invalid authorization code")
        if self.sessions.issued.pop(form.get("code", ""), self.org.clock.now()) + CODE_LIFE < self.org.clock.now():
            raise OAuthError("invalid_grant", "expired authorization code")
        if granted["redirect_uri"] != form.get("redirect_uri", ""):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if granted["challenge"]:
            verifier = form.get("code_verifier", "")
            if not verifier:
                raise OAuthError("invalid_grant", "missing code verifier")
            if challenge_of(verifier) != granted["challenge"].rstrip("="):
                raise OAuthError("invalid_request", "invalid code verifier")
        return replace(self._allowed(granted["user"], granted["scope"]), nonce=granted["nonce"])

    def _answer(self, request: Request, grant: Grant) -> dict[str, str]:
        issued_at = str(int(self.org.clock.now().timestamp() * 1000))
        identity = identity_url(self.org, request, grant.who)
        key = self.org.identity.client_secret.encode()
        signature = hmac.new(key, (identity + issued_at).encode(), hashlib.sha256).digest()
        answer = {
            "access_token": self.sessions.open(grant.who.user_id, grant.scope),
            "signature": base64.b64encode(signature).decode(),
            "scope": grant.scope,
            "instance_url": base_url(request),
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        return answer | ({"refresh_token": grant.refresh_token} if grant.refresh_token else {})

    async def authorize(self, request: Request) -> Response:
        """The screen where a person allows the app; `POST` is the press of a button."""
        asked = dict(request.query_params)
        if asked.get("client_id") != self.org.identity.client_id:
            return HTMLResponse("error=invalid_client_id&error_description=client identifier invalid", 400)
        refusal = checks.authorize_refusal(self.org, asked)
        if refusal is not None:
            return HTMLResponse(html.escape("error={}&error_description={}".format(*refusal)), 400)
        refusal = checks.sent_back(asked)
        if refusal is not None:
            state = {"state": asked["state"]} if "state" in asked else {}
            return screens.back(asked, {"error": refusal[0], "error_description": refusal[1]} | state)
        if request.method == "GET":
            hinted = people.find(self.org, asked.get("login_hint", "")) or people.admin(self.org)
            return HTMLResponse(screens.screen(hinted.username, str(request.url.query)))
        if pressed_elsewhere(request.headers):
            return HTMLResponse(html.escape(FROM_ELSEWHERE), 403)
        form = await request.form()
        state = {"state": asked["state"]} if "state" in asked else {}
        if form.get("answer") != "allow":
            denied = {"error": "access_denied", "error_description": "end-user denied authorization"}
            return screens.back(asked, denied | state)
        named = str(form.get("username", ""))
        who = people.find(self.org, named or asked.get("login_hint", "")) or (None if named else people.admin(self.org))
        if who is None:
            return HTMLResponse("error=invalid_grant&error_description=authentication failure", 400)
        code = "aPrx" + secrets.token_urlsafe(40)
        self.sessions.issued[code] = self.org.clock.now()
        self.sessions.codes[code] = {
            "redirect_uri": asked.get("redirect_uri", ""),
            "challenge": asked.get("code_challenge", ""),
            "user": who.user_id,
            "scope": _scope(asked),
            "nonce": asked.get("nonce", ""),
        }
        return screens.back(asked, {"code": code} | state)


def _scope(asked: Mapping[str, str]) -> str:
    """The scopes that are asked for, or the app's own."""
    return " ".join(asked.get("scope", "").replace("+", " ").split()) or SCOPE
