"""What the connections room declares: panels for the sync settings and for the first page."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.connections import records
from fairlead.features.connections.models import Client
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb


def panel(request: HttpRequest) -> SafeString:
    """Both sides and the clients' table, or what to do while a side is not connected."""
    org = default_org()
    context = {
        "account": records.account(org),
        "crm": records.salesforce_org(org),
        "clients": list(Client.objects.filter(org=org)),
    }
    return SafeString(render_to_string("connections/panel.html", context, request))


ROOM = Room(
    name="connections",
    title="Connections",
    place=20,
    verbs=(Verb("look"),),
    panels={"sync_settings": panel},
)
