"""What the connections room declares: its page, its verbs, the owner setting, and a panel for the sync settings."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from fairlead.features.connections import parts, records, rules, shown
from fairlead.features.connections.models import State
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


def glance(request: HttpRequest) -> SafeString:
    """Both sides' states and how many clients are synced, for the first page."""
    org = default_org()
    clients = shown.clients(org)
    context = {
        "account": records.account(org),
        "crm": records.salesforce_org(org),
        "clients": clients,
        "live": sum(client["live"] for client in clients),
    }
    return SafeString(render_to_string("connections/home.html", context, request))


def problems(request: HttpRequest) -> SafeString:
    """A line for each side that fails."""
    org = default_org()
    return format_html_join(
        "",
        '<li>{} fails: {} <a href="{}">Connections</a></li>',
        (
            (title, side.message or "it refused the last sign-in.", reverse("connections"))
            for title, side in (("Campaign Monitor", records.account(org)), ("Salesforce", records.salesforce_org(org)))
            if side is not None and side.state == State.FAILING
        ),
    )


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
    panels={"sync_settings": panel, "home": glance, "problems": problems},
    parts={
        "connect_salesforce": parts.salesforce,
        "connect_campaign_monitor": parts.campaign_monitor,
        "choose_clients": parts.clients,
    },
)
