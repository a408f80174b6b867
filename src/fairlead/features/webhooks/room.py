"""What the webhooks room declares: its settings, and a panel for the sync settings."""

from typing import Final

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.webhooks import repairing, rules
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb

MOST: Final = 50
"""Webhooks that the panel shows: an account may have thousands of lists."""


def panel(request: HttpRequest) -> SafeString:
    """Lists' webhooks: state, last received, what waits; or how to turn webhooks on."""
    org = default_org()
    endpoints, count = repairing.glance(org, MOST)
    context = {"used": setting_rows.value(org, rules.USE), "endpoints": endpoints, "count": count, "most": MOST}
    return SafeString(render_to_string("webhooks/panel.html", context, request))


ROOM = Room(
    name="webhooks",
    title="Webhooks",
    place=25,
    urls="fairlead.features.webhooks.urls",
    verbs=(Verb("look"), Verb("repair")),
    settings=(rules.USE, rules.KEEP_DAYS),
    panels={"sync_settings": panel},
)
