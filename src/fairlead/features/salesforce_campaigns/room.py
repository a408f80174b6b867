"""What the room of Salesforce campaigns declares."""

from fairlead.features.salesforce_campaigns.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="salesforce_campaigns",
    title="Salesforce campaigns",
    icon="campaign",
    place=60,
    verbs=(Verb("look"), Verb("link"), Verb("refresh")),
    settings=SETTINGS,
)
