"""Pages of Salesforce campaigns: what is linked, read live; linking by search; what the filters and the map would do."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.salesforce_campaigns import acts, asking, benchmarks, comparing, records, settings
from fairlead.features.salesforce_campaigns.rules.links import Verdict
from fairlead.salesforce.client import Salesforce
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import sides
from fairlead.ui.access import Role, open_to

HERE = "salesforce_campaigns"
T = TypeVar("T")


def _in_the_org(org: Org, work: Callable[[Salesforce], Awaitable[T]]) -> T:
    """What `work` reads or does in the org. Raises a Failure."""

    async def inside() -> T:
        async with sides.salesforce(org.pk) as crm:
            return await work(crm)

    return async_to_sync(inside)()


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"salesforce_campaigns/{template}.html", {"here": HERE, **context})


@require_GET
def campaigns(request: HttpRequest) -> HttpResponse:
    """What is linked, and what is chosen."""
    org = default_org()
    chosen = setting_rows.values(org)
    context: dict[str, Any] = {
        "auto_create": chosen.of(settings.AUTO_CREATE),
        "update_statistics": chosen.of(settings.UPDATE_STATISTICS),
        "create_members": chosen.of(settings.CREATE_MEMBERS),
        "industry": benchmarks.of(chosen.of(settings.INDUSTRY)),
    }
    try:
        pairs = _in_the_org(org, acts.linked)
    except Failure as failure:
        return _page(request, "campaigns", problem=str(failure), **context)
    counted = records.counts(org.pk)
    rows = [(pair, counted.get(pair.sent.id) if pair.sent else None) for pair in pairs]
    return _page(request, "campaigns", rows=rows, **context)


@open_to(Role.FULL)
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """Search on both sides, choose one of each, link them; what was chosen stays when that is refused."""
    org = default_org()
    given = request.POST if request.method == "POST" else request.GET
    words, campaign, crm_id = (given.get(name, "").strip() for name in ("words", "campaign", "salesforce"))
    problem = ""
    if request.method == "POST":
        try:
            asking.link(org, campaign, crm_id, request.user.get_username())
        except Failure as failure:
            problem = str(failure)
        else:
            messages.success(request, _("Linked. The next sync writes figures and members."))
            return redirect("salesforce_campaigns")
    found = None
    try:
        found = _in_the_org(org, lambda crm: acts.search(crm, words))
    except Failure as failure:
        problem = problem or str(failure)
    return _page(request, "link", found=found, words=words, campaign=campaign, salesforce=crm_id, problem=problem)


@open_to(Role.FULL)
@require_POST
def unlink(request: HttpRequest) -> HttpResponse:
    """Let a campaign go; nothing is deleted in Salesforce."""
    try:
        asking.unlink(default_org(), request.POST.get("campaign", ""), request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, _("Unlinked. Members and figures stay as they are in Salesforce."))
    return redirect("salesforce_campaigns")


@open_to(Role.FULL)
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Write all members of a campaign again, now."""
    job, people = asking.refresh(default_org(), request.POST.get("campaign", ""), request.user.get_username())
    if people:
        messages.success(
            request,
            _("The activity of {people:,} addresses is written again by job {number}.").format(
                people=people, number=job.number
            ),
        )
    else:
        messages.success(
            request, _("No activity is known yet; job {number} looks what is linked.").format(number=job.number)
        )
    return redirect("salesforce_campaigns")


@open_to(Role.FULL)
@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """What automatic creation would do with the campaigns sent last."""
    org = default_org()
    chosen = setting_rows.values(org)
    context: dict[str, Any] = {"auto_create": chosen.of(settings.AUTO_CREATE), "create": Verdict.CREATE}
    try:
        context["rows"] = asking.preview(org, chosen)
    except Failure as failure:
        context["problem"] = str(failure)
    return _page(request, "preview", **context)


@open_to(Role.FULL)
@require_GET
def statuses(request: HttpRequest) -> HttpResponse:
    """The map of statuses, held against a linked campaign that is chosen."""
    org = default_org()
    chosen, crm_id = setting_rows.values(org), request.GET.get("salesforce", "")
    context: dict[str, Any] = {"salesforce": crm_id, "add": chosen.of(settings.AUTO_CREATE_STATUSES)}
    try:
        pairs, context["lines"] = _in_the_org(org, lambda crm: _statuses(crm, chosen, crm_id))
        context["campaigns"] = [pair.crm for pair in pairs]
    except Failure as failure:
        context["problem"] = str(failure)
    return _page(request, "statuses", **context)


async def _statuses(crm: Salesforce, chosen: Any, crm_id: str) -> tuple[list[acts.Linked], list[acts.StatusLine]]:
    pairs = await acts.linked(crm)
    known = crm_id if crm_id in {pair.crm.id for pair in pairs} else ""
    return pairs, await acts.status_lines(crm, chosen, known)


@require_GET
def averages(request: HttpRequest) -> HttpResponse:
    """The table of averages by industry, with its source."""
    chosen = setting_rows.value(default_org(), settings.INDUSTRY)
    return _page(
        request,
        "averages",
        industries=benchmarks.industries(),
        source=benchmarks.source(),
        caution=benchmarks.CAUTION,
        chosen=chosen,
    )


@require_GET
def compare(request: HttpRequest, campaign_id: str) -> HttpResponse:
    """One campaign beside the average of its industry."""
    return _page(request, "compare", campaign=campaign_id, **comparing.context(default_org(), campaign_id))
