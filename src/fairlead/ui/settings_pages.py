"""Pages of settings: one for each room, one for each client and list, all made from the declarations."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.setting import Of
from fairlead.store import known, setting_rows
from fairlead.store.orgs import default_org
from fairlead.ui import rooms
from fairlead.ui.rooms import Room
from fairlead.ui.settings_forms import SettingsForm
from fairlead.ui.settings_of import SUBJECT

PLURAL = {Of.CLIENT: "clients", Of.LIST: "lists"}
HERE = "settings"


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All rooms that have settings."""
    return render(
        request, "ui/settings_overview.html", {"here": HERE, "rooms": [one for one in rooms.rooms() if one.settings]}
    )


@require_http_methods(["GET", "POST"])
def room(request: HttpRequest, room: str, subject: str = "") -> HttpResponse:
    """The settings of a room, of the org or of one client or list; POST saves what was changed.

    Errors keep what was typed and say at the control what to do.
    """
    found = rooms.find(room)
    if found is None or not found.settings or (subject and not SUBJECT.fullmatch(subject)):
        raise Http404
    org = default_org()
    of = known.subject(org, subject) if subject else None
    kind = of.of if of else Of.ORG
    if subject and of is None:
        raise Http404
    form = SettingsForm(org, [each for each in found.settings if each.of is kind], subject)
    if request.method == "POST" and form.save(request.POST, request.user.get_username()):
        messages.success(request, _("Saved. The next sync reads it."))
        return redirect(_back(request))
    context = {
        "here": found.name,
        "room": found,
        "form": form,
        "subject": of,
        "pickers": [] if subject else _pickers(found),
        "next": request.POST.get("next", ""),
    }
    return render(request, "ui/settings.html", context)


def _pickers(found: Room) -> list[dict[str, Any]]:
    """For each kind of subject that the room has settings of: those known, and for how many settings each has a choice."""
    org, pickers = default_org(), []
    for of in (Of.CLIENT, Of.LIST):
        settings = [each for each in found.settings if each.of is of]
        if settings:
            chosen = [set(setting_rows.subjects(org, each)) for each in settings]
            rows = [(one, sum(one.id in each for each in chosen)) for one in known.subjects(org, of)]
            pickers.append({"kind": str(of), "plural": PLURAL[of], "settings": settings, "rows": rows})
    return pickers


def _back(request: HttpRequest) -> str:
    """The page whose panel was sent, if it is one of ours; else this one."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and ours else request.path
