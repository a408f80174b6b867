"""Pages of imports: the list of them, one with its history, who was refused in a run, and what can be done."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.domain.outward_settings import PAUSED
from fairlead.domain.words import noop
from fairlead.features.import_wizard import acts, live
from fairlead.features.import_wizard.models import Import, ImportRun
from fairlead.features.import_wizard.rules.given import DAY_NAMES
from fairlead.features.import_wizard.rules.rows import reason
from fairlead.features.import_wizard.rules.words import Refresh, SourceKind, Status
from fairlead.jobs import api, views_of
from fairlead.jobs.models import Job
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.ui.charts import Chart, Series

HERE = "import_wizard"
SHOWN_IN_CHART = 15
BADGE = {
    Status.COMPLETED: "done",
    Status.FAILED: "failed",
    Status.TOO_LARGE: "failed",
    Status.HOLDING: "holding",
    Status.WAITING: "warning",
    Status.NEVER: "holding",
    Status.CANCELLED: "cancelled",
    Status.QUEUED: "queued",
}


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """One of this room's pages."""
    return render(request, f"import_wizard/{template}.html", {"here": HERE, **context})


def found(number: int) -> Import:
    """The import of this number. Raises Http404."""
    return get_object_or_404(Import, org=default_org(), pk=number)


def who(request: HttpRequest) -> str:
    """Who asks, as the audit log names them."""
    return str(request.user.get_username())


def shown(owner: Import) -> dict[str, Any]:
    """An import in words."""
    status = acts.status(owner)
    return {
        "import": owner,
        "kind": SourceKind(owner.kind).label,
        "refresh": Refresh(owner.refresh).label,
        "schedule": _schedule(owner.hours, owner.days),
        "status": status,
        "badge": BADGE.get(status, "running"),
        "seen": acts.mark(owner),
    }


@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """All imports with their status and next run."""
    org = default_org()
    rows = [shown(one) for one in Import.objects.filter(org=org)]
    return page(request, "imports", rows=rows, paused=setting_rows.value(org, PAUSED))


@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One import: how it stands, what it does, its history."""
    owner = found(number)
    history = acts.runs(owner)
    return page(
        request,
        "import",
        **shown(owner),
        **_status(owner),
        history=history,
        reasons=_refusals(history[0][0]) if history else [],
        chart=_chart(history),
        paused=setting_rows.value(owner.org, PAUSED),
    )


@require_GET
def status_part(request: HttpRequest, number: int) -> HttpResponse:
    """The fragment that tells how an import stands; it asks for itself again while a run goes on."""
    owner = found(number)
    return page(request, "_status", **shown(owner), **_status(owner))


@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a run now."""
    owner = found(number)
    try:
        acts.run(owner, who(request), allow_large_changes=request.POST.get("allow_large_changes") == "yes")
    except Failure as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, _("The import is asked for; this page follows it."))
    return redirect("import", number)


@require_POST
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Cancel the run that waits or goes on; what was written stays."""
    for job in acts.jobs_of(found(number)):
        if not job.ended:
            api.cancel(job.pk, who(request))
    return redirect("import", number)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, number: int) -> HttpResponse:
    """Say what deleting means; delete when that is confirmed."""
    owner = found(number)
    if request.method == "POST":
        acts.delete(owner, who(request))
        messages.success(request, _("The import is deleted. Everybody whom it brought stays on the list."))
        return redirect("imports")
    return page(request, "delete", **shown(owner))


@require_GET
def rows(request: HttpRequest, number: int, job: int) -> HttpResponse:
    """Who was refused in a run: read from the source at this moment, on request."""
    owner = found(number)
    run = ImportRun.objects.filter(owner=owner, job=job).first()
    if run is None:
        raise Http404
    code = request.GET.get("code", "")
    context: dict[str, Any] = {"run": run, "refusals": _refusals(run), "code": code, **shown(owner)}
    if "read" in request.GET:
        try:
            context["found"] = live.refused(run, code)
        except Failure as failure:
            context["problem"] = str(failure)
    return page(request, "rows", **context)


def _schedule(hours: Sequence[int], days: Sequence[int]) -> str:
    """A schedule as people read it; blank for none."""
    if not hours or not days:
        return ""
    clock = ", ".join(f"{hour:02}:00" for hour in hours)
    names = ", ".join(_(DAY_NAMES[day]) for day in days)
    at = _("Every hour") if len(hours) == 24 else _("At {hours}").format(hours=clock)
    on = _("every day") if len(days) == 7 else _("on {days}").format(days=names)
    return f"{at}, {on}"


def _status(owner: Import) -> dict[str, Any]:
    latest = next(iter(acts.jobs_of(owner)), None)
    return views_of.run(latest) if latest is not None else {"job": None}


def _refusals(run: ImportRun) -> list[dict[str, Any]]:
    counted = sorted(run.codes.items(), key=lambda pair: -int(pair[1]))
    return [{"code": code, "rows": count, "reason": reason(code)} for code, count in counted]


def _chart(history: list[tuple[ImportRun, Job | None]]) -> Chart | None:
    """What the last runs did, the oldest first."""
    ended = [run for run, _job in history[:SHOWN_IN_CHART] if run.counts][::-1]
    if len(ended) < 2:
        return None
    series = [
        Series(label, [int(run.counts.get(name, 0)) for run in ended])
        for name, label in (("written", noop("Written")), ("refused", noop("Refused")), ("removed", noop("Taken off")))
    ]
    return Chart("runs", noop("What the last runs did"), [str(run.job) for run in ended], series, unit=noop("Job"))
