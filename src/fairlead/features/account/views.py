"""Choosing the zone in which times are shown."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fairlead.features.account import zones
from fairlead.features.account.models import Preference
from fairlead.ui.access import Role, open_to


def panel(request: HttpRequest) -> SafeString:
    """The form, for the account page."""
    found = zones.of(_me(request))
    context: dict[str, Any] = {"zones": zones.names(), "chosen": found.chosen, "org": found.org}
    return SafeString(render_to_string("account/zone.html", context, request))


@open_to(Role.NONE)
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the zone; a name that is none changes nothing and is told."""
    zone = request.POST.get("zone", "")
    if zone and zone not in zones.names():
        messages.error(request, _("“{zone}” is no time zone. Choose one of the list.").format(zone=zone[:64]))
        return redirect("account")
    Preference.objects.update_or_create(user_id=_me(request), defaults={"zone": zone})
    messages.success(request, _("Saved. Times are shown in {zone}.").format(zone=zones.of(_me(request)).shown))
    return redirect("account")


def _me(request: HttpRequest) -> int:
    """Who asks; every page here is for somebody signed in."""
    assert request.user.pk is not None
    return request.user.pk
