"""Smart and classic transactional e-mails, and their messages."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room()
