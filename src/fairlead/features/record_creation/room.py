"""What the record creation declares: its settings and verbs, and its page."""

from fairlead.features.record_creation.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="record_creation",
    title="New contacts and leads",
    icon="adduser",
    entry="records",
    place=40,
    urls="fairlead.features.record_creation.urls",
    verbs=(Verb("look"), Verb("preview"), Verb("retry")),
    settings=SETTINGS,
)
