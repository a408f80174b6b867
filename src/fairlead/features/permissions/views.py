"""Pages of access: users of the org with their roles, giving and taking sets, and sessions."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.domain.role import Role
from fairlead.features.permissions import live, rules
from fairlead.features.permissions.org import LAST_PAGE, Wanted
from fairlead.store.orgs import default_org
from fairlead.ui import standing, visits
from fairlead.ui.access import open_to, role_of
from fairlead.ui.models import Standing

HERE = "permissions"
CHOICES = tuple((role, rules.HELP[role]) for role in sorted(Role, reverse=True))


def _page(request: HttpRequest, name: str, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, f"permissions/{name}.html", {"here": HERE, **context}, status=status)


@never_cache
@require_GET
def users(request: HttpRequest) -> HttpResponse:
    """Active users of the org, read now: name, profile, licence, role."""
    given, number = request.GET, request.GET.get("page", "")
    page = min(max(int(number), 1), LAST_PAGE) if number.isdecimal() and len(number) < 5 else 1
    wanted = Wanted(given.get("words", "")[:80], rules.wanted_role(given.get("holds", "")), page)
    context: dict[str, Any] = {"wanted": wanted, "choices": CHOICES, "choice": Role.STANDARD}
    holds = wanted.holds.word if wanted.holds is not None else ""
    try:
        found = live.search(default_org(), wanted)
    except Failure as failure:
        return _page(request, "users", problem=failure, holds=holds, **context)
    asked = {"words": wanted.words, "holds": holds}
    links: dict[str, Any] = {
        "before": urlencode({**asked, "page": page - 1}) if page > 1 else "",
        "after": urlencode({**asked, "page": page + 1}) if found.more and page < LAST_PAGE else "",
        "cut": found.more and page == LAST_PAGE,
    }
    return _page(request, "users", found=found, holds=holds, **context, **links)


@never_cache
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Who would gain, lose or keep what; nothing is changed yet."""
    ids, wanted = _chosen(request)
    if wanted is None or not ids:
        messages.error(request, _("Select users and a permission set (or none) first."))
        return redirect("user_security")
    try:
        changes = live.plan(default_org(), ids, wanted)
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("user_security")
    mine = request.user.get_username() in {each.person.id for each in changes if each.after < Role.FULL}
    return _page(request, "preview", changes=changes, wanted=wanted, lost=rules.lost(changes), mine=mine)


@never_cache
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Change the assignments in the org, and say of each user what became of it."""
    ids, wanted = _chosen(request)
    if wanted is None or not ids:
        messages.error(request, _("Select users and a permission set (or none) first."))
        return redirect("user_security")
    try:
        outcomes = live.save(default_org(), ids, wanted, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("user_security")
    refused = [each for each in outcomes if each.problem]
    lost = [each for each in outcomes if each.lost]
    return _page(request, "saved", outcomes=outcomes, refused=refused, lost=lost, wanted=wanted)


def _chosen(request: HttpRequest) -> tuple[list[str], Role | None]:
    ids = [each for each in request.POST.getlist("user") if each.isalnum() and len(each) == 18]
    return list(dict.fromkeys(ids)), rules.wanted_role(request.POST.get("role", ""))


@open_to(Role.NONE)
@never_cache
@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """One's own sessions; with Full Access those of everybody."""
    assert isinstance(request.user, User)
    every = role_of(request) is Role.FULL
    found = visits.open_visits(None if every else request.user)
    names: dict[str, str] = {}
    kept = {one.user_id: one for one in Standing.objects.filter(org=default_org())}
    ids = {visit.user.get_username() for visit in found if visit.user_id in kept}
    if every and ids:
        try:
            names = {person.id: person.name for person in live.people(default_org(), ids).values()}
        except Failure as failure:
            messages.error(request, _("Names cannot be shown: {failure}").format(failure=failure))
    here = request.session.get(visits.SESSION_VISIT)
    rows = [
        (
            visit,
            names.get(visit.user.get_username(), visit.user.get_username()),
            _role(kept.get(visit.user_id)),
            visit.key == here,
        )
        for visit in found
    ]
    return _page(request, "sessions", rows=rows, every=every)


def _role(kept: Standing | None) -> str:
    return _("Local account") if kept is None else Role(kept.role).label


@open_to(Role.NONE)
@require_POST
def end_session(request: HttpRequest, number: int) -> HttpResponse:
    """End one of one's own sessions, or, with Full Access, anybody's."""
    assert isinstance(request.user, User)
    of = None if role_of(request) is Role.FULL else request.user
    if visits.end_one(number, request.user.get_username(), of):
        messages.success(request, _("The session has ended: its next click leads to the sign-in page."))
    else:
        messages.error(request, _("There is no such session, or it had ended already."))
    return redirect("sessions")


@open_to(Role.NONE)
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Read one's role in Salesforce now, rather than in some minutes."""
    assert isinstance(request.user, User)
    if standing.of(default_org(), request.user) is None:
        return redirect("account")
    try:
        kept = standing.again(default_org(), request.user)
        messages.success(request, _("Your role is {label}.").format(label=Role(kept.role).label))
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect("account")
