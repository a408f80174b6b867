"""What the tracking room declares: its settings. Its page is that of the campaigns."""

from fairlead.features.tracking_history import rules
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="tracking_history",
    title="Email tracking history",
    place=55,
    verbs=(Verb("look"), Verb("change settings")),
    settings=rules.SETTINGS,
)
