"""What the page of general options declares. It has no options of its own: it gathers those of other rooms."""

from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="general_options",
    title="General options",
    icon="settings",
    entry="general_options",
    place=35,
    urls="fairlead.features.general_options.urls",
    verbs=(Verb("look"), Verb("change options")),
)
