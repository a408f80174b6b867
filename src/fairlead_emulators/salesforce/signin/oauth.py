"""OAuth 2.0: the token endpoint, the authorize screen, identity, userinfo, revoke, introspect."""

import base64
import hashlib
import hmac
import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import checks, jwt_bearer, openid, people, screens, told
from fairlead_emulators.salesforce.signin.device import Devices
from fairlead_emulators.salesforce.signin.sessions import Sessions, challenge_of
from fairlead_emulators.salesforce.state.org import API_VERSION, Org

fact("token_answer")
fact("token_errors")
fact("pkce_without_method")
fact("client_credentials_no_refresh_token")
fact("identity_url")
fact("userinfo")
fact("revoke_and_introspect")
fact("authorize_screen")
fact("scopes_granted")
fact("introspect_needs_client")
fact("code_life")

SCOPE = "refresh_token api id"
CODE_LIFE = timedelta(minutes=15)


class OAuthError(Exception):
    """HTTP 400 with `{"error", "error_description"}`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class OAuth:
    """The endpoints under `/services/oauth2` and `/id`."""

    org: Org
    sessions: Sessions
    devices: Devices

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route("/services/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/services/oauth2/userinfo", told.refusing(self.userinfo), methods=["GET", "POST"]),
            Route("/services/oauth2/revoke", self.revoke, methods=["GET", "POST"]),
            Route("/services/oauth2/introspect", self.introspect, methods=["POST"]),
            Route("/id/{org_id}/{user_id}", told.identity(self.org, self.identity), methods=["GET", "POST"]),
            *openid.routes(self.org),
            *self.devices.routes(),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /services/oauth2/token`."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        try:
            client_id, secret = _client(request, form)
            if form.get("response_type") == "device_code":
                if client_id != self.org.identity.client_id:
                    raise OAuthError("invalid_client_id", "client identifier invalid")
                return JSONResponse(self.devices.begin(base_url(request)))
            answer = self._scoped(form, self._grant(request, form, client_id, secret))
            return JSONResponse(openid.with_id_token(self.org, answer, base_url(request)))
        except OAuthError as error:
            body = {"error": error.error, "error_description": error.description}
            return JSONResponse(body, status_code=400)

    def _grant(self, request: Request, form: Mapping[str, str], client_id: str, secret: str) -> dict[str, str]:
        grant = form.get("grant_type", "")
        refusal = checks.token_refusal(self.org, form, request.url.hostname or "")
        if refusal is not None:
            raise OAuthError(*refusal)
        if grant == checks.PASSWORD and not self.org.settings.get("username_password_flow"):
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        known = (
            checks.PASSWORD,
            "device",
            "client_credentials",
            "refresh_token",
            "authorization_code",
            jwt_bearer.GRANT,
        )
        if grant not in known:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        if grant == jwt_bearer.GRANT:  # the statement names the app itself
            error, description = jwt_bearer.refusal(self.org, form.get("assertion", ""), base_url(request))
            if error:
                raise OAuthError(error, description)
            return self._answer(request, None)
        if client_id != self.org.identity.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if (secret or grant == "client_credentials") and secret != self.org.identity.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials")
        if grant in ("client_credentials", checks.PASSWORD):
            return self._answer(request, None)
        if grant == "device":
            refusal = self.devices.refusal(form.get("code", ""))
            if refusal is not None:
                raise OAuthError(*refusal)
            return self._answer(request, self.sessions.new_refresh_token())
        if grant == "refresh_token":
            rotate = bool(self.org.settings.get("rotate_refresh_tokens"))
            user = self.sessions.user_of(form.get("refresh_token", ""))
            if not self.sessions.use_refresh_token(form.get("refresh_token", ""), rotate=rotate):
                raise OAuthError("invalid_grant", "expired access/refresh token")
            return self._answer(request, self.sessions.new_refresh_token(user) if rotate else None, user)
        user = self._redeem(form)
        return self._answer(request, self.sessions.new_refresh_token(user), user)

    def _scoped(self, form: Mapping[str, str], answer: dict[str, str]) -> dict[str, str]:
        """The answer with the scopes that were asked for when the person allowed them."""
        asked = self.sessions.scopes.pop(form.get("code", ""), "")
        if not asked or form.get("grant_type") != "authorization_code":
            return answer
        if not {"refresh_token", "offline_access", "full"} & set(asked.split()):
            self.sessions.revoke(answer.pop("refresh_token", ""))
        return answer | {"scope": asked}

    def _redeem(self, form: Mapping[str, str]) -> str:
        """The user who allowed the app."""
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
        return str(granted.get("user", ""))

    def _answer(self, request: Request, refresh_token: str | None, user: str = "") -> dict[str, str]:
        issued_at = str(int(self.org.clock.now().timestamp() * 1000))
        identity = self._identity_url(request, user)
        key = self.org.identity.client_secret.encode()
        signature = hmac.new(key, (identity + issued_at).encode(), hashlib.sha256).digest()
        answer = {
            "access_token": self.sessions.open(user),
            "signature": base64.b64encode(signature).decode(),
            "scope": SCOPE,
            "instance_url": base_url(request),
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        return answer | ({"refresh_token": refresh_token} if refresh_token else {})

    def _identity_url(self, request: Request, user: str = "") -> str:
        return f"{base_url(request)}/id/{self.org.identity.org_id}/{user or self.org.identity.user_id}"

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
            who = people.find(self.org, asked.get("login_hint", "")) or people.admin(self.org)
            return HTMLResponse(screens.screen(who.username, str(request.url.query)))
        form = await request.form()
        state = {"state": asked["state"]} if "state" in asked else {}
        if form.get("answer") != "allow":
            denied = {"error": "access_denied", "error_description": "end-user denied authorization"}
            return screens.back(asked, denied | state)
        who = people.find(self.org, str(form.get("username") or asked.get("login_hint", ""))) or people.admin(self.org)
        code = "aPrx" + secrets.token_urlsafe(40)
        self.sessions.scopes[code] = " ".join(asked.get("scope", "").replace("+", " ").split())
        self.sessions.issued[code] = self.org.clock.now()
        self.sessions.codes[code] = {
            "redirect_uri": asked.get("redirect_uri", ""),
            "challenge": asked.get("code_challenge", ""),
            "user": who.user_id,
        }
        return screens.back(asked, {"code": code} | state)

    async def identity(self, request: Request) -> Response:
        """`GET /id/{org}/{user}`."""
        token = self.sessions.check(request.headers.get("authorization", ""))
        version = API_VERSION if request.query_params.get("version") == "latest" else "{version}"
        return JSONResponse(self._person(request, version, self.sessions.user_of(token)))

    def _person(self, request: Request, version: str, user: str) -> dict[str, Any]:
        me, base = self.org.identity, base_url(request)
        who = people.by_id(self.org, user) or people.admin(self.org)
        paths = {
            "rest": f"/services/data/v{version}/",
            "sobjects": f"/services/data/v{version}/sobjects/",
            "query": f"/services/data/v{version}/query/",
            "metadata": f"/services/Soap/m/{version}/{me.org_id[:15]}",
            "profile": f"/{who.user_id}",
        }
        return {
            "id": self._identity_url(request, user),
            "asserted_user": True,
            "user_id": who.user_id,
            "organization_id": me.org_id,
            "username": who.username,
            "nick_name": who.alias,
            "display_name": who.name,
            "email": who.email,
            "email_verified": True,
            "first_name": who.first_name,
            "last_name": who.last_name,
            "timezone": "UTC",
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "last_modified_date": self.org.now(),
            "urls": {name: base + path for name, path in paths.items()},
        }

    async def userinfo(self, request: Request) -> Response:
        """`/services/oauth2/userinfo`."""
        token = self.sessions.check(request.headers.get("authorization", ""))
        person = self._person(request, "{version}", self.sessions.user_of(token))
        return JSONResponse(
            {
                "sub": person["id"],
                "user_id": person["user_id"],
                "organization_id": person["organization_id"],
                "preferred_username": person["username"],
                "name": person["display_name"],
                "email": person["email"],
                "email_verified": True,
                "zoneinfo": "UTC",
                "urls": person["urls"],
                "active": True,
            }
        )

    async def revoke(self, request: Request) -> Response:
        """`/services/oauth2/revoke`."""
        form = await request.form() if request.method == "POST" else request.query_params
        if self.sessions.revoke(str(form.get("token", ""))):
            return Response(status_code=200)
        body = {"error": "invalid_token", "error_description": "invalid token"}
        return JSONResponse(body, status_code=400)

    async def introspect(self, request: Request) -> Response:
        """`/services/oauth2/introspect`."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        token = form.get("token", "")
        if not self._is_app(request, form):
            return JSONResponse({"error": "invalid_client", "error_description": "invalid client credentials"}, 401)
        if not self.sessions.is_live(token) and token not in self.sessions.refresh:
            return JSONResponse({"active": False})
        user = self.sessions.user_of(token)
        who = people.by_id(self.org, user) or people.admin(self.org)
        body = {"active": True, "scope": SCOPE, "client_id": self.org.identity.client_id, "username": who.username}
        return JSONResponse(body | {"sub": self._identity_url(request, user), "token_type": "access_token"})

    def _is_app(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether the app itself asks: by its credentials, or in a session of its own."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.sessions.is_live(token.strip()):
            return True
        try:
            return _client(request, form) == (self.org.identity.client_id, self.org.identity.client_secret)
        except OAuthError:
            return False


def base_url(request: Request) -> str:
    """Scheme, host and port by which the client reached us."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            raise OAuthError("invalid_client", "invalid client credentials") from None
        return unquote_plus(name), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")
