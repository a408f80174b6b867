"""Pages of jobs: the list, one job as it goes, and the acts on it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.jobs import api, registry, views_of
from fairlead.jobs.models import Job, State
from fairlead.store.orgs import default_org
from fairlead.ui.access import Role, role_of

HERE = "job_list"
A_PAGE = 25


@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs, newest first, perhaps of one state; below Full Access those that one asked for oneself."""
    state = request.GET.get("state", "")
    found = _open_to(request).only(
        "id", "kind", "state", "created_at", "finished_at", "requested_by", "reason", "phase", "args"
    )
    if state in State.values:
        found = found.filter(state=state)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    rows = [(job, registry.title(job.kind)) for job in page.object_list]
    context = {"here": HERE, "page": page, "rows": rows, "state": state, "states": State.choices}
    return render(request, "job_list/jobs.html", context)


@require_GET
def job(request: HttpRequest, number: int) -> HttpResponse:
    """One job: stages, counts, reason and next step, refused rows."""
    return render(request, "job_list/job.html", {"here": HERE, **views_of.run(_job(request, number))})


@require_GET
def job_run(request: HttpRequest, number: int) -> HttpResponse:
    """The fragment of one job; it asks for itself again while the job goes on."""
    return render(request, "job_list/_job.html", views_of.run(_job(request, number)))


@require_POST
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Cancel a job that waits or runs."""
    try:
        api.cancel(_job(request, number).number, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect("job", number)


@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Ask anew for what an ended job was to do, and show that."""
    try:
        fresh = api.retry(_job(request, number).number, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("job", number)
    return redirect("job", fresh.number)


def _job(request: HttpRequest, number: int) -> Job:
    return get_object_or_404(_open_to(request), pk=number)


def _open_to(request: HttpRequest) -> QuerySet[Job]:
    found = Job.objects.filter(org=default_org())
    return found if role_of(request) is Role.FULL else found.filter(requested_by=request.user.get_username())
