"""The orgs that somebody may see: change to another; for whoever runs the installation: add, rename and remove."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fairlead.domain.failure import Failure, RefusedByGuard
from fairlead.domain.role import Role
from fairlead.store import audit, leaving, orgs, setting_rows
from fairlead.store.models import Org
from fairlead.ui import orgs as bound
from fairlead.ui import stale, standing
from fairlead.ui.access import open_to, role_of


@open_to(Role.NONE)
@never_cache
@require_http_methods(["GET", "POST"])
def every(request: HttpRequest) -> HttpResponse:
    """GET lists them. POST adds one and changes to it: for local accounts, which whoever runs the installation gives out."""
    assert isinstance(request.user, User)
    may_add = _runs_it(request)
    name, problem = request.POST.get("name", ""), None
    if request.method == "POST" and may_add:
        try:
            org = orgs.add(name)
        except orgs.OrgNameTaken as failure:
            problem = failure
        else:
            audit.record(org, request.user.get_username(), "add org", org.name)
            bound.bind(request, org)
            messages.success(request, _("This is {org} now. Connect its two sides.").format(org=org.name))
            return redirect("set_up")
    context = {
        "orgs": bound.visible(request.user),
        "here": orgs.default_org(),
        "may_add": may_add,
        "name": name,
        "problem": problem,
    }
    return render(request, "ui/orgs.html", context, status=400 if problem else 200)


@open_to(Role.FULL)
@never_cache
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """GET shows the org's name, and what its removal would delete. POST gives it another name."""
    org, before = _of_installation(request, number)
    if request.method == "GET":
        return _org_page(request, org)
    try:
        stale.check(request.POST, stale.mark(org.name), _("Name"))
        orgs.rename(org, request.POST.get("name", ""))
    except (orgs.OrgNameTaken, setting_rows.ChangedMeanwhile) as failure:
        return _org_page(request, org, problem=failure, name=request.POST.get("name", ""))
    audit.record(org, request.user.get_username(), "rename org", org.name, before=before, after=org.name)
    messages.success(request, _("The org is called {org} now.").format(org=org.name))
    return redirect("orgs")


@open_to(Role.FULL)
@require_POST
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Delete everything kept of the org, if its name was typed and nothing of it runs."""
    org, name = _of_installation(request, number)
    try:
        leaving.remove(org, request.POST.get("name", ""), request.user.get_username())
    except RefusedByGuard as failure:
        return _org_page(request, org, refused=failure, typed=request.POST.get("name", ""))
    messages.success(request, _("{org} is removed.").format(org=name))
    return redirect("orgs")


def _org_page(
    request: HttpRequest,
    org: Org,
    problem: Failure | None = None,
    name: str | None = None,
    refused: Failure | None = None,
    typed: str = "",
) -> HttpResponse:
    context = {
        "org": org,
        "going": leaving.look(org),
        "seen": stale.mark(org.name),
        "name": org.name if name is None else name,
        "problem": problem,
        "refused": refused,
        "typed": typed,
    }
    return render(request, "ui/org.html", context, status=400 if problem or refused else 200)


def _runs_it(request: HttpRequest) -> bool:
    """Whether this is somebody to whom the installation belongs: a local account, all of whose doors are open."""
    assert isinstance(request.user, User)
    return standing.is_local(request.user) and role_of(request) is Role.FULL


def _of_installation(request: HttpRequest, number: int) -> tuple[Org, str]:
    """An org and its name, for who runs the installation; for others it is not there."""
    org = next((one for one in orgs.every() if one.pk == number), None) if _runs_it(request) else None
    if org is None:
        raise Http404
    return org, org.name


@open_to(Role.NONE)
@require_POST
def switch(request: HttpRequest, number: int) -> HttpResponse:
    """From now on this session is about another org."""
    assert isinstance(request.user, User)
    org = next((one for one in bound.visible(request.user) if one.pk == number), None)
    if org is None:
        raise Http404
    bound.bind(request, org)
    messages.success(request, _("This is {org} now.").format(org=org.name))
    return redirect("home")
