"""What set-up declares: first in the menu while it is unfinished, and a reminder on the pages that other rooms have."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fairlead.features.setup import state
from fairlead.features.setup.rules import steps
from fairlead.store.orgs import default_org
from fairlead.ui.rooms import Room, Verb


def panel(request: HttpRequest) -> SafeString:
    """How far set-up is and how to go on; nothing when it is done."""
    if not state.unfinished():
        return SafeString("")
    finished = steps.done(state.look(default_org()))
    step = steps.go_on(finished)
    context = {"step": step, "title": steps.TITLES[step], "done": len(finished), "of": len(steps.Step)}
    return SafeString(render_to_string("setup/panel.html", context, request))


ROOM = Room(
    name="setup",
    title="Set-up",
    icon="task",
    entry="set_up",
    place=1,
    urls="fairlead.features.setup.urls",
    verbs=(
        Verb("look"),
        Verb("check the org"),
        Verb("install"),
        Verb("choose what to sync"),
        Verb("start the first sync"),
    ),
    panels={"sync_settings": panel},
    in_menu=state.unfinished,
)
