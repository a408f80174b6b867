"""What the help declares. Everybody who may come in may read it."""

from fairlead.features.help import settings
from fairlead.ui.access import Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="help",
    title="Help",
    icon="help",
    entry="help",
    place=99,
    urls="fairlead.features.help.urls",
    verbs=(Verb("look"), Verb("ask"), Verb("choose a language model")),
    settings=settings.SETTINGS,
    role=Role.GUEST,
)
