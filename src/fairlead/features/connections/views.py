"""Pages of the connections: both sides, the clients, and the acts on them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.features.connections import acts, jobs, live, parts, records, rules, shown
from fairlead.features.connections.acts import Removal
from fairlead.features.connections.forms import OwnerForm, RemovalForm
from fairlead.features.connections.owners import User
from fairlead.features.connections.parts import who
from fairlead.jobs.models import Job
from fairlead.jobs.states import ENDED
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui import stale

HERE = "connections"


def page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of this room."""
    return render(request, f"connections/{name}.html", {"here": HERE, **context}, status=status)


@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    """Account, org, sync user and clients."""
    org = default_org()
    kinds = (rules.REMOVE_KIND, rules.HAND_OVER_KIND)
    under_way = Job.objects.filter(org=org, kind__in=kinds).exclude(state__in=ENDED)
    return page(
        request,
        "connections",
        {
            "account": records.account(org),
            "crm": records.salesforce_org(org),
            "clients": shown.clients(org),
            "jobs": [(job, job.args.get("client", "")) for job in under_way],
        },
    )


@require_GET
def sync_user_name(request: HttpRequest) -> HttpResponse:
    """The fragment that names the sync user, read from the org now."""
    try:
        context: dict[str, Any] = {"user_of_org": live.who(default_org())}
    except Failure as failure:
        context = {"problem": failure}
    return render(request, "connections/_sync_user.html", context)


@require_GET
def sync_user(request: HttpRequest) -> HttpResponse:
    """The sync user with the rights that are missing."""
    org = default_org()
    context: dict[str, Any] = {"crm": records.salesforce_org(org)}
    try:
        context["user_of_org"] = live.who_and_rights(org)
    except Failure as failure:
        context["problem"] = failure
    return page(request, "sync_user", context)


@require_http_methods(["GET", "POST"])
def select(request: HttpRequest) -> HttpResponse:
    """Choose which clients of an agency's account are synced; the others are paused."""
    part = parts.clients(request, reverse("connections"), least=0)
    return part if isinstance(part, HttpResponse) else page(request, "select", {"part": part})


@require_GET
def client_counts(request: HttpRequest, client_id: str) -> HttpResponse:
    """The fragment with a client's lists and subscribers, counted in Campaign Monitor now."""
    return render(request, "connections/_counts.html", parts.counted(client_id))


@require_POST
def act_on_client(request: HttpRequest, client_id: str, act: str) -> HttpResponse:
    """Resume, pause or disconnect one client, or hand its records over."""
    org, by = default_org(), who(request)
    try:
        if act == "resume":
            acts.resume(org, client_id, by)
            messages.success(request, _("The next sync reads the client."))
        elif act == "pause":
            acts.pause(org, client_id, by)
            messages.success(request, _("The client is paused. Its settings, cursors and records stay."))
        elif act == "disconnect":
            acts.disconnect_client(org, client_id, by)
            messages.success(
                request, _("The client is disconnected. Its records stay; resuming it finds everything again.")
            )
        else:
            return redirect("job", acts.hand_over(org, client_id, by).number)
    except Failure as failure:
        messages.error(request, str(failure))
    return redirect("connections")


@require_http_methods(["GET", "POST"])
def owner(request: HttpRequest, client_id: str) -> HttpResponse:
    """Choose who owns what is created for a client, from the org's active users; perhaps of existing records, too."""
    org = default_org()
    try:
        client = records.client(org, client_id)
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("connections")
    form, problem = OwnerForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            stale.check(request.POST, stale.mark(setting_rows.value(org, rules.OWNER, client_id)), rules.OWNER.title)
            live.choose_owner(org, client_id, form.cleaned_data["user"], who(request))
            if form.cleaned_data["hand_over"]:
                return redirect("job", acts.hand_over(org, client_id, who(request)).number)
            messages.success(request, _("Saved. Records created from now on have this owner."))
            return redirect("connections")
        except Failure as failure:
            problem = str(failure)
    search = request.GET.get("search", "").strip()
    now = setting_rows.value(org, rules.OWNER, client_id)
    users, owner_now, asked = _users(org, search, now)
    context = {
        "client": client,
        "search": search,
        "users": users,
        "now": now,
        "owner_now": owner_now,
        "seen": stale.mark(now),
    }
    return page(request, "owner", {**context, "problem": problem or asked, "hint_text": rules.OWNER.help})


def _users(org: Org, search: str, now: str) -> tuple[list[User], User | None, str]:
    """Users found, the present owner, and why the org could not be asked."""
    try:
        return (live.users(org, search) if search else []), (live.user(org, now) if now else None), ""
    except Failure as failure:
        return [], None, str(failure)


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, client_id: str) -> HttpResponse:
    """Say in numbers what a removal deletes; ask for it when the client's name is typed."""
    org, form = default_org(), RemovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("job", acts.remove(org, client_id, form.cleaned_data["name"], who(request)).number)
        except acts.OtherName as failure:
            form.add_error("name", str(failure))
        except Failure as failure:
            messages.error(request, str(failure))
            return redirect("connections")
    try:
        plan = live.removal(org, client_id)
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("connections")
    return page(request, "remove", {"form": form, "plan": plan, "numbers": _numbers(plan)})


def _numbers(plan: Removal) -> list[tuple[str, int]]:
    kept = [("Settings of it and its lists", plan.kept.settings), ("Cursors", plan.kept.cursors)]
    return [*jobs.titles(plan.records), *kept]


@require_http_methods(["GET", "POST"])
def disconnect(request: HttpRequest, side: str) -> HttpResponse:
    """Say what disconnecting a side does; do it when that is confirmed."""
    if side not in rules.SIDES:
        return redirect("connections")
    if request.method == "POST":
        stopped = acts.disconnect(default_org(), [side], who(request))
        messages.success(
            request,
            _("{side} is disconnected. Jobs cancelled: {jobs}; schedules turned off: {schedules}.").format(
                side=rules.SIDES[side], jobs=stopped["jobs"], schedules=stopped["schedules"]
            ),
        )
        return redirect("connections")
    return page(request, "disconnect", {"side": side, "title": rules.SIDES[side]})
