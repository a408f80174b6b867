"""What the suppression room declares: its setting and its verbs."""

from fairlead.features.suppression.rules import SYNC
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="suppression",
    title="Suppression list",
    place=45,
    verbs=(Verb("look"), Verb("remove records")),
    settings=(SYNC,),
)
