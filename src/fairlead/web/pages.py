"""The first page: is all well, and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from fairlead.jobs import views_of
from fairlead.jobs.models import Job, Schedule
from fairlead.store.orgs import default_org
from fairlead.ui import rooms
from fairlead.ui.access import Role, open_to, opens, role_of


@open_to(Role.LIMITED)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The last sync, the next, and what both connections say. Who may less is led to the first page that is open."""
    if role_of(request) < Role.STANDARD:
        entries = [room.entry for room in rooms.menu() if opens(request, room.entry)]
        return redirect(entries[0]) if entries else render(request, "web/nothing_here.html")
    org = default_org()
    last = Job.objects.filter(org=org).first()
    context = {
        "schedule": Schedule.objects.filter(org=org).first(),
        "panels": rooms.panels("sync_settings", request, role_of(request)),
        **(views_of.run(last) if last else {"job": None}),
    }
    return render(request, "web/home.html", context)
