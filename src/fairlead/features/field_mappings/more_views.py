"""Pages of what mappings wrote, with undoing a run, and of changed addresses that wait for a person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.domain.setting import Of
from fairlead.features.field_mappings import addresses, undo
from fairlead.features.field_mappings.views import page
from fairlead.store import known
from fairlead.store.orgs import default_org


@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """Runs that wrote values."""
    return page(request, "changes", runs=undo.runs(default_org()))


@require_http_methods(["GET", "POST"])
def undo_run(request: HttpRequest, run: int) -> HttpResponse:
    """Say what undoing means; then do it."""
    if request.method == "GET":
        return page(request, "undo", run=run)
    try:
        done = undo.undo(default_org(), run, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("mapping_changes")
    return page(request, "undo", run=run, done=sorted(done.counts.items()))


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Changed addresses that wait, opened for whoever may decide."""
    org = default_org()
    names = {one.id: one.name for one in known.subjects(org, Of.LIST)}
    rows = [(one, names.get(one.list, one.list)) for one in addresses.waiting(org)]
    return page(request, "addresses", rows=rows)


@require_POST
def settle(request: HttpRequest, change: int) -> HttpResponse:
    """Merge two subscribers, or leave both sides as they are."""
    org, by = default_org(), request.user.get_username()
    try:
        if request.POST.get("act") == "merge":
            addresses.merge(org, change, by)
            messages.success(request, _("The old subscriber was taken off the list; the new one stays as it is."))
        else:
            addresses.leave(org, change, by)
            messages.success(request, _("Left as it is."))
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect("mapping_addresses")
