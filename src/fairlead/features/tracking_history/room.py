"""What the tracking room declares: its settings. Its page is that of the campaigns."""

from fairlead.domain import tracking_settings
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="tracking_history",
    title="Email tracking history",
    place=55,
    verbs=(Verb("look"), Verb("change settings")),
    settings=tracking_settings.ALL,
)
