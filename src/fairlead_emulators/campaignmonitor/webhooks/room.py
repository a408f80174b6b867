"""Webhooks of lists and their delivery."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room()
