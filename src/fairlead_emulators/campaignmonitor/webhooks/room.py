"""Webhooks of lists and their delivery, as a room."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.rooms import Laying, Room
from fairlead_emulators.campaignmonitor.webhooks.delivery import Deliveries
from fairlead_emulators.campaignmonitor.webhooks.endpoints import ENDPOINTS
from fairlead_emulators.campaignmonitor.webhooks.events import EVENTS
from fairlead_emulators.campaignmonitor.webhooks.hooks import TABLES, create


def _lay(laying: Laying) -> Mapping[str, int]:
    """A list's `webhooks: [{url, events?, format?}]`."""
    store, made = laying.service.store, Counter[str]()
    for on, listed in zip(store.lists(laying.client.id), laying.spec.get("lists", ()), strict=False):
        for each in listed.get("webhooks", ()):
            create(store, on, each["url"], list(each.get("events", EVENTS)), each.get("format", "json"))
            made["webhooks"] += 1
    return made


def _routes(service: Service) -> list[Route]:
    """`/_control/webhooks` and `/_control/webhooks/deliver`."""
    deliveries = service.own(Deliveries)  # made with the app: it watches from the first change on

    async def shown(request: Request) -> Response:
        return JSONResponse(deliveries.as_json())

    async def deliver(request: Request) -> Response:
        return JSONResponse({"posts": await deliveries.deliver(), **deliveries.as_json()})

    return [
        Route("/_control/webhooks", shown, methods=["GET"]),
        Route("/_control/webhooks/deliver", deliver, methods=["POST"]),
    ]


ROOM: Final = Room(
    endpoints=ENDPOINTS,
    tables=TABLES,
    lay=_lay,
    tick=lambda service: service.own(Deliveries).tick(),
    routes=_routes,
)
