"""What the room of people declares."""

from fairlead.domain.role import MANAGE_MEMBERSHIPS, Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="people",
    title="Find a person",
    icon="search",
    entry="people",
    place=40,
    role=Role.LIMITED,
    urls="fairlead.features.people.urls",
    verbs=(Verb("find a person"), Verb("manage lists", MANAGE_MEMBERSHIPS)),
)
