"""Tracking, as a room of its own: what campaigns and journeys share."""

from typing import Final

from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.rooms import Laying, Room
from fairlead_emulators.campaignmonitor.tracking.acts import ACTS
from fairlead_emulators.campaignmonitor.tracking.agenda import Agenda
from fairlead_emulators.campaignmonitor.tracking.happening import PLANNED, Happening
from fairlead_emulators.campaignmonitor.tracking.kept import INDEXES, TABLES, Tracking


def _lay(laying: Laying) -> dict[str, int]:
    """Nothing of its own, before the rooms that send lay theirs."""
    laying.service.store.remember("tracking_seed", str(laying.seed))
    laying.service.own(Tracking).forget()
    laying.service.own(Tracking).unindex()
    return {}


def _routes(service: Service) -> list[Route]:
    """None; but from here on what is planned happens, and changes of addresses are seen."""
    service.own(Agenda).sources.append(service.own(Happening))
    return []


ROOM: Final = Room(
    tables=TABLES + INDEXES + PLANNED,
    acts=ACTS,
    lay=_lay,
    laid=lambda service: service.own(Tracking).index(),
    tick=lambda service: service.own(Agenda).tick(),
    routes=_routes,
)
