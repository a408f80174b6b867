"""What the room of text messages declares."""

from fairlead.domain.phone import COUNTRY
from fairlead.domain.role import Role
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="sms",
    title="SMS",
    icon="sms",
    entry="sms",
    place=49,
    role=Role.FULL,
    urls="fairlead.features.sms.urls",
    verbs=(Verb("look"),),
    settings=(COUNTRY,),
)
