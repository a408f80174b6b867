"""What the opt status room declares."""

from fairlead.domain.role import Role
from fairlead.features.opt_status.rules import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="opt_status",
    title="Opt status",
    icon="email",
    place=43,
    role=Role.STANDARD,
    verbs=(Verb("look"), Verb("run"), Verb("review"), Verb("record consent")),
    settings=SETTINGS,
)
