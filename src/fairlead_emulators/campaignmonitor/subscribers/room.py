"""Subscribers, as a room."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room
from fairlead_emulators.campaignmonitor.subscribers.endpoints import ENDPOINTS

ROOM: Final = Room(endpoints=ENDPOINTS)
