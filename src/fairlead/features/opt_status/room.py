"""What the opt status room declares."""

from fairlead.features.opt_status.rules import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="opt_status",
    title="Opt status",
    icon="email",
    entry="opt_status",
    place=43,
    urls="fairlead.features.opt_status.urls",
    verbs=(Verb("look"), Verb("run"), Verb("review"), Verb("record consent")),
    settings=SETTINGS,
)
