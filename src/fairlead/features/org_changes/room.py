"""What the room of changes in Salesforce declares: its page, its switches, and what every page says of them."""

from fairlead.features.org_changes import settings, switches
from fairlead.ui import banners
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="org_changes",
    title="Changes in Salesforce",
    icon="change_record_type",
    entry="org_changes",
    place=12,
    urls="fairlead.features.org_changes.urls",
    verbs=(Verb("look"), Verb("run"), Verb("change switches")),
    settings=settings.SETTINGS,
)


def furnish() -> None:
    """Offer what every page says."""
    banners.offer(ROOM.name, switches.banners)
