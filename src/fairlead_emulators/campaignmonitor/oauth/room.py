"""The screens and tokens of OAuth, as a room."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service, query_of
from fairlead_emulators.campaignmonitor.oauth import screens
from fairlead_emulators.campaignmonitor.oauth.grants import TABLES, Grants, shown
from fairlead_emulators.campaignmonitor.rooms import Room
from fairlead_emulators.control import explained, json_body
from fairlead_emulators.door import FROM_ELSEWHERE, pressed_elsewhere

_WHO: Final = "admin@example.com"


def _lay(service: Service, spec: Mapping[str, Any]) -> None:
    """The spec's `oauth_applications: [{name, redirect_uri, client_id?, client_secret?}]`."""
    for each in spec.get("oauth_applications", ()):
        service.own(Grants).register(each)


def _screen_routes(service: Service) -> list[Route]:
    grants = service.own(Grants)

    async def authorize(request: Request) -> Response:
        wanted = screens.asked(grants, query_of(request.url.query))
        if isinstance(wanted, Response):
            return wanted
        if service.faults.take("oauth_server_error", client_id=wanted.application.client_id):
            return wanted.back(error="server_error")
        return screens.screen(wanted, _WHO)

    async def decide(request: Request) -> Response:
        if pressed_elsewhere(request.headers):
            return PlainTextResponse(FROM_ELSEWHERE, 403)
        form = screens.form_of(await request.body())
        wanted = screens.asked(grants, form)
        return wanted if isinstance(wanted, Response) else screens.decided(grants, wanted, form)

    async def token(request: Request) -> Response:
        status, body = grants.token(screens.form_of(await request.body()))
        return Response(body, status, {"cache-control": "no-store"}, "application/json; charset=utf-8")

    return [
        Route("/oauth", authorize, methods=["GET"]),
        Route("/oauth", decide, methods=["POST"]),
        Route("/oauth/token", token, methods=["POST"]),
    ]


def _control_routes(service: Service) -> list[Route]:
    grants = service.own(Grants)

    async def look(request: Request) -> Response:
        return JSONResponse(grants.as_json())

    async def register(request: Request) -> Response:
        return JSONResponse(shown(grants.register(await json_body(request))), 201)

    async def revoke(request: Request) -> Response:
        return JSONResponse({"revoked": grants.revoke(await json_body(request))})

    return [
        Route("/_control/oauth", look, methods=["GET"]),
        Route("/_control/oauth/applications", explained(register), methods=["POST"]),
        Route("/_control/oauth/revoke", explained(revoke), methods=["POST"]),
    ]


ROOM: Final = Room(
    tables=TABLES,
    lay_account=_lay,
    routes=lambda service: [*_screen_routes(service), *_control_routes(service)],
)
