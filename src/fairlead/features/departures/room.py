"""What the room of departures declares: its options, shown on the page of changes in Salesforce."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.departures import settings
from fairlead.ui.rooms import Room, Verb


def panel(request: HttpRequest) -> SafeString:
    """The options, on the page of changes."""
    return SafeString(render_to_string("departures/panel.html", {"user": request.user}, request))


ROOM = Room(
    name="departures",
    title="Deleted, merged and converted records",
    place=46,
    verbs=(Verb("look"),),
    settings=settings.SETTINGS,
    panels={"changes": panel},
)
