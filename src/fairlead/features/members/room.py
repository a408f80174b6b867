"""What the members room declares: its settings, and the pages of lists and of ambiguous addresses."""

from fairlead.domain.role import Role
from fairlead.features.members import glances
from fairlead.features.members.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="members",
    title="Lists",
    icon="people",
    entry="lists",
    place=45,
    role=Role.STANDARD,
    urls="fairlead.features.members.urls",
    verbs=(Verb("look"), Verb("prevent member sync"), Verb("create list"), Verb("change list")),
    panels={"home": glances.members, "problems": glances.problems},
    settings=SETTINGS,
)
