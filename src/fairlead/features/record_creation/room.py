"""What the record creation declares: its settings and verbs, and its page."""

from fairlead.features.record_creation.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="record_creation",
    title="New contacts and leads",
    icon="new_person_account",
    place=40,
    verbs=(Verb("look"), Verb("preview"), Verb("retry")),
    settings=SETTINGS,
)
