"""Pages of the primary sync: settings, the last run as it goes, and the acts on it."""

from typing import Any
from zoneinfo import available_timezones

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.primary_sync import clean, rules
from fairlead.jobs import api, schedules, views_of
from fairlead.jobs.models import Frequency, Job, Schedule, State
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import guard, sides
from fairlead.sync.failures import salesforce_failures
from fairlead.ui import rooms, stale

HERE = "primary_sync"


@require_GET
def settings_page(request: HttpRequest) -> HttpResponse:
    """Frequency, next run, last status with live progress, and what other rooms lend to this page."""
    org = default_org()
    context = {"here": HERE, "panels": rooms.panels("sync_settings", request), **_schedule(org), **_run(org)}
    return render(request, "primary_sync/settings.html", context)


@require_POST
def set_frequency(request: HttpRequest) -> HttpResponse:
    """Save the frequency at once; htmx gets the schedule's fragment, a browser without it the page."""
    org = default_org()
    problem = ""
    try:
        now = _schedule(org)
        stale.check(
            request.POST, now["seen"], _("Import frequency"), now["schedule"].changed_by if now["schedule"] else ""
        )
        zone = request.POST.get("timezone", "") or _zone_of(org)
        schedules.set_frequency(org, rules.KIND, request.POST.get("frequency", ""), _who(request), timezone=zone)
    except Failure as failure:
        problem = str(failure)
    if request.headers.get("HX-Request") == "true":
        return render(
            request, "primary_sync/_schedule.html", {**_schedule(org), "saved": not problem, "problem": problem}
        )
    if problem:
        messages.error(request, problem)
    return redirect("sync_settings")


@require_POST
def turn_off(request: HttpRequest) -> HttpResponse:
    """Stop the schedule; runs asked for by hand still work."""
    schedules.set_frequency(default_org(), rules.KIND, Frequency.NEVER, _who(request))
    messages.success(
        request, _("The primary sync is turned off. Sync now still works; choose a frequency to turn it on again.")
    )
    return redirect("sync_settings")


@require_POST
def sync_now(request: HttpRequest) -> HttpResponse:
    """Ask for a run of what changed."""
    api.ask(default_org(), rules.KIND, by=_who(request))
    return redirect("sync_settings")


@require_http_methods(["GET", "POST"])
def full_sync(request: HttpRequest) -> HttpResponse:
    """Say in numbers what a full sync does, in either way; ask for it when that is confirmed."""
    org = default_org()
    anew = request.POST.get("way") == "clean"
    typed = request.POST.get("confirm", "")
    refused = anew and not rules.confirmed(typed, org.name)
    if request.method == "POST" and not refused:
        args = {"full": True, "clean": True} if anew else {"full": True}
        api.ask(org, rules.KIND, args=args, by=_who(request))
        return redirect("sync_settings")
    last = _last(org, counts__read__gt=0)
    context = {
        "here": HERE,
        "last": last,
        "counts": last.counts if last else {},
        "clean": anew,
        "typed": typed,
        "refused": refused,
        "words": rules.CLEAN_WORDS,
        "org_name": rules.org_word(org.name),
        "share": setting_rows.value(org, guard.SWEEP_SHARE),
        "records": setting_rows.value(org, guard.SWEEP_RECORDS),
        "count": request.method == "POST" or "count" in request.GET,
    }
    if context["count"]:
        context |= _existing(org)
    return render(request, "primary_sync/full.html", context)


@require_GET
def existing(request: HttpRequest) -> HttpResponse:
    """The fragment that says what starting clean would delete, counted in Salesforce now."""
    return render(request, "primary_sync/_existing.html", _existing(default_org()))


@require_GET
def last_run(request: HttpRequest) -> HttpResponse:
    """The fragment of the last run; it asks for itself again while the run goes on."""
    return render(request, "primary_sync/_run.html", _run(default_org()))


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Cancel the run that waits or goes on; harmless when it has just ended."""
    job = _last(default_org())
    if job is not None and not job.ended:
        try:
            api.cancel(job.number, _who(request))
        except Failure as failure:
            messages.error(request, str(failure))
    return redirect("sync_settings")


def _zone_of(org: Org) -> str:
    """The time zone of the schedule; before there is one, that of the Salesforce org, or UTC where it cannot be asked."""
    schedule = Schedule.objects.filter(org=org, kind=rules.KIND).first()
    if schedule is not None:
        return schedule.timezone

    async def ask() -> str:
        async with sides.salesforce(org.pk) as crm:
            async for page in crm.query("SELECT TimeZoneSidKey FROM Organization"):
                return str(page[0]["TimeZoneSidKey"] or "UTC")
        return "UTC"

    try:
        with salesforce_failures("read the org's time zone"):
            return async_to_sync(ask)()
    except Failure:
        return "UTC"


def _schedule(org: Org) -> dict[str, Any]:
    schedule = Schedule.objects.filter(org=org, kind=rules.KIND).first()
    return {
        "seen": stale.mark(schedule.frequency if schedule else "never", schedule.timezone if schedule else ""),
        "schedule": schedule,
        "frequency": schedule.frequency if schedule else "never",
        "choices": Frequency.choices,
        "zones": sorted(available_timezones()),
        "zone": schedule.timezone if schedule else "",
    }


def _existing(org: Org) -> dict[str, Any]:
    """What starting clean would delete, counted in Salesforce now; or why that cannot be told."""

    async def count() -> dict[str, int]:
        async with sides.salesforce(org.pk) as crm:
            return await clean.existing(crm)

    try:
        counted = async_to_sync(count)()
    except Failure as failure:
        return {"existing": [], "problem": failure}
    return {"existing": [(rules.LABELS[name], number) for name, number in counted.items()], "problem": None}


def _run(org: Org) -> dict[str, Any]:
    job = _last(org)
    return views_of.run(job) if job else {"job": None}


def _last(org: Org, **only: Any) -> Job | None:
    return Job.objects.filter(org=org, kind=rules.KIND, **only).exclude(state=State.CANCELLED, attempt=0).first()


def _who(request: HttpRequest) -> str:
    return request.user.get_username()
