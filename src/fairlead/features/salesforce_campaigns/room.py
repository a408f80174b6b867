"""What the room of Salesforce campaigns declares."""

from fairlead.domain.role import Role
from fairlead.features.salesforce_campaigns.comparing import panel
from fairlead.features.salesforce_campaigns.settings import SETTINGS
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="salesforce_campaigns",
    title="Salesforce campaigns",
    icon="campaign",
    entry="salesforce_campaigns",
    place=60,
    role=Role.STANDARD,
    urls="fairlead.features.salesforce_campaigns.urls",
    verbs=(Verb("look"), Verb("link"), Verb("unlink"), Verb("refresh")),
    settings=SETTINGS,
    panels={"campaign": panel},
)
