"""What is told of a token and of whose it is: identity, userinfo, introspection; and its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import people, told
from fairlead_emulators.salesforce.signin.asking import OAuthError, base_url, client, identity_url
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.state.org import API_VERSION, Org

fact("identity_url")
fact("userinfo")
fact("revoke_and_introspect")
fact("introspect_needs_client")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The endpoints on tokens of one org."""

    org: Org
    sessions: Sessions

    def routes(self) -> list[Route]:
        """The routes of this file."""
        return [
            Route("/services/oauth2/userinfo", told.refusing(self.userinfo), methods=["GET", "POST"]),
            Route("/services/oauth2/revoke", self.revoke, methods=["GET", "POST"]),
            Route("/services/oauth2/introspect", self.introspect, methods=["POST"]),
            Route("/id/{org_id}/{user_id}", told.identity(self.org, self.identity), methods=["GET", "POST"]),
        ]

    def _who(self, token: str) -> people.Who:
        return people.by_id(self.org, self.sessions.user_of(token)) or people.admin(self.org)

    async def identity(self, request: Request) -> Response:
        """`GET /id/{org}/{user}`."""
        token = self.sessions.check(request.headers.get("authorization", ""))
        version = API_VERSION if request.query_params.get("version") == "latest" else "{version}"
        return JSONResponse(self._person(request, version, self._who(token)))

    def _person(self, request: Request, version: str, who: people.Who) -> dict[str, Any]:
        me, base = self.org.identity, base_url(request)
        paths = {
            "rest": f"/services/data/v{version}/",
            "sobjects": f"/services/data/v{version}/sobjects/",
            "query": f"/services/data/v{version}/query/",
            "metadata": f"/services/Soap/m/{version}/{me.org_id[:15]}",
            "profile": f"/{who.user_id}",
        }
        return {
            "id": identity_url(self.org, request, who),
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
        person = self._person(request, "{version}", self._who(token))
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
        refreshes = self.sessions.is_refresh_token(token)
        if not refreshes and not self.sessions.is_live(token, used=False):
            return JSONResponse({"active": False})
        who, ends = self._who(token), self.sessions.ends(token)
        body: dict[str, Any] = {
            "active": True,
            "scope": self.sessions.scope_of(token),
            "client_id": self.org.identity.client_id,
            "username": who.username,
            "sub": identity_url(self.org, request, who),
            "token_type": "refresh_token" if refreshes else "access_token",
        }
        return JSONResponse(body | ({"exp": ends} if ends is not None else {}))

    def _is_app(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether the app itself asks: by its credentials, or in a session of its own."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.sessions.is_live(token.strip()):
            return True
        try:
            return client(request, form) == (self.org.identity.client_id, self.org.identity.client_secret)
        except OAuthError:
            return False
