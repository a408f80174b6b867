"""What the connections room declares: its page, its verbs, the owner setting, and a panel for the sync settings."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.connections import parts, records, rules, shown
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb


def panel(request: HttpRequest) -> SafeString:
    """Both sides and the clients' table, or what to do while a side is not connected."""
    org = default_org()
    context = {
        "account": records.account(org),
        "crm": records.salesforce_org(org),
        "clients": shown.clients(org),
    }
    return SafeString(render_to_string("connections/panel.html", context, request))


ROOM = Room(
    name="connections",
    title="Connections",
    icon="link",
    entry="connections",
    place=20,
    urls="fairlead.features.connections.urls",
    verbs=(
        Verb("look"),
        Verb("connect"),
        Verb("move sync user"),
        Verb("select clients"),
        Verb("choose owner"),
        Verb("hand over records"),
        Verb("remove client"),
        Verb("disconnect"),
    ),
    settings=(rules.OWNER,),
    panels={"sync_settings": panel},
    parts={
        "connect_salesforce": parts.salesforce,
        "connect_campaign_monitor": parts.campaign_monitor,
        "choose_clients": parts.clients,
    },
)
