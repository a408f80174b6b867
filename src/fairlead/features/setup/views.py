"""The pages of set-up, one a step. Each can be left and opened again: what is done is told by what is there."""

from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.features.setup import choosing, deploying, flow, having, looking, state
from fairlead.features.setup.models import RefusedComponent
from fairlead.features.setup.rules import checks, steps
from fairlead.features.setup.rules.steps import Step
from fairlead.jobs import engine, views_of
from fairlead.jobs.models import Job
from fairlead.salesforce.describe import NEWEST_API
from fairlead.salesforce.package import package_from_source
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import sides, standing
from fairlead.sync.failures import salesforce_failures
from fairlead.ui import rooms

HERE = "setup"


def address(step: Step) -> str:
    """Where the page of a step is."""
    return reverse(f"set_up_{step.replace('-', '_')}")


def page(request: HttpRequest, step: Step | None, context: dict[str, Any], template: str = "") -> HttpResponse:
    """A page of the path, with the way to the steps around it."""
    finished = steps.done(state.look(default_org()))
    name = template or (step.replace("-", "_") if step else "overview")
    around = {}
    if step is not None:
        former, latter = steps.before(step), steps.after(step)
        around = {
            "step_title": steps.TITLES[step],
            "number": list(Step).index(step) + 1,
            "is_done": step in finished,
            "missing": [(steps.TITLES[each], address(each)) for each in steps.missing(step, finished)],
            "back": address(former) if former else "",
            "next": address(latter) if latter else "",
            "next_title": steps.TITLES[latter] if latter else "",
        }
    path = [(stop, address(stop.step)) for stop in steps.path(finished, step)]
    return render(request, f"setup/{name}.html", {"here": HERE, "path": path, "of": len(Step), **around, **context})


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All steps, and the one to go on with."""
    finished = steps.done(state.look(default_org()))
    step = steps.go_on(finished)
    return page(
        request,
        None,
        {"go_on": address(step), "go_on_title": steps.TITLES[step], "begun": bool(finished), "all": step is Step.READY},
    )


@require_http_methods(["GET", "POST"])
def salesforce(request: HttpRequest) -> HttpResponse:
    """Step 1: the connections room's own part, beside how to make the app."""
    return _lent(request, Step.SALESFORCE, "connect_salesforce")


@require_http_methods(["GET", "POST"])
def campaign_monitor(request: HttpRequest) -> HttpResponse:
    """Step 4: the connections room's own part."""
    return _lent(request, Step.CAMPAIGN_MONITOR, "connect_campaign_monitor")


@require_http_methods(["GET", "POST"])
def clients(request: HttpRequest) -> HttpResponse:
    """Step 5: the connections room's own part; what it takes is a choice that somebody confirmed."""
    answer = _lent(request, Step.CLIENTS, "choose_clients")
    if answer.status_code == 302:
        state.note(default_org(), "clients_at")
    return answer


def _lent(request: HttpRequest, step: Step, name: str) -> HttpResponse:
    following = steps.after(step)
    part = rooms.part(name, request, address(following) if following else reverse("set_up"))
    if isinstance(part, HttpResponse):
        return part
    return page(request, step, {"part": part, "sides": standing.of(default_org().pk)})


@require_GET
def check(request: HttpRequest) -> HttpResponse:
    """Step 2: what the org tells; the findings come by a fragment, or at once where the page is asked to look."""
    context: dict[str, Any] = {"look": "look" in request.GET}
    if context["look"]:
        context |= _findings(default_org())
    return page(request, Step.CHECK, context)


@require_GET
def findings(request: HttpRequest) -> HttpResponse:
    """The fragment with the findings, read from the org now; their outcome is noted."""
    step = Step.CHECK
    context = {"look": True, **_findings(default_org()), "next": address(Step.INSTALL)}
    return render(request, "setup/_findings.html", {**context, "next_title": steps.TITLES[Step.INSTALL], "step": step})


def _findings(org: Org) -> dict[str, Any]:
    if not standing.of(org.pk).salesforce:
        return {"checks": []}
    try:
        seen = async_to_sync(looking.look)(org.pk)
    except Failure as failure:
        seen = looking.Seen([looking.unanswered(failure)], None)
    state.note_checks(org, seen.checks, installed=seen.installed)
    counted = checks.summary(seen.checks)
    return {
        "checks": seen.checks,
        "failed": counted[checks.State.FAIL],
        "warned": counted[checks.State.WARN],
        "fit": checks.fit(seen.checks),
    }


@require_GET
def install(request: HttpRequest) -> HttpResponse:
    """Step 3: put the objects into the org from here, or by hand."""
    org = default_org()
    if standing.of(org.pk).salesforce and not state.look(org).installed:
        _look_for_objects(org)
    return page(request, Step.INSTALL, {**_run_of(org, flow.KIND), "sides": standing.of(org.pk)})


def _look_for_objects(org: Org) -> None:
    """Somebody may have installed by another way."""

    async def ask() -> bool | None:
        async with sides.salesforce(org.pk) as crm:
            with salesforce_failures("look for its objects"):
                return await looking.is_installed(crm)

    try:
        if async_to_sync(ask)():
            state.note_installed(org)
    except Failure:
        return  # the step of checking tells why


@require_GET
def install_run(request: HttpRequest) -> HttpResponse:
    """The fragment of the installation; it asks for itself again while it goes on."""
    return _fragment(request, flow.KIND, Step.INSTALL)


@require_GET
def package(request: HttpRequest) -> HttpResponse:
    """The package as the Metadata API and Salesforce's own command line take it."""
    archive = package_from_source(deploying.project(), f"{NEWEST_API}.0")
    answer = HttpResponse(archive, content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="fairlead-salesforce.zip"'
    return answer


@require_http_methods(["GET", "POST"])
def what(request: HttpRequest) -> HttpResponse:
    """Step 6: what is kept, with what it takes; a POST saves it, or shows the estimate and keeps what was typed."""
    org, choice = default_org(), choosing.Choice(default_org())
    saving = request.method == "POST" and "estimate" not in request.POST
    if saving and choice.save(request.POST, request.user.get_username()):
        state.note(org, "what_at")
        messages.success(request, _("Saved. The first sync reads it."))
        return redirect("set_up_sync")
    context: dict[str, Any] = {"choice": choice, "sides": standing.of(org.pk), "look": "estimate" in request.POST}
    if context["sides"].campaign_monitor:
        context |= choice.lists()
    if context["look"]:
        context |= choice.estimate(request.POST)
    return page(request, Step.WHAT, context)


@require_GET
def estimate(request: HttpRequest) -> HttpResponse:
    """The fragment that says what a choice would take, before it is saved."""
    choice = choosing.Choice(default_org())
    return render(request, "setup/_estimate.html", choice.estimate(request.GET))


@require_GET
def sync(request: HttpRequest) -> HttpResponse:
    """Step 7: start the first sync and follow it."""
    return page(request, Step.SYNC, _run_of(default_org(), state.SYNC_KIND))


@require_GET
def sync_run(request: HttpRequest) -> HttpResponse:
    """The fragment of the sync; it asks for itself again while it goes on."""
    return _fragment(request, state.SYNC_KIND, Step.SYNC)


def _fragment(request: HttpRequest, kind: str, step: Step) -> HttpResponse:
    following = steps.after(step) or Step.READY
    context = {"next": address(following), "next_title": steps.TITLES[following], **_run_of(default_org(), kind)}
    answer = render(request, "setup/_run.html", context)
    if not context["active"]:
        answer["HX-Refresh"] = "true"  # the page around it changes with the end: buttons, path, refusals
    return answer


def _run_of(org: Org, kind: str) -> dict[str, Any]:
    job = Job.objects.filter(org=org, kind=kind).first()
    told: dict[str, Any] = views_of.run(job) if job else {"job": None, "active": False}
    if job is not None and kind == flow.KIND:
        told["components"] = list(RefusedComponent.objects.filter(job=job))
    workers = engine.living_workers(settings.FAIRLEAD_STALE_SECONDS)
    return {**told, "kind": kind, "run_address": f"{'set_up_install_run' if kind == flow.KIND else 'set_up_sync_run'}",
            "no_worker": not workers}  # fmt: skip


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Step 8: what there is now, where to see it, and what comes next."""
    context: dict[str, Any] = {"look": "look" in request.GET, "rooms": rooms}
    if context["look"]:
        context |= _having(default_org())
    people = next((room for room in rooms.rooms() if room.name in ("user_security", "security")), None)
    return page(request, Step.READY, {**context, "people": people.entry if people else ""})


@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """The fragment with the records, counted in Salesforce now."""
    return render(request, "setup/_having.html", _having(default_org()))


def _having(org: Org) -> dict[str, Any]:
    try:
        return {"having": async_to_sync(having.look)(org.pk)}
    except Failure as failure:
        return {"problem": failure}
