"""In which zone times are shown: what the person chose, else the clock of the sync's schedule, else UTC.

The schedule goes by the org's time zone in Salesforce until somebody chooses another, so nobody is asked here and no call
is made. Only pages go by it: command line and API speak UTC.
"""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from fairlead.features.account.models import Preference
from fairlead.jobs.models import Schedule


@cache
def names() -> tuple[str, ...]:
    """Every zone that may be chosen: those of a place, and UTC."""
    return "UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))


def chosen(request: HttpRequest) -> str:
    """The zone that the person chose; blank where none, or where nobody is signed in."""
    if not request.user.is_authenticated:
        return ""
    return Preference.objects.filter(user=request.user.pk).values_list("zone", flat=True).first() or ""


def of_the_org() -> str:
    """The zone of the oldest schedule; UTC before there is one."""
    return Schedule.objects.order_by("pk").values_list("timezone", flat=True).first() or "UTC"


def shown(request: HttpRequest) -> str:
    """The zone in which this person reads times."""
    zone = chosen(request) or of_the_org()
    return zone if zone in available() else "UTC"


@cache
def available() -> frozenset[str]:
    """Every name that this machine knows."""
    return frozenset(available_timezones())


class ZoneMiddleware:
    """Turns to the zone of who asks, and back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self._get_response(request)
        with timezone.override(ZoneInfo(shown(request))):
            return self._get_response(request)
