"""Journeys and the e-mails they send, as a room."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.journeys.endpoints import ENDPOINTS
from fairlead_emulators.campaignmonitor.journeys.kept import STATUSES, TABLES, Journey, journeys, made_of, remove
from fairlead_emulators.campaignmonitor.journeys.running import Running
from fairlead_emulators.campaignmonitor.journeys.seeding import lay
from fairlead_emulators.campaignmonitor.rooms import Room, told
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.ties import Ties
from fairlead_emulators.campaignmonitor.tracking.agenda import Agenda
from fairlead_emulators.control import explained, json_body


def _routes(service: Service) -> list[Route]:
    """`/_control/journeys`: GET all; POST `{client, …}` as in seeds, or `{id, status}`."""
    running = service.own(Running)  # made with the app: it sees who joins from the first on
    service.own(Agenda).sources.append(running)

    def gone(on: SubscriberList) -> None:
        for each in journeys(service.store, "list = ?", on.n):
            remove(service, each)

    service.own(Ties).list_gone.append(gone)

    async def all_of(request: Request) -> Response:
        return JSONResponse({"journeys": [_shown(service, each) for each in journeys(service.store)]})

    async def make_or_change(request: Request) -> Response:
        posted = told(await json_body(request))
        if not posted.get("id"):
            lists = {each.title: each for each in service.store.lists(str(posted.get("client", "")) or None)}
            return JSONResponse(_shown(service, made_of(service, lists, posted)))
        found = journeys(service.store, "id = ?", str(posted["id"]))
        if not found or posted.get("status") not in STATUSES:
            raise ValueError(f'a change wants {{"id": of a journey, "status": one of {STATUSES}}}')
        running.set_status(found[0], posted["status"])
        return JSONResponse(_shown(service, journeys(service.store, "n = ?", found[0].n)[0]))

    return [
        Route("/_control/journeys", explained(all_of), methods=["GET"]),
        Route("/_control/journeys", explained(make_or_change), methods=["POST"]),
    ]


def _shown(service: Service, of: Journey) -> dict[str, Any]:
    (waiting,) = service.store.db.execute(
        "SELECT count(*) FROM journey_runs WHERE journey = ? AND (due IS NOT NULL OR waiting IS NOT NULL)", (of.n,)
    ).fetchone()
    return {"id": of.id, "client": of.client, "name": of.name, "status": of.status, "under_way": waiting}


ROOM: Final = Room(endpoints=ENDPOINTS, tables=TABLES, lay=lay, routes=_routes)
