"""Sessions of people: each has a beginning, is ended by time or by somebody, and says why it ended.

The role stands in the session as long as it holds; it is looked at with every request.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from fairlead.domain.role import Role
from fairlead.domain.setting import Values
from fairlead.store import audit, setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org, every
from fairlead.ui import standing
from fairlead.ui.access import SESSION_PERMISSIONS, SESSION_ROLE
from fairlead.ui.models import Standing, Visit
from fairlead.ui.session_settings import ABSOLUTE, IDLE

SESSION_VISIT: Final = "fairlead_visit"
KEPT: Final = timedelta(days=8)
"""How long an ended visit is remembered: longer than any session cookie lives, so that a late click is told why."""
_SEEN_EVERY: Final = timedelta(seconds=30)


class Ending(StrEnum):
    """Why a session ended."""

    OUT = "out"
    IDLE = "idle"
    AGE = "age"
    TAKEN = "taken"
    UNCONFIRMED = "unconfirmed"
    BY_SOMEBODY = "ended"


SAYS: Final[dict[str, str]] = {
    Ending.IDLE: "Your session has ended, because it was not used for a while. Sign in again.",
    Ending.AGE: "Your session has ended, because it was long. Sign in again.",
    Ending.TAKEN: "You no longer have access to Fairlead: your permission set was taken away, or your user is no longer "
    "active. To get access back, ask your Salesforce admin to give you one of the permission sets “Fairlead Full Access”, "
    "“Fairlead Standard Access” or “Fairlead Limited Access” (page User security, or Setup › Users › Permission Set "
    "Assignments). Then sign in again.",
    Ending.UNCONFIRMED: "Your session has ended, because Salesforce did not answer for too long to confirm your role. "
    "Sign in again when it does. Who runs this installation can print a one-time link: `fairlead sign-in`.",
    Ending.BY_SOMEBODY: "Your session was ended from the page of sessions. Sign in again.",
}
"""What the sign-in page says to whom a session ended."""


def begin(request: HttpRequest, user: User) -> Visit:
    """A person has signed in. Visits that ended long ago are forgotten on the way."""
    now = timezone.now()
    Visit.objects.filter(seen_at__lt=now - KEPT).delete()
    visit = Visit.objects.create(key=secrets.token_hex(16), user=user, org=default_org(), started_at=now, seen_at=now)
    request.session[SESSION_VISIT] = visit.key
    return visit


def begun(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Django's signal: somebody was signed in, whatever the way."""
    if hasattr(request, "session"):
        begin(request, user)


def left(sender: object, request: HttpRequest, user: User | None, **_: Any) -> None:
    """Django's signal: somebody signs out."""
    key = request.session.get(SESSION_VISIT) if hasattr(request, "session") else None
    if key:
        _open().filter(key=key).update(ended_at=timezone.now(), reason=Ending.OUT)


def open_visits(user: User | None = None) -> list[Visit]:
    """Sessions in this org that go on, of one person or of all, as far as time has not ended them."""
    chosen, now = setting_rows.values(default_org()), timezone.now()
    found = _open().select_related("user").filter(org=default_org())
    if user is not None:
        found = found.filter(user=user)
    return [visit for visit in found if not _over(visit, chosen, now)]


def end(visits: QuerySet[Visit], reason: Ending) -> int:
    """End these, at their next request; how many went on."""
    return visits.filter(ended_at=None).update(ended_at=timezone.now(), reason=reason)


def end_one(number: int, by: str, of: User | None = None) -> bool:
    """End one session, if it is this person's (or anybody's, where `of` is left out); whether it went on."""
    found = _open().filter(org=default_org(), pk=number)
    ended = end(found if of is None else found.filter(user=of), Ending.BY_SOMEBODY) > 0
    if ended:
        audit.record(default_org(), by, "end session", str(number))
    return ended


def move_from(org: Org) -> None:
    """The org is removed: sessions of local accounts, which were about it last, go on in the first of the others."""
    other = next(one for one in every() if one.pk != org.pk)
    Visit.objects.filter(org=org, user__standings=None).update(org=other)


def end_of(org: Org, username: str, reason: Ending) -> int:
    """End all sessions of a person in an org; how many went on."""
    return end(_open().filter(org=org, user__username=username), reason)


def _open() -> QuerySet[Visit]:
    return Visit.objects.filter(ended_at=None)


def _over(visit: Visit, chosen: Values, now: datetime) -> Ending | None:
    if now - visit.started_at >= timedelta(hours=chosen.of(ABSOLUTE)):
        return Ending.AGE
    return Ending.IDLE if now - visit.seen_at >= timedelta(minutes=chosen.of(IDLE)) else None


class VisitMiddleware:
    """Ends what has to end before anything is shown or done, and keeps the role in the session true."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self._get_response(request)
        reason = _look(request, request.user)
        if reason is not None:
            logout(request)
            if not request.path.startswith("/api/"):
                return _told(request, reason)
        response = self._get_response(request)
        add_never_cache_headers(response)  # nothing of a person's pages stays behind on a shared machine
        return response


def _look(request: HttpRequest, user: User) -> Ending | None:
    """Why this session must end, if it must."""
    key = request.session.get(SESSION_VISIT)
    visit = _visit(key) if key else begin(request, user)
    if visit is None:
        return Ending.IDLE
    if visit.ended_at is not None:
        return Ending(visit.reason)
    org, now = default_org(), timezone.now()
    chosen = setting_rows.values(org)
    over = _over(visit, chosen, now)
    if over is None:
        kept = standing.of(org, user)
        if kept is not None:
            over = _standing(request, standing.fresh(org, kept, chosen))
        elif not standing.is_local(user):  # came in through another org, and sees nothing of this one
            over = Ending.TAKEN
    if over is not None:
        end(Visit.objects.filter(pk=visit.pk), over)
    elif now - visit.seen_at >= _SEEN_EVERY or visit.org_id != org.pk:
        Visit.objects.filter(pk=visit.pk).update(seen_at=now, org=org)
    return over


def _visit(key: str) -> Visit | None:
    return Visit.objects.filter(key=key).first()


def _standing(request: HttpRequest, now: Standing | None) -> Ending | None:
    if now is None:
        return Ending.UNCONFIRMED
    if now.role == Role.NONE:
        return Ending.TAKEN
    for name, value in ((SESSION_ROLE, now.role), (SESSION_PERMISSIONS, now.permissions)):
        if request.session.get(name) != value:
            request.session[name] = value
    return None


def _told(request: HttpRequest, reason: Ending) -> HttpResponse:
    where = f"{reverse('sign_in')}?{urlencode({'ended': str(reason)})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": where})
    return redirect(where)
