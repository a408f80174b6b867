"""Further pages of maintenance: the audit log, page layouts, internal limits, notifications, workers."""

from dataclasses import fields
from typing import Any, Final
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.conf import settings as deployment
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.maintenance import layouts, notified, notifying, reading, settings
from fairlead.features.maintenance.notified import NEVER_SHOWN, BadNotified, Sealed
from fairlead.features.maintenance.views import HERE, streamed
from fairlead.features.maintenance.ways import WAYS
from fairlead.jobs import api, engine, registry
from fairlead.jobs.models import Job, State
from fairlead.jobs.states import ACTIVE
from fairlead.store import audit as audit_log
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry
from fairlead.store.orgs import default_org
from fairlead.sync import limits as sync_limits
from fairlead.ui.settings_forms import SettingsForm

A_PAGE: Final = 50
LIMITS: Final = (*sync_limits.SETTINGS, settings.LINES, api.ATTEMPTS)
HOLDING_SHOWN: Final = 50


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Who changed what, from what to what; by person, act and day."""
    org, sent = default_org(), request.GET.dict()
    page = Paginator(reading.audit(org, sent), A_PAGE).get_page(sent.pop("page", None))
    everything = AuditEntry.objects.filter(org=org).order_by()
    context = {
        "here": HERE,
        "tab": "audit",
        "page": page,
        "sent": {name: sent.get(name, "") for name in ("who", "what", "find", "from", "to")},
        "people": sorted(everything.values_list("who", flat=True).distinct()),
        "acts": sorted(everything.values_list("what", flat=True).distinct()),
        "query": urlencode(sent),
        "days": setting_rows.value(org, audit_log.DAYS),
        "form": SettingsForm(org, [audit_log.DAYS]),
    }
    return render(request, "maintenance/audit.html", context)


@require_GET
def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same as a file, all pages of it."""
    found = reading.audit(default_org(), request.GET.dict())
    rows = (list(reading.entry(each).values()) for each in found.iterator(chunk_size=500))
    return streamed("audit-log.csv", ("at", "who", "what", "subject", "before", "after"), rows)


@require_GET
def all_layouts(request: HttpRequest) -> HttpResponse:
    """The page layouts; read live where that is asked for, as it takes some seconds."""
    context: dict[str, Any] = {"here": HERE, "tab": "layouts", "read": "read" in request.GET}
    context["last"] = Job.objects.filter(org=default_org(), kind=layouts.KIND).first()
    return render(request, "maintenance/layouts.html", context | (_layouts() if context["read"] else {}))


@require_GET
def layouts_now(request: HttpRequest) -> HttpResponse:
    """The fragment with the layouts as they are now."""
    return render(request, "maintenance/_layouts.html", _layouts())


@require_GET
def layouts_preview(request: HttpRequest) -> HttpResponse:
    """What adding or removing would change on the chosen layouts, read now."""
    act = request.GET.get("act", "")
    names = set(request.GET.getlist("layout"))
    if act not in layouts.ACTS or not names:
        messages.error(request, _("Choose at least one layout, then what is to be done."))
        return redirect("layouts")
    context = _layouts()
    chosen = [layout for layout in context.get("found", ()) if layout.name in names]
    rows = [(layout, layout.changes(act)) for layout in chosen]
    context |= {"here": HERE, "tab": "layouts", "act": act, "rows": rows, "any": any(parts for _, parts in rows)}
    return render(request, "maintenance/layouts_preview.html", context)


@require_POST
def layouts_change(request: HttpRequest) -> HttpResponse:
    """Ask for the job that changes the chosen layouts."""
    act, names = request.POST.get("act", ""), sorted(set(request.POST.getlist("layout")))
    if act not in layouts.ACTS or not names:
        messages.error(request, _("Choose at least one layout, then what is to be done."))
        return redirect("layouts")
    org, by = default_org(), request.user.get_username()
    job = api.ask(org, layouts.KIND, args={"act": act, "layouts": names}, by=by)
    audit_log.record(org, by, f"{act} page layouts", f"{len(names)} layouts", after=names)
    return redirect("job", job.number)


def _layouts() -> dict[str, Any]:
    try:
        return {"found": async_to_sync(layouts.read)(default_org().pk)}
    except Failure as failure:
        return {"found": [], "problem": failure}


@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest) -> HttpResponse:
    """Internal limits: what a run does at once. The defaults are normally fine."""
    form = SettingsForm(default_org(), LIMITS)
    if request.method == "POST" and form.save(request.POST, request.user.get_username()):
        messages.success(request, _("Saved. The next job reads it."))
        return redirect("limits")
    return render(request, "maintenance/limits.html", {"here": HERE, "tab": "limits", "form": form})


@require_http_methods(["GET", "POST"])
def notifications(request: HttpRequest) -> HttpResponse:
    """Who is told of what, and by which way. What is secret or an address is sealed; two of them are never shown again."""
    org, by = default_org(), request.user.get_username()
    form, typed, wrong = SettingsForm(org, settings.NOTICES), {}, {}
    try:
        sealed = notified.read(org)
    except Failure as failure:
        sealed = Sealed()
        messages.error(request, str(failure))
    if request.method == "POST":
        typed = {name: request.POST[name] for name in notified.FIELDS if name in request.POST}
        try:
            notified.checked(Sealed(**{name: typed.get(name, "") for name in notified.FIELDS}))
            if form.save(request.POST, by):
                notified.write(org, typed, by)
                messages.success(request, _("Saved. Send a test by each way that is switched on."))
                return redirect("notifications")
        except BadNotified as failure:
            wrong[failure.field] = f"{failure.text} {failure.step}"
        except Failure as failure:
            messages.error(request, str(failure))
    shown = {each.name: typed.get(each.name, getattr(sealed, each.name)) for each in fields(Sealed)}
    kept = {name: bool(getattr(sealed, name)) for name in NEVER_SHOWN}
    shown |= dict.fromkeys(NEVER_SHOWN, "")
    context = {"here": HERE, "tab": "notifications", "form": form, "sealed": shown, "kept": kept, "wrong": wrong}
    return render(request, "maintenance/notifications.html", {**context, "ways": WAYS.values()})


@require_POST
def notifications_test(request: HttpRequest) -> HttpResponse:
    """Send a test by one way, now, whether it is switched on or not."""
    way = WAYS.get(request.POST.get("way", ""))
    if way is None:
        messages.error(request, _("Choose by which way."))
        return redirect("notifications")
    try:
        async_to_sync(notifying.send_test)(default_org(), way.name)
    except Failure as failure:
        messages.error(request, f"{way.title}: {failure}")
    else:
        messages.success(request, _("{title}: a test was sent. Look whether it arrived.").format(title=way.title))
    return redirect("notifications")


@require_GET
def workers(request: HttpRequest) -> HttpResponse:
    """Why jobs hold (F75), and whether there are workers."""
    org = default_org()
    active = list(Job.objects.filter(org=org, state__in=ACTIVE).order_by("id"))
    holding = Job.objects.filter(org=org, state=State.HOLDING).order_by("id")
    busy = {(job.kind, job.key) for job in active}
    kinds = {job.kind for job in active}
    context = {
        "here": HERE,
        "tab": "workers",
        "living": engine.living_workers(deployment.FAIRLEAD_STALE_SECONDS),
        "slots": deployment.FAIRLEAD_SLOTS,
        "active": [(job, registry.title(job.kind)) for job in active],
        "holding": [(job, registry.title(job.kind), _why(job, busy, kinds)) for job in holding[:HOLDING_SHOWN]],
        "waiting": holding.count(),
    }
    return render(request, "maintenance/workers.html", context)


def _why(job: Job, busy: set[tuple[str, str]], kinds: set[str]) -> str:
    """Why a job holds."""
    if (job.kind, job.key) in busy:
        return "The same work is already under way: two at once could overwrite one another."
    if registry.apart(job.kind) & kinds:
        return "Work is under way that it must not run beside."
    if len(busy) >= deployment.FAIRLEAD_SLOTS:
        return "All slots are taken: it is given the next one in its turn."
    return "It is given a slot within seconds."
