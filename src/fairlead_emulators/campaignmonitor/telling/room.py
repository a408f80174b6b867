"""What is true of the account, as a room: `GET /_control/truth/{lists|campaigns|journeys|suppressions|events}`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.dates import moment
from fairlead_emulators.campaignmonitor.rooms import Room
from fairlead_emulators.campaignmonitor.telling.events import events
from fairlead_emulators.campaignmonitor.telling.things import (
    campaigns_told,
    journeys_told,
    lists_told,
    suppressions_told,
)
from fairlead_emulators.campaignmonitor.tracking.agenda import Agenda
from fairlead_emulators.control import explained

_SMALL: Final[Mapping[str, Callable[[Service], Iterator[bytes]]]] = {
    "lists": lists_told,
    "campaigns": campaigns_told,
    "journeys": journeys_told,
    "suppressions": suppressions_told,
}


def _routes(service: Service) -> list[Route]:
    """`events` takes `since` (a moment: dated then or later) and `after` (a number: rows that came after that one)."""

    async def truth(request: Request) -> Response:
        what, query = request.path_params["what"], request.query_params
        service.own(Agenda).tick()
        if what == "events":
            since = moment(query["since"]) if query.get("since") else None
            lines = events(service, since=since, after=int(query.get("after", 0)))
        elif what in _SMALL:
            lines = _SMALL[what](service)
        else:
            raise LookupError(f"nothing is told of {what!r}: use one of {[*_SMALL, 'events']}")
        return StreamingResponse(lines, media_type="application/x-ndjson")

    return [Route("/_control/truth/{what}", explained(truth), methods=["GET"])]


ROOM: Final = Room(routes=_routes)
