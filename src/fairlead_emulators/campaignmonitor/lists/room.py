"""Lists, as a room."""

from typing import Final

from fairlead_emulators.campaignmonitor.lists.endpoints import ENDPOINTS
from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room(endpoints=ENDPOINTS)
