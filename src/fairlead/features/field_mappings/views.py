"""Pages of field mappings: all lists, one list's lines, what they would do, copies; changes and addresses in `more_views`."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain import mapping
from fairlead.domain.failure import Failure
from fairlead.domain.mapping import WrongMapping
from fairlead.domain.setting import Of
from fairlead.features.field_mappings import acts, addresses, forms, kept
from fairlead.store import known, setting_rows
from fairlead.store.models import KnownList
from fairlead.store.orgs import default_org
from fairlead.ui import stale
from fairlead.ui.tables import Column, Table

HERE = "field_mappings"
LISTS: Final = Table(
    name="mapped_lists",
    caption="Lists",
    columns=(
        Column("name", "List", sort="name"),
        Column("client", "Client", sort="client_name"),
        Column("lines", "Lines", number=True),
    ),
    default="name",
    find="List or client",
)


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page of the room."""
    return render(request, f"field_mappings/{template}.html", {"here": HERE, **context})


@require_GET
def mappings(request: HttpRequest) -> HttpResponse:
    """Lists a page at a time, and how many lines each has."""
    org = default_org()
    asked = LISTS.asked(request)
    asked = asked.of(known.lists(org, asked.text))
    lines = kept.count(org.pk, [one.list_id for one in asked.rows])
    context = {
        "table": asked,
        "rows": [(one, lines.get(one.list_id, 0)) for one in asked.rows],
        "waiting": addresses.for_people(org.pk).count(),
        "can_bring": acts.can_bring_in_step(),
    }
    return page(request, "mappings", **context)


@require_http_methods(["GET", "POST"])
def of_list(request: HttpRequest, list_id: str) -> HttpResponse:
    """A list's lines. What was typed stays, whatever comes of it."""
    org = default_org()
    try:
        reading = acts.named(org, list_id)
        version, now = kept.of(org.pk, list_id)
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("mappings")
    context: dict[str, Any] = {"seen": stale.mark(version)}
    rows = forms.rows_of(now)
    if request.method == "POST":
        rows = forms.sent(request.POST)
        context["create"] = request.POST.get("create") == "on"
        try:
            answer = _act(request, reading, rows, context)
        except WrongMapping as wrong:
            context["problems"] = wrong.problems
        except Failure as failure:
            context["problem"] = failure
        else:
            if answer is not None:
                return answer
        rows = context.pop("rows", rows)
    looked = None
    try:
        looked = acts.look(org, list_id, now)
    except Failure as failure:
        context.setdefault("problem", failure)
    off = looked.off(now, setting_rows.values(org)) if looked else ()
    return page(request, "list", **context, **_choices(looked, rows), reading=reading, version=version, off=off)


def _act(
    request: HttpRequest, reading: KnownList, rows: list[forms.Row], context: dict[str, Any]
) -> HttpResponse | None:
    """What a button asks for: a further line, suggestions, a preview, or to save. Raises a Failure."""
    org, act, list_id = default_org(), request.POST.get("act", "save"), reading.list_id
    if act == "add":
        context["rows"] = [*rows, forms.Row(len(rows), forms.BLANK)]
        return None
    lines = forms.lines(rows)
    if act == "suggest":
        suggested = acts.look(org, list_id, lines).suggestions(lines)
        context["rows"] = forms.rows_of(lines, suggested)
        context["suggested"] = len(suggested)
        return None
    if act == "preview":
        acts.check(org, list_id, lines) if not context["create"] else None
        record = request.POST.get("record", "").strip()[:18]
        context["preview"] = acts.preview(org, list_id, lines, record=record)
        context["record"] = record
        return None
    version, _lines = kept.of(org.pk, list_id)
    stale.check(request.POST, stale.mark(version), _("Mapping of the list"))
    done = acts.save(org, list_id, lines, request.user.get_username(), create=context["create"])
    if done.created:
        made = ", ".join(done.created)
        messages.success(request, _("Made in Campaign Monitor: {names}.").format(names=made))
    for remark in done.remarks:
        messages.warning(request, remark)
    messages.success(request, _("Saved. It counts for every contact, lead and subscriber that changes from now on."))
    return redirect("mapping", list_id)


def _choices(looked: acts.Looked | None, rows: list[forms.Row]) -> dict[str, Any]:
    fields = looked.fields if looked else []
    return {
        "rows": rows,
        "objects": mapping.OBJECTS,
        "directions": forms.DIRECTIONS,
        "owners": forms.OWNERS,
        "sources": looked.sources() if looked else {},
        "targets": [*mapping.OWN_FIELDS, *(one.name for one in fields)],
    }


@require_http_methods(["GET", "POST"])
def copy(request: HttpRequest, list_id: str) -> HttpResponse:
    """Give other lists the lines of this one."""
    org = default_org()
    try:
        reading = acts.named(org, list_id)
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("mappings")
    others = [one for one in acts.overview(org) if one["list"] != list_id]
    context: dict[str, Any] = {"reading": reading, "others": others}
    if request.method == "POST":
        ids = {one["list"] for one in others}
        chosen = [one for one in request.POST.getlist("to") if one in ids]
        create = request.POST.get("create") == "on"
        try:
            done = acts.copy(org, list_id, chosen, request.user.get_username(), create=create)
        except Failure as failure:
            return page(request, "copy", **context, chosen=chosen, problem=failure)
        names = {one.id: one.name for one in known.subjects(org, Of.LIST)}
        context["done"] = [(names[key], one if isinstance(one, Failure) else None) for key, one in done.items()]
    return page(request, "copy", **context)


@require_POST
def bring_in_step(request: HttpRequest) -> HttpResponse:
    """Ask for a run over every contact and lead."""
    try:
        job = acts.bring_in_step(default_org(), request.user.get_username())
    except Failure as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, _("Job {number} compares every contact and lead.").format(number=job.number))
    return redirect("mappings")
