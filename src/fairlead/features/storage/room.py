"""What the storage room declares. The settings of tracking history are changed here, with an estimate beside them."""

from fairlead.domain import tracking_settings
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="storage",
    title="Storage",
    icon="database",
    entry="storage",
    place=30,
    urls="fairlead.features.storage.urls",
    verbs=(Verb("look"), Verb("change what is kept")),
    settings=tracking_settings.SETTINGS,
)
