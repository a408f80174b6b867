"""The orgs that somebody may see: change to another, or add one."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fairlead.domain.role import Role
from fairlead.store import audit, orgs
from fairlead.ui import orgs as bound
from fairlead.ui import standing
from fairlead.ui.access import open_to, role_of


@open_to(Role.NONE)
@never_cache
@require_http_methods(["GET", "POST"])
def every(request: HttpRequest) -> HttpResponse:
    """GET lists them. POST adds one and changes to it: for local accounts, which whoever runs the installation gives out."""
    assert isinstance(request.user, User)
    may_add = standing.is_local(request.user) and role_of(request) is Role.FULL
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
