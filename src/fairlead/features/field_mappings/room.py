"""What the room of field mappings declares."""

from fairlead.domain.role import Role
from fairlead.features.field_mappings.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="field_mappings",
    title="Field mappings",
    icon="data_mapping",
    entry="mappings",
    place=47,
    role=Role.FULL,
    urls="fairlead.features.field_mappings.urls",
    verbs=(Verb("look"), Verb("change mapping"), Verb("undo a run"), Verb("settle an address")),
    settings=SETTINGS,
)
