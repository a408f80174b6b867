"""What the room of people declares."""

from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="people",
    title="Find a person",
    icon="search",
    entry="people",
    place=40,
    urls="fairlead.features.people.urls",
    verbs=(Verb("find a person"),),
)
