"""What the room of transactional e-mail declares."""

from fairlead.features.transactional_email.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="transactional_email",
    title="Transactional e-mail",
    icon="send",
    entry="transactional",
    place=65,
    urls="fairlead.features.transactional_email.urls",
    verbs=(Verb("look"), Verb("change"), Verb("test"), Verb("send")),
    settings=SETTINGS,
)
