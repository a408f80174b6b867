"""Preventing a list's member sync, and addresses that several records have."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.features.members import ambiguity, rules, settings
from fairlead.features.members.models import ListReading
from fairlead.features.members.rules import Ambiguous
from fairlead.salesforce import names
from fairlead.salesforce.query import quote
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import org_reading, sides
from fairlead.ui.access import Role, open_to
from fairlead.ui.tables import csv_answer

HERE: Final = "members"
A_PAGE: Final = 50
COLUMNS: Final = ("Address", "Object", "Linked", "Why", "Name", "Id", "Field", "Last modified", "Created")


@open_to(Role.FULL)
@require_http_methods(["GET", "POST"])
def prevent(request: HttpRequest, list_id: str) -> HttpResponse:
    """What switching a list's member sync off or on would do, and the switch. Nothing is deleted before the next sync."""
    org = default_org()
    reading = ListReading.objects.filter(org=org, list_id=list_id).first()
    if reading is None:
        messages.error(request, _("That list is not known (any more). Each sync reads which lists there are."))
        return redirect("lists")
    now = setting_rows.value(org, settings.PREVENT_SYNC, list_id)
    if request.method == "POST":
        wanted = request.POST.get("prevent") == "on"
        setting_rows.put(org, settings.PREVENT_SYNC, wanted, request.user.get_username(), subject=list_id)
        done = "The next sync removes its members from Salesforce." if wanted else "The next sync reads it anew."
        messages.success(request, _("Saved for “{name}”. {done}").format(name=reading.name, done=done))
        return redirect("list_options", list_id)
    context: dict[str, Any] = {"here": HERE, "reading": reading, "prevented": now, "setting": settings.PREVENT_SYNC}
    try:
        context["held"] = async_to_sync(_held)(org.pk, list_id)
    except Failure as failure:
        context["problem"] = str(failure)
    return render(request, "members/prevent.html", {**context, "at_most": rules.PREVENTED_AT_MOST})


async def _held(org_id: int, list_id: str) -> int:
    async with sides.salesforce(org_id) as crm:
        return await org_reading.count(crm, f"FROM {names.MEMBER} WHERE List__r.{names.LIST_KEY} = {quote(list_id)}")


@require_GET
def ambiguous(request: HttpRequest) -> HttpResponse:
    """Addresses that several contacts or several leads have, with the candidates; read live where asked for."""
    context: dict[str, Any] = {"here": HERE, "asked": "read" in request.GET or "page" in request.GET}
    if context["asked"]:
        try:
            found, instance = async_to_sync(_ambiguous)(default_org())
        except Failure as failure:
            context["problem"] = str(failure)
        else:
            page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
            context |= {"page": page, "found": page.object_list, "count": len(found), "instance": instance}
    return render(request, "members/ambiguous.html", context)


@require_GET
def ambiguous_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The same as a file, a line for each candidate."""
    try:
        found, _ = async_to_sync(_ambiguous)(default_org())
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("ambiguous_addresses")
    return csv_answer("ambiguous-addresses.csv", COLUMNS, _lines(found))


async def _ambiguous(org: Org) -> tuple[list[Ambiguous], str]:
    chosen = await sync_to_async(setting_rows.values)(org)
    async with sides.salesforce(org.pk) as crm:
        return await ambiguity.find(crm, settings.match_rules(chosen)), await crm.instance_url()


def _lines(found: Sequence[Ambiguous]) -> Iterator[Sequence[object]]:
    for one in found:
        for judged in one.candidates:
            of = judged.candidate
            linked = "yes" if judged.wins else "no"
            yield (one.address, one.kind, linked, judged.why, of.name, of.id, of.field, of.modified, of.created)
