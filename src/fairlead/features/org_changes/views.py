"""The page of changes in Salesforce: how they are heard of, the last run, what each reaction did, and the switches."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.org_changes import records, rules, sandbox
from fairlead.jobs import api, views_of
from fairlead.jobs.models import Job, State
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import standing
from fairlead.ui import rooms

HERE = "org_changes"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Everything about changes in Salesforce, and what other rooms lend to this page."""
    org = default_org()
    connected = standing.of(org.pk)
    context = {
        "here": HERE,
        "connected": connected.campaign_monitor and connected.salesforce,
        "held_by": sandbox.held(org),
        "hearing": records.hearing(org),
        "reactions": records.reactions(org),
        "panels": rooms.panels("changes", request),
        **_run(org),
    }
    return render(request, "org_changes/page.html", context)


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Ask for a run now."""
    job = api.ask(default_org(), rules.KIND, by=request.user.get_username())
    messages.success(request, _("Job {number} looks at what changed in Salesforce.").format(number=job.number))
    return redirect(HERE)


@require_GET
def last_run(request: HttpRequest) -> HttpResponse:
    """The fragment of the last run; it asks for itself again while the run goes on."""
    return render(request, "org_changes/_run.html", _run(default_org()))


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Cancel the run that waits or goes on; harmless when it has just ended."""
    job = _last(default_org())
    if job is not None and not job.ended:
        try:
            api.cancel(job.number, request.user.get_username())
        except Failure as failure:
            messages.error(request, str(failure))
    return redirect(HERE)


def _run(org: Org) -> dict[str, Any]:
    job = _last(org)
    return views_of.run(job) if job else {"job": None}


def _last(org: Org) -> Job | None:
    return Job.objects.filter(org=org, kind=rules.KIND).exclude(state=State.CANCELLED, attempt=0).first()


@require_POST
def confirm_sandbox(request: HttpRequest) -> HttpResponse:
    """Let the sandbox write to the account; harmless where none is held."""
    try:
        sandbox.confirm(default_org(), request.user.get_username())
        messages.success(request, _("Confirmed: this sandbox writes to the account."))
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect(HERE)
