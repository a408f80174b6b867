"""The pages of one list: details, statistics, members, segments, options; and a new list."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any, Final, TypeVar

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.failure import Failure
from fairlead.domain.setting import Of
from fairlead.features.members import list_acts, list_live, rules, settings
from fairlead.features.members.list_forms import ListForm, NewListForm, as_given, as_kept
from fairlead.features.members.models import ListReading
from fairlead.salesforce.client import Salesforce
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.sync import known, sides
from fairlead.ui import rooms, stale
from fairlead.ui.access import Role, open_to
from fairlead.ui.settings_forms import SettingsForm
from fairlead.ui.tables import csv_answer

T = TypeVar("T")
HERE: Final = "members"
TABS: Final = (
    ("list", "Details"),
    ("list_statistics", "Statistics"),
    ("list_members", "Members"),
    ("list_segments", "Segments"),
    ("list_options", "Options"),
)
MEMBERS_FILE: Final = (
    "Address",
    "Name",
    "State",
    "State since",
    "Joined",
    "Mobile number",
    "Consent to SMS",
    "Consent to tracking",
    "Contact",
    "Lead",
)
ListView = Callable[..., HttpResponseBase]


def of_list(view: ListView) -> ListView:
    """Hand a view its list; where there is none (any more), say so on the page of all lists."""

    @wraps(view)
    def found(request: HttpRequest, list_id: str, **more: Any) -> HttpResponseBase:
        reading = ListReading.objects.filter(org=default_org(), list_id=list_id).first()
        if reading is None:
            messages.error(request, _("That list is not known (any more). Each sync reads which lists there are."))
            return redirect("lists")
        return view(request, reading, **more)

    return found


def page(request: HttpRequest, reading: ListReading, tab: str, context: dict[str, Any]) -> HttpResponse:
    """A page of a list."""
    return render(
        request, f"members/{tab}.html", {"here": HERE, "reading": reading, "tabs": TABS, "tab": tab, **context}
    )


@require_GET
@of_list
def details(request: HttpRequest, reading: ListReading) -> HttpResponse:
    """Its settings in Campaign Monitor, read now, and what other rooms lend."""
    context: dict[str, Any] = {"panels": rooms.panels("list", request)}
    try:
        told, fields = _account(lambda account: list_live.details(account, reading.list_id))
    except Failure as failure:
        context["problem"] = failure
    else:
        kept = as_kept(told)
        words = [(title, rules.list_words(name, kept[name])) for name, title in rules.SETTINGS_OF_A_LIST.items()]
        context |= {"settings": words, "fields": fields}
    return page(request, reading, "list", context)


@require_GET
@of_list
def statistics(request: HttpRequest, reading: ListReading) -> HttpResponse:
    """Campaign Monitor's 24 counters, and who joined and left by week. Either side may fail for itself."""
    context: dict[str, Any] = {}
    try:
        context["spans"] = list_live.by_span(_account(lambda account: list_live.figures(account, reading.list_id)))
    except Failure as failure:
        context["problem"] = failure
    try:
        today = timezone.now().date()
        context["chart"] = _org(lambda crm: list_live.growth(crm, reading.list_id, today))
    except Failure as failure:
        context["chart_problem"] = failure
    return page(request, reading, "list_statistics", context)


@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
@of_list
def members(request: HttpRequest, reading: ListReading) -> HttpResponse:
    """Its members in Salesforce, read now. What is searched for is posted: no address stands in an address of a page."""
    wanted = _wanted(request)
    prevented = setting_rows.value(default_org(), settings.PREVENT_SYNC, reading.list_id)
    context: dict[str, Any] = {
        "wanted": wanted,
        "states": list_live.STATES,
        "orders": [(name, label) for name, (label, _) in list_live.ORDERS.items()],
        "prevented": prevented,
    }
    try:
        context["found"] = _org(lambda crm: list_live.members(crm, reading.list_id, wanted))
    except Failure as failure:
        context["problem"] = failure
    return page(request, reading, "list_members", context)


@require_GET
@of_list
def members_csv(request: HttpRequest, reading: ListReading) -> HttpResponseBase:
    """All its members as a file, read while it is sent."""

    async def lines() -> AsyncIterator[tuple[str, ...]]:
        async with sides.salesforce(reading.org_id) as crm:
            async for row in list_live.every_member(crm, reading.list_id):
                yield row

    return csv_answer("members.csv", MEMBERS_FILE, lines())


@require_GET
@of_list
def segments(request: HttpRequest, reading: ListReading) -> HttpResponse:
    """Its segments with rules and sizes, read now."""
    context: dict[str, Any] = {}
    try:
        context["segments"] = _account(lambda account: list_live.segments(account, reading.list_id))
    except Failure as failure:
        context["problem"] = failure
    return page(request, reading, "list_segments", context)


@require_GET
@of_list
def segment(request: HttpRequest, reading: ListReading, segment_id: str) -> HttpResponse:
    """One segment: its rules, and a page of whom it picks now."""
    asked = request.GET.get("page", "1")
    number = max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1

    async def read(account: CampaignMonitor) -> dict[str, Any]:
        told = await list_live.segment(account, segment_id)
        return {"segment": told, "picked": await list_live.segment_members(account, segment_id, number)}

    context: dict[str, Any] = {"number": number, "before": number - 1, "after": number + 1}
    try:
        context |= _account(read)
    except Failure as failure:
        context["problem"] = failure
    return page(request, reading, "list_segment", {**context, "tab_now": "list_segments"})


@open_to(Role.FULL)
@require_http_methods(["GET", "POST"])
@of_list
def options(request: HttpRequest, reading: ListReading) -> HttpResponse:
    """What can be chosen for this list alone, of all rooms. Preventing its sync has a page that says what goes."""
    org = default_org()
    of_lists = [one for one in rooms.settings() if one.of is Of.LIST and one is not settings.PREVENT_SYNC]
    form = SettingsForm(org, of_lists, reading.list_id)
    if request.method == "POST" and form.save(request.POST, request.user.get_username()):
        messages.success(request, _("Saved. The next sync reads it."))
        return redirect("list_options", reading.list_id)
    prevented = setting_rows.value(org, settings.PREVENT_SYNC, reading.list_id)
    context = {"form": form, "prevented": prevented, "prevent": settings.PREVENT_SYNC, "id_field": settings.ID_FIELD}
    context["id_field_now"] = setting_rows.value(org, settings.ID_FIELD)
    return page(request, reading, "list_options", context)


@open_to(Role.FULL)
@require_http_methods(["GET", "POST"])
@of_list
def edit(request: HttpRequest, reading: ListReading) -> HttpResponse:
    """Change its settings in Campaign Monitor: first what changes is shown, then it is done."""
    context: dict[str, Any] = {"tab_now": "list"}
    try:
        told = _account(lambda account: list_live.settings_of(account, reading.list_id))
    except Failure as failure:
        return page(request, reading, "list_edit", context | {"problem": failure})
    context["seen"] = stale.mark(as_kept(told))
    form = ListForm(request.POST or None, initial=as_given(told))
    if request.method == "POST" and form.is_valid():
        try:
            stale.check(request.POST, stale.mark(as_kept(told)), _("Settings of the list"))
        except Failure as failure:
            form = ListForm(initial=as_given(told))
            return page(request, reading, "list_edit", context | {"form": form, "problem": failure})
        changes = rules.list_changes(as_kept(told), as_kept(form.wish()))
        if not changes:
            messages.success(request, _("Nothing was changed."))
            return redirect("list", reading.list_id)
        if request.POST.get("confirmed") == "yes":
            try:
                list_acts.change(default_org(), reading, form.wish(), request.user.get_username())
            except Failure as failure:
                return page(request, reading, "list_edit", context | {"form": form, "problem": failure})
            messages.success(request, _("Changed in Campaign Monitor. The next sync brings it to Salesforce."))
            return redirect("list", reading.list_id)
        context["changes"] = changes if "back" not in request.POST else None
    return page(request, reading, "list_edit", context | {"form": form})


@open_to(Role.FULL)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Create a list in Campaign Monitor: first what will be is shown, then it is done."""
    org = default_org()
    context: dict[str, Any] = {"here": HERE}
    clients: list[tuple[str, str]] = []
    try:
        clients = [(one.scope.id, one.scope.name) for one in known.clients(org.pk) if one.selected]
    except Failure as failure:
        context["problem"] = failure
    form = NewListForm(clients, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if request.POST.get("confirmed") == "yes":
            try:
                made = list_acts.create(org, form.cleaned_data["client"], form.wish(), request.user.get_username())
            except Failure as failure:
                context["problem"] = failure
            else:
                messages.success(request, _("Created in Campaign Monitor. The next sync brings it to Salesforce."))
                return redirect("list", made)
        elif "back" not in request.POST:
            kept = as_kept(form.wish())
            words = [(title, rules.list_words(name, kept[name])) for name, title in rules.SETTINGS_OF_A_LIST.items()]
            context["will_be"] = [("Client", dict(clients)[form.cleaned_data["client"]]), *words]
    return render(request, "members/list_new.html", context | {"form": form, "clients": clients})


def _wanted(request: HttpRequest) -> list_live.Wanted:
    given = request.POST
    number = given.get("page", "1")
    return list_live.Wanted(
        text=given.get("text", "").strip()[:80],
        state=given["state"] if given.get("state") in list_live.STATES else "",
        order=given["order"] if given.get("order") in list_live.ORDERS else "address",
        page=max(1, min(int(number), 40)) if number.isascii() and number.isdecimal() and len(number) < 4 else 1,
    )


def _account(question: Callable[[CampaignMonitor], Awaitable[T]]) -> T:
    async def work(org_id: int) -> T:
        async with sides.campaign_monitor(org_id) as account:
            return await question(account)

    return async_to_sync(work)(default_org().pk)


def _org(question: Callable[[Salesforce], Awaitable[T]]) -> T:
    async def work(org_id: int) -> T:
        async with sides.salesforce(org_id) as crm:
            return await question(crm)

    return async_to_sync(work)(default_org().pk)
