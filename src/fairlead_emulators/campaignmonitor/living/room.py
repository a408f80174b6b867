"""Letting hours pass, as a room: `POST /_control/live`."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.living.hours import live
from fairlead_emulators.campaignmonitor.rooms import Room, told
from fairlead_emulators.control import explained, json_body


def _routes(service: Service) -> list[Route]:
    async def hours(request: Request) -> Response:
        return JSONResponse(live(service, told(await json_body(request))))

    return [Route("/_control/live", explained(hours), methods=["POST"])]


ROOM: Final = Room(routes=_routes)
