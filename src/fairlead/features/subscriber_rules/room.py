"""What the subscriber rules declare: their settings, pages, and a panel for the page of a list."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.subscriber_rules import keeping
from fairlead.features.subscriber_rules.settings import SETTINGS
from fairlead.store.orgs import default_org
from fairlead.ui.access import opens
from fairlead.ui.rooms import Room, Verb


def panel(request: HttpRequest) -> SafeString:
    """The rules of the list that the page is of; nothing for who may not see rules."""
    match = request.resolver_match
    list_id = str(match.kwargs.get("list_id", "")) if match else ""
    if not list_id or not opens(request, "rules"):
        return SafeString("")
    context = {"list_id": list_id, "rules": keeping.rules_of(default_org(), list=list_id)}
    return SafeString(render_to_string("subscriber_rules/panel.html", context, request))


ROOM = Room(
    name="subscriber_rules",
    title="Subscriber rules",
    icon="rules",
    entry="rules",
    place=47,
    urls="fairlead.features.subscriber_rules.urls",
    verbs=(Verb("look"), Verb("change"), Verb("preview"), Verb("run over the past")),
    settings=SETTINGS,
    panels={"list": panel},
)
