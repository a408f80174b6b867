"""Pages of opt status. An address is posted and never stands in an address of the web; what is read live is not kept."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.consent import RULES, Opt
from fairlead.domain.failure import Failure
from fairlead.features.opt_status import acts, looking, records, rules, telling
from fairlead.features.opt_status.models import OptReading
from fairlead.jobs.models import Job
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui.charts import Chart, Series
from fairlead.ui.tables import csv_answer

HERE: Final = "opt_status"
SHOWN: Final = 200
"""So many differences are drawn; the file has all of them."""
ASKED: Final[Mapping[str, Mapping[str, bool]]] = {
    "now": {},
    "sweep": {"sweep": True},
    "preview": {"preview": True},
    "baseline": {"baseline": True, "allow_large_changes": True},
    "allow": {"allow_large_changes": True},
}
"""What the buttons ask for. A baseline is confirmed from the numbers of its preview, so they pass."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A client on the overview."""

    id: str
    name: str
    inside: int
    outside: int
    reading: OptReading | None
    begun: bool

    @property
    def preview(self) -> list[tuple[str, int]]:
        """What the last preview counted, in words."""
        return _lines(self.reading.preview) if self.reading else []

    @property
    def last(self) -> list[tuple[str, int]]:
        """What the last run did, in words."""
        return _lines(self.reading.counts) if self.reading else []


def _page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, f"opt_status/{template}.html", {"here": HERE, **context}, status=status)


def _lines(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    words = {
        "looked_at": _("Addresses looked at"),
        "out_salesforce": _("Ticked in Salesforce"),
        "out_campaign_monitor": _("Unsubscribed in Campaign Monitor"),
        "in_salesforce": _("Cleared in Salesforce, with a consent"),
        "in_campaign_monitor": _("Brought back in Campaign Monitor, with a consent"),
        "reviews": _("To be looked at by a person"),
        "waiting": _("Wait for the next run"),
    }
    named = [(words[name], counts[name]) for name in words if counts.get(name)]
    by_rule = [
        (_("Rule {number}: {why}").format(number=number, why=_(why)), counts[f"rule_{number}"])
        for number, why in RULES.items()
        if counts.get(f"rule_{number}")
    ]
    return named + by_rule


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Each client: what is agreed, the last run, a refusal with its way out, the last preview."""
    org = default_org()
    counted, kept = acts.counts(org), {one.client: one for one in records.readings(org.pk)}
    clients = [
        Standing(
            one.id,
            one.name,
            counted[one.id][Opt.IN],
            counted[one.id][Opt.OUT],
            kept.get(one.id),
            begun=one.id in kept and kept[one.id].ran_at is not None,
        )
        for one in acts.clients(org)
    ]
    job = Job.objects.filter(org=org, kind=rules.KIND).first()
    return _page(
        request,
        "overview",
        clients=clients,
        chart=_chart(clients),
        waiting=[(one, one.reason or one.code) for one in records.refused(org.pk)],
        reviews=len(acts.open_reviews(org)),
        job=job,
    )


def _chart(clients: Sequence[Standing]) -> Chart | None:
    if not any(one.inside or one.outside for one in clients):
        return None
    return Chart(
        "agreed",
        _("Addresses by what is agreed"),
        [one.name for one in clients],
        [Series(_("In"), [one.inside for one in clients]), Series(_("Out"), [one.outside for one in clients])],
        unit=_("Client"),
    )


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Ask for a run, a sweep, a preview, a baseline, or one that the guards let pass."""
    wanted = ASKED.get(request.POST.get("what", ""), {})
    try:
        job = acts.ask(default_org(), request.user.get_username(), client=request.POST.get("client", ""), **wanted)
    except Failure as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, _("Job {number} was asked for.").format(number=job.number))
    return redirect("opt_status")


@never_cache
@require_GET
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits for a person."""
    return _page(request, "reviews", found=acts.open_reviews(default_org()))


@never_cache
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, number: int) -> HttpResponse:
    """One address: both histories, and the answer."""
    org, problem = default_org(), None
    if request.method == "POST":
        try:
            _answer(request, org, number)
        except Failure as failure:
            problem = failure
        else:
            messages.success(request, _("Noted."))
            return redirect("opt_status_reviews")
    try:
        one = acts.find_review(org, number)
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("opt_status_reviews")
    context = {"one": one, "lines": _history(one.entries), "problem": problem, **_given(request)}
    return _page(request, "review", 400 if problem else 200, **context)


def _answer(request: HttpRequest, org: Org, number: int) -> None:
    by, user = request.user.get_username(), str(request.user.pk)
    if request.POST.get("answer") == "stays out":
        acts.stays_out(org, number, by, user)
    else:
        acts.consented(org, number, _consent(request), by)


def _consent(request: HttpRequest) -> Any:
    sent = request.POST
    return acts.consent_of(
        sent.get("basis", ""), sent.get("source", ""), _moment(sent.get("at", "")), str(request.user.pk)
    )


def _moment(text: str) -> datetime:
    """As a form gives it, in UTC. Raises BadConsent."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise acts.BadConsent(_("its day or time cannot be read")) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _given(request: HttpRequest) -> dict[str, Any]:
    """What was typed, so that a refused form keeps it."""
    return {
        "bases": [each.value for each in acts.RECORDED],
        "typed": {name: request.POST.get(name, "") for name in ("address", "basis", "source", "at")},
    }


def _history(entries: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"entry": one, "why": telling.why(one), "values": telling.values(one)} for one in entries]


@never_cache
@sensitive_post_parameters("address")
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Record that somebody agreed to be mailed."""
    problem = None
    if request.method == "POST":
        try:
            job = acts.record_consent(
                default_org(), request.POST.get("address", ""), _consent(request), request.user.get_username()
            )
        except Failure as failure:
            problem = failure
        else:
            messages.success(request, _("The consent is carried out by job {number}.").format(number=job.number))
            return redirect("opt_status")
    return _page(request, "consent", 400 if problem else 200, problem=problem, **_given(request))


@never_cache
@sensitive_post_parameters("address")
@require_http_methods(["GET", "POST"])
def history(request: HttpRequest) -> HttpResponse:
    """What was decided about an address and why."""
    address = request.POST.get("address", "")
    found = None
    if request.method == "POST":
        found = [(one, _history(one.entries)) for one in acts.history(default_org(), address)]
    return _page(request, "history", found=found, address=address)


@never_cache
@require_GET
def report(request: HttpRequest) -> HttpResponse:
    """All differences as they are now, as far as a page can show them. They are read only when that is asked for."""
    if not request.GET.get("read"):
        return _page(request, "report")
    try:
        found = list(looking.report(default_org()))
    except Failure as failure:
        return _page(request, "report", problem=failure)
    return _page(request, "report", read=True, found=found[:SHOWN], total=len(found))


@require_GET
def report_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same as a file, with all of them."""
    org = default_org()

    async def lines() -> AsyncIterator[tuple[Any, ...]]:
        async for one in looking.differences(org):
            yield one.row()

    return csv_answer("opt-status.csv", looking.HEAD, lines())
