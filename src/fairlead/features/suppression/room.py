"""What the suppression room declares: its setting and its verbs, and a panel for the sync settings."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.suppression.models import SuppressionReading
from fairlead.features.suppression.rules import SYNC
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb


def panel(request: HttpRequest) -> SafeString:
    """What was read of each client's suppression list, or how to turn that on."""
    org = default_org()
    context = {
        "on": setting_rows.value(org, SYNC),
        "readings": list(SuppressionReading.objects.filter(org=org)),
    }
    return SafeString(render_to_string("suppression/panel.html", context, request))


ROOM = Room(
    name="suppression",
    title="Suppression list",
    place=45,
    verbs=(Verb("look"), Verb("remove records")),
    settings=(SYNC,),
    panels={"sync_settings": panel},
)
