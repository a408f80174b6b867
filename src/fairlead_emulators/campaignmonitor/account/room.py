"""The account and its clients, as a room."""

from typing import Final

from fairlead_emulators.campaignmonitor.account.clients import ENDPOINTS
from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room(endpoints=ENDPOINTS)
