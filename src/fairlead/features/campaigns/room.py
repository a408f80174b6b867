"""What the campaigns room declares: its place in the menu, its addresses, its settings."""

from fairlead.domain.role import Role
from fairlead.features.campaigns import rules
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="campaigns",
    title="Campaigns",
    icon="email",
    entry="campaigns",
    place=50,
    role=Role.STANDARD,
    urls="fairlead.features.campaigns.urls",
    verbs=(Verb("look"), Verb("change settings")),
    settings=rules.SETTINGS,
)
