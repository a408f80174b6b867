"""Which org a person sees: a session is bound to one at a time. Who may see several changes it in the header.

Who came in through Salesforce sees the orgs through which they came in; a local account, given out by whoever runs the
installation, sees all.
"""

from collections.abc import Callable
from typing import Any, Final, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from fairlead.store import orgs
from fairlead.store.models import Org
from fairlead.ui.models import Standing

SESSION_ORG: Final = "fairlead_org"
COOKIE: Final = "fairlead-org"
"""The number of the org through which somebody came in last: its sign-in page is shown to who is signed out."""


def visible(user: User) -> list[Org]:
    """The orgs that somebody may see."""
    through = [kept.org for kept in Standing.objects.filter(user=user).select_related("org").order_by("org_id")]
    return through or orgs.every()


def sees_several(user: User) -> bool:
    """Whether there is anything to change to."""
    return Org.objects.count() > 1 and len(visible(user)) > 1


def bind(request: HttpRequest, org: Org) -> None:
    """From the next request on this session is about that org."""
    request.session[SESSION_ORG] = org.pk


class OrgMiddleware:
    """Binds each request to its org, before anything is read for it; what is streamed afterwards stays bound."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        org = _signed_in(request, request.user) if request.user.is_authenticated else _asked(request)
        if org is None:
            return self._get_response(request)
        with orgs.within(org):
            response = self._get_response(request)
        if response.streaming:
            _keep(org, cast("StreamingHttpResponse", response))
        return response


def _keep(org: Org, response: StreamingHttpResponse) -> None:
    pieces: Any = response.streaming_content
    response.streaming_content = (
        orgs.kept_within_async(org, pieces) if response.is_async else orgs.kept_within(org, pieces)
    )


def _signed_in(request: HttpRequest, user: User) -> Org | None:
    """The org of the session, as far as the person may see it."""
    number = request.session.get(SESSION_ORG)
    through = list(Standing.objects.filter(user=user).order_by("org_id").values_list("org_id", flat=True))
    if through and number not in through:
        number = through[0]
    found = Org.objects.filter(pk=number).first() if number else None
    return found or Org.objects.order_by("id").first()


def _asked(request: HttpRequest) -> Org | None:
    """The org whose sign-in page is asked for; the first where none is, or where it is none."""
    number = request.GET.get("org") or request.COOKIES.get(COOKIE) or ""
    found = Org.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
    return found or Org.objects.order_by("id").first()
