"""What the room of requests declares: its addresses, its option, and a panel for the page of changes in Salesforce."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.flow_requests import rules, taking
from fairlead.features.flow_requests.models import FlowRequest, Outcome
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb

SHOWN = 20


def panel(request: HttpRequest) -> SafeString:
    """The last requests and what became of them, without whom they were about."""
    rows = FlowRequest.objects.filter(org=default_org())
    context = {
        "requests": list(rows[:SHOWN]),
        "waiting": rows.filter(outcome=Outcome.WAITING).count(),
        "topic": taking.TOPIC,
    }
    return SafeString(render_to_string("flow_requests/panel.html", context, request))


ROOM = Room(
    name="flow_requests",
    title="Requests of flows and programs",
    place=47,
    urls="fairlead.features.flow_requests.urls",
    verbs=(Verb("look"), Verb("ask")),
    settings=rules.SETTINGS,
    panels={"changes": panel},
)
