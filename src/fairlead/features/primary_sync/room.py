"""What the primary sync declares: its place in the menu, its addresses, its verbs."""

from fairlead.sync import guard
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="primary_sync",
    title="Sync settings",
    icon="sync",
    entry="sync_settings",
    place=10,
    urls="fairlead.features.primary_sync.urls",
    verbs=(
        Verb("look"),
        Verb("change frequency"),
        Verb("sync now"),
        Verb("full sync"),
        Verb("turn off"),
        Verb("cancel"),
    ),
    settings=guard.SETTINGS,
)
