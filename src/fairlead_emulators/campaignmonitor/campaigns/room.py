"""Campaigns: drafts, sending, and what recipients then do."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room()
