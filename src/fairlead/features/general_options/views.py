"""One page for the options of rooms without a page of their own, and the way to all others; made from the declarations."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fairlead.domain.setting import Of
from fairlead.store.orgs import default_org
from fairlead.ui import rooms
from fairlead.ui.rooms import Room
from fairlead.ui.settings_forms import SettingsForm


@require_GET
def general(request: HttpRequest) -> HttpResponse:
    """Forms of the rooms that have no page; links to the options of the others, with what stands there."""
    with_settings = [one for one in rooms.rooms() if one.settings]
    here = [_form(one) for one in with_settings if not one.entry and any(each.of is Of.ORG for each in one.settings)]
    elsewhere = [one for one in with_settings if one.entry]
    context = {
        "here": "general_options",
        "groups": here,
        "elsewhere": elsewhere,
        "panels": rooms.panels("general", request),
    }
    return render(request, "general_options/general.html", context)


def _form(room: Room) -> dict[str, Any]:
    return {"room": room, "form": SettingsForm(default_org(), [one for one in room.settings if one.of is Of.ORG])}
