"""The first page: its frame is drawn from the database, what is read live comes in parts, each for itself."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from fairlead.domain.failure import Failure
from fairlead.domain.words import noop
from fairlead.features.home import live, rules
from fairlead.jobs.models import Job, Schedule, State
from fairlead.store.models import Org, RowRefusal
from fairlead.store.orgs import default_org
from fairlead.ui import rooms
from fairlead.ui.access import Role, open_to, opens, role_of

HERE: Final = "home"
FAILED_DAYS: Final = 7


@open_to(Role.LIMITED)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The last sync, the next, open problems, members by state, both connections; live parts follow.

    Who may less is led to the first page that is open.
    """
    if role_of(request) < Role.STANDARD:
        entries = [room.entry for room in rooms.menu() if room.name != HERE and opens(request, room.entry)]
        return redirect(entries[0]) if entries else render(request, "web/nothing_here.html")
    org = default_org()
    last = Job.objects.filter(org=org, kind=rules.SYNC).first()
    problems = _problems(org, last, timezone.now())
    role = role_of(request)
    lent = [panel for panel in rooms.panels("problems", request, role) if panel.strip()]
    return render(
        request,
        "home/home.html",
        {
            "here": HERE,
            "last": last,
            "seconds": _seconds(last),
            "schedule": Schedule.objects.filter(org=org, next_run_at__isnull=False).order_by("next_run_at").first(),
            "heading": rules.heading(last.state if last else "", len(problems) + len(lent)),
            "open": len(problems) + len(lent) if last and last.state != "failed" else 0,
            "problems": problems,
            "lent": lent,
            "panels": rooms.panels("home", request, role),
        },
    )


@require_GET
def org(request: HttpRequest) -> HttpResponse:
    """Storage and API calls of the org, read now."""
    context: dict[str, Any] = {}
    try:
        context["allowances"] = live.allowances(default_org(), timezone.now())
    except Failure as failure:
        context["problem"] = failure
    return _part(request, "home/_org.html", noop("The org's allowances"), context)


@require_GET
def charts(request: HttpRequest) -> HttpResponse:
    """Charts of the last weeks, by week or by day."""
    weekly = request.GET.get("by") != "day"
    context: dict[str, Any] = {"weekly": weekly}
    try:
        context["charts"] = live.charts(default_org(), timezone.now().date(), weekly=weekly)
    except Failure as failure:
        context["problem"] = failure
    return _part(request, "home/_charts.html", noop("Charts"), context)


def _part(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    """A part for the page that asked for it, or a page of its own where no script asked."""
    if request.headers.get("HX-Request"):
        return render(request, template, context)
    return render(request, "home/part.html", {"here": HERE, "template": template, "title": title, **context})


def _seconds(job: Job | None) -> float | None:
    if job is None or job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def _problems(org: Org, last: Job | None, now: datetime) -> list[dict[str, Any]]:
    """What a person should look at, with a way to it: the last sync's failures, refused rows, failed jobs."""
    problems: list[dict[str, Any]] = []
    if last is not None:
        if last.state == State.FAILED and last.reason:
            problems.append({"text": last.reason, "code": last.support_code, "job": last})
        failed = rules.failed_stages(last.stages)
        told = [{"text": f"{title}: {message}", "job": last} for title, message in failed if message != last.reason]
        problems += told
    refused = RowRefusal.objects.filter(org=org).count()
    if refused:
        newest = (
            RowRefusal.objects.filter(org=org, job_id__isnull=False).order_by("-job_id").values_list("job_id").first()
        )
        problems.append({"refused": refused, "number": newest[0] if newest else None})
    since = now - timedelta(days=FAILED_DAYS)
    others = Job.objects.filter(org=org, state=State.FAILED, finished_at__gte=since)
    if last is not None:
        others = others.exclude(pk=last.pk)
    if count := others.count():
        problems.append({"failed": count, "days": FAILED_DAYS})
    return problems
