"""Segments of lists."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room()
