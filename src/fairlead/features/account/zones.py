"""In which zone times are shown: what the person chose, else the clock of the sync's schedule, else UTC.

The schedule goes by the org's time zone in Salesforce until somebody chooses another, so nobody is asked here and no call
is made. Only pages go by it: command line and API speak UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from fairlead.features.account.models import Preference
from fairlead.jobs.models import Schedule
from fairlead.store.orgs import default_org


@cache
def names() -> tuple[str, ...]:
    """Every zone that may be chosen: those of a place, and UTC."""
    return "UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))


@dataclass(frozen=True, slots=True)
class Zones:
    """What the person chose (blank: nothing), and the schedule's clock (UTC before there is a schedule)."""

    chosen: str
    org: str

    @property
    def shown(self) -> str:
        """The zone in which this person reads times; UTC where this machine does not know it."""
        zone = self.chosen or self.org
        return zone if zone in available() else "UTC"


def of(user_id: int) -> Zones:
    """Both, in one query: it is asked with every page."""
    own = Preference.objects.filter(user=OuterRef("pk")).values("zone")[:1]
    schedule = Schedule.objects.filter(org=default_org()).order_by("pk").values("timezone")[:1]
    found = User.objects.filter(pk=user_id).values_list(Subquery(own), Subquery(schedule)).first()
    chosen, org = found or ("", "")
    return Zones(chosen or "", org or "UTC")


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
        with timezone.override(ZoneInfo(of(request.user.pk).shown)):
            return self._get_response(request)
