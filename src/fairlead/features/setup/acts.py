"""What people ask for in set-up: the installation, the first sync, and the end of either."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.features.setup import flow, state
from fairlead.features.setup.rules import steps
from fairlead.features.setup.rules.steps import Step
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.jobs.states import ENDED
from fairlead.store.models import Org
from fairlead.store.orgs import default_org

KINDS = {flow.KIND: "set_up_install", state.SYNC_KIND: "set_up_sync"}
"""Kinds of jobs that set-up starts, and the page that follows each."""


class NotYet(FixTheSettings):
    """A step was to be done before those that it builds on."""

    code = "FL-251"

    def __init__(self, step: Step, missing: list[Step]) -> None:
        first = "; ".join(steps.TITLES[each] for each in missing)
        super().__init__(f"“{steps.TITLES[step]}” cannot be done yet.", next_step=f"Do first: {first}.")


def check_ready(org: Org, step: Step) -> None:
    """Raises NotYet where something that the step needs is not done."""
    missing = steps.missing(step, steps.done(state.look(org)))
    if missing:
        raise NotYet(step, missing)


@require_POST
def start_install(request: HttpRequest) -> HttpResponse:
    """Ask for the installation; a failed check blocks it, warnings do not."""
    return _start(request, Step.INSTALL, flow.KIND, {"layouts": True} if "layouts" in request.POST else {})


@require_POST
def start_sync(request: HttpRequest) -> HttpResponse:
    """Ask for the first sync."""
    return _start(request, Step.SYNC, state.SYNC_KIND, {})


def _start(request: HttpRequest, step: Step, kind: str, args: dict[str, bool]) -> HttpResponse:
    org = default_org()
    try:
        check_ready(org, step)
        if not Job.objects.filter(org=org, kind=kind).exclude(state__in=ENDED).exists():
            api.ask(org, kind, args=args, by=request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect(KINDS[kind])


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Cancel the installation or the sync that waits or goes on; harmless when it has just ended."""
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        return redirect("set_up")
    for job in Job.objects.filter(org=default_org(), kind=kind).exclude(state__in=ENDED):
        try:
            api.cancel(job.number, request.user.get_username())
        except Failure as failure:
            messages.error(request, str(failure))
    return redirect(KINDS[kind])
