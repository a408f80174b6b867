"""Journeys and the e-mails they send."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room()
