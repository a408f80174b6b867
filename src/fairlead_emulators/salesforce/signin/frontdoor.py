"""`/services/oauth2/singleaccess`: an address by which whoever has a session opens the org's pages, once."""

import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import told
from fairlead_emulators.salesforce.signin.sessions import Sessions

fact("single_access")


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """The endpoints; `waiting` holds where each address that is not used yet leads."""

    sessions: Sessions
    waiting: dict[str, str] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/services/oauth2/singleaccess", told.refusing(self.issue), methods=["GET", "POST"]),
            Route("/secur/frontdoor.jsp", self.enter, methods=["GET"]),
        ]

    async def issue(self, request: Request) -> Response:
        """`{"frontdoor_uri"}`, for `redirect_uri`, a path of this org. Raises ApiError 401."""
        self.sessions.check(request.headers.get("authorization", ""))
        asked = request.query_params.get("redirect_uri") or str((await request.form()).get("redirect_uri") or "/")
        once = secrets.token_urlsafe(24)
        self.waiting[once] = asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) else "/"
        base = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse({"frontdoor_uri": f"{base}/secur/frontdoor.jsp?{urlencode({'otp': once})}"})

    async def enter(self, request: Request) -> Response:
        """On to the page, or 403 for an address that was used or never given."""
        target = self.waiting.pop(request.query_params.get("otp", ""), None)
        if target is None:
            return PlainTextResponse("This address has been used: ask for another.", 403)
        return RedirectResponse(target, 302)
