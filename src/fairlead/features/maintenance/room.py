"""What maintenance declares: its place in the menu, its addresses, its settings."""

from fairlead.features.maintenance import settings, views
from fairlead.jobs import api
from fairlead.sync import limits
from fairlead.ui.rooms import Room, Verb

ROOM = Room(
    name="maintenance",
    title="Maintenance",
    icon="builder",
    entry="maintenance",
    place=90,
    urls="fairlead.features.maintenance.urls",
    verbs=(
        Verb("look"),
        Verb("resolve"),
        Verb("retry"),
        Verb("change page layouts"),
        Verb("change limits"),
        Verb("change notifications"),
    ),
    panels={"home": views.panel, "sync_settings": views.panel},
    settings=(*settings.NOTICES, *settings.KEEPING, *limits.SETTINGS, settings.LINES, api.ATTEMPTS),
)
