"""What the subscriber rules declare: their settings, pages, and a panel for the page of a list."""

from fairlead.features.subscriber_rules.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="subscriber_rules",
    title="Subscriber rules",
    icon="rules",
    entry="rules",
    place=47,
    urls="fairlead.features.subscriber_rules.urls",
    verbs=(Verb("look"), Verb("change"), Verb("preview"), Verb("run over the past")),
    settings=SETTINGS,
)
