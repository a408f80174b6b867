"""What the room of imports declares."""

from fairlead.domain.role import Role
from fairlead.features.import_wizard.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="import_wizard",
    title="Imports",
    icon="upload",
    entry="imports",
    place=44,
    role=Role.FULL,
    urls="fairlead.features.import_wizard.urls",
    verbs=(Verb("look"), Verb("change"), Verb("run"), Verb("delete")),
    settings=SETTINGS,
)
