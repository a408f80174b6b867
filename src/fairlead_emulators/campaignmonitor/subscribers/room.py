"""Subscribers, as a room."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room
from fairlead_emulators.campaignmonitor.subscribers.confirmation import routes
from fairlead_emulators.campaignmonitor.subscribers.endpoints import ENDPOINTS
from fairlead_emulators.campaignmonitor.subscribers.queue import TABLES, Queue

ROOM: Final = Room(
    endpoints=ENDPOINTS,
    tables=TABLES,
    lay_account=lambda service, _: service.own(Queue).forget(),
    tick=lambda service: service.own(Queue).tick(),
    routes=routes,
)
