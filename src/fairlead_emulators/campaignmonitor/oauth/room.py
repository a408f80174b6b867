"""The screens and tokens of OAuth."""

from typing import Final

from fairlead_emulators.campaignmonitor.rooms import Room

ROOM: Final = Room()
