"""The page of moving in: what there is, with ticks; what was taken over; the report; and who decides meanwhile."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.moving_in import acts, hold, settings
from fairlead.features.moving_in.acts import Shown
from fairlead.features.moving_in.rules import holding, planning
from fairlead.features.moving_in.rules.words import Kind
from fairlead.jobs import views_of
from fairlead.jobs.models import Job
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui.tables import csv_answer

HERE: Final = "moving_in"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What was taken over last, at once; what the older package holds follows as a part, for the org is asked."""
    org = default_org()
    if "read" in request.GET:
        return _read(request, org)
    return render(request, "moving_in/page.html", {"here": HERE, **_run(org)})


@require_GET
def found(request: HttpRequest) -> HttpResponse:
    """The part: everything of the older package, read live, by kind; what can be taken over has a tick box."""
    org = default_org()
    return render(request, "moving_in/_found.html", _found(org) | _run(org))


def _read(request: HttpRequest, org: Org, problem: Failure | None = None, ticked: Sequence[str] = ()) -> HttpResponse:
    """The whole page in one answer: without a script, and where the reader's ticks are kept."""
    context = {"here": HERE, "read": True, **_run(org), **_found(org, problem, ticked)}
    return render(request, "moving_in/page.html", context)


def _found(org: Org, problem: Failure | None = None, ticked: Sequence[str] = ()) -> dict[str, Any]:
    context: dict[str, Any] = {"problem": problem}
    try:
        items = acts.look(org)
        shown = acts.with_outcomes(org, items)
        context["kinds"] = list(_kinds(shown))
        context["counts"] = [(verdict.value, count) for verdict, count in planning.counts(items).items()]
        context["ticked"] = ticked or [one.item.key for one in shown if one.item.ticked and one.outcome is None]
    except planning.NothingThere:
        context["nothing"] = True
    except Failure as failure:
        context["problem"] = problem or failure
    return context | _standing(org)


def _kinds(shown: Sequence[Shown]) -> Iterator[tuple[Kind, list[Shown], bool]]:
    """Items by kind, and whether any of the kind belongs to a list."""
    for kind in Kind:
        mine = [one for one in shown if one.item.kind is kind]
        if mine:
            yield kind, mine, any(one.item.list for one in mine)


def _standing(org: Org) -> dict[str, Any]:
    """Whether the older package works, and who decides."""
    seen, chosen = hold.kept(org), setting_rows.values(org)
    return {
        "seen": seen,
        "works": hold.works(seen, chosen),
        "held": hold.held(org),
        "fairlead_decides": chosen.of(settings.DECIDES) == holding.FAIRLEAD,
        "days": chosen.of(settings.WORKS_DAYS),
    }


@require_GET
def run(request: HttpRequest) -> HttpResponse:
    """The fragment of the last job; it asks for itself again while the job goes on."""
    return render(request, "moving_in/_run.html", _run(default_org()))


def _run(org: Org) -> dict[str, Any]:
    job = Job.objects.filter(org=org, kind=acts.KIND).first()
    return views_of.run(job) if job else {"job": None}


@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Ask for what was ticked to be taken over; the ticks stay where that cannot be."""
    keys = request.POST.getlist("take")
    org = default_org()
    if not keys:
        messages.error(request, _("Nothing is ticked, so nothing was taken over."))
        return redirect(HERE)
    try:
        job = acts.apply(org, keys, request.user.get_username())
    except Failure as failure:
        return _read(request, org, failure, keys)
    messages.success(request, _("Job {number} takes over what you ticked.").format(number=job.number))
    return redirect(HERE)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Say who writes while both are there."""
    who = request.POST.get("who", "")
    try:
        hold.decide(default_org(), who, request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect(HERE)
    if who == holding.FAIRLEAD:
        messages.success(request, _("Fairlead decides now: what waited is written by the next runs."))
    else:
        messages.success(request, _("The older package decides: Fairlead holds what both would write."))
    return redirect(HERE)


@require_GET
def report(request: HttpRequest) -> HttpResponseBase:
    """Everything as a file; `only=left`: what has no counterpart, needs a person, or was refused."""
    org = default_org()
    try:
        shown = acts.with_outcomes(org, acts.look(org))
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect(HERE)
    found = acts.left(shown) if request.GET.get("only") == "left" else shown

    async def lines() -> Any:
        for one in found:
            yield one.line

    return csv_answer("moving-in.csv", acts.HEAD, lines())
