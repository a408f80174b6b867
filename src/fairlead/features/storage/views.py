"""The storage page: what is used, and what a change would keep. Numbers are read from the org when the page is asked for."""

from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain import tracking_settings
from fairlead.domain.activity import Activity
from fairlead.domain.failure import Failure
from fairlead.domain.setting import BadSetting, Setting
from fairlead.features.storage import live, rules
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import sides

HERE = "storage"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a form asks for, or what is kept now."""

    days: int
    types: tuple[str, ...]
    journeys: bool

    @property
    def kept(self) -> rules.Kept:
        """As the estimate takes it."""
        return rules.Kept.of(self.days, self.types)


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Use by object, the largest lists, and the form of what is kept; a POST saves it."""
    org = default_org()
    shown, problem = _now(org), ""
    if request.method == "POST":
        try:
            _save(org, _asked(request.POST), request.POST, request.user.get_username())
        except Failure as failure:
            problem = str(failure)
        else:
            messages.success(request, _("Saved. The next sync writes and deletes accordingly."))
            return redirect("storage")
    context: dict[str, Any] = {
        "here": HERE,
        "days": tracking_settings.DAYS_TO_KEEP,
        "types": tracking_settings.TYPES,
        "journeys": tracking_settings.JOURNEYS,
        "activities": [(kind.value, kind.value in shown.types) for kind in Activity],
        "chosen": shown,
        "typed": request.POST.get("days", str(shown.days)),
        "problem": problem,
        "versions": _versions(org),
    }
    try:
        context |= _live(org)
    except Failure as failure:
        context["unread"] = str(failure)
    return render(request, "storage/page.html", context, status=400 if problem else 200)


@require_GET
def estimate(request: HttpRequest) -> HttpResponse:
    """The fragment that says what a choice would keep, before it is saved."""
    org = default_org()
    context: dict[str, Any] = {}
    try:
        asked = _asked(request.GET)
        context = {"estimate": estimate_of(org, asked), "asked": asked}
    except Failure as failure:
        context = {"problem": str(failure)}
    return render(request, "storage/_estimate.html", context)


def estimate_of(org: Org, asked: Chosen) -> rules.Estimate:
    """What a choice would keep, beside what is there. Raises a Failure."""
    return _read_estimate(org.pk, _now(org).kept, asked)


@async_to_sync
async def _read_estimate(org_id: int, now: rules.Kept, asked: Chosen) -> rules.Estimate:
    since = tracking_settings.oldest_kept(timezone.now().date(), asked.days)
    async with sides.salesforce(org_id) as crm:
        return rules.estimate(
            now, asked.kept, await live.events(crm), await live.events(crm, since), await live.told(crm, since)
        )


@async_to_sync
async def read_use(org_id: int) -> tuple[live.Use, list[live.ListUse]]:
    """The org's storage, our records, and the largest lists. Raises a Failure."""
    async with sides.salesforce(org_id) as crm:
        return await live.use(crm), await live.largest_lists(crm)


def _live(org: Org) -> dict[str, Any]:
    use, lists = read_use(org.pk)
    return {"use": use, "parts": _parts(use), "lists": lists}


def _parts(use: live.Use) -> list[dict[str, Any]]:
    """The parts of a bar, in per cent from the left."""
    whole = max(use.total_mb, use.used_mb, 1)
    ours = min(100.0, 100 * use.ours_mb / whole)
    others = min(100 - ours, 100 * use.others_mb / whole)
    named = (("Fairlead", use.ours_mb, ours), ("Everything else", use.others_mb, others))
    parts, left = [], 0.0
    for number, (label, mb, width) in enumerate((*named, ("Free", use.free_mb, max(0.0, 100 - ours - others))), 1):
        parts.append({"label": label, "mb": mb, "left": round(left, 3), "width": round(width, 3), "n": number})
        left += width
    return parts


def _now(org: Org) -> Chosen:
    chosen = setting_rows.values(org)
    return Chosen(
        chosen.of(tracking_settings.DAYS_TO_KEEP),
        chosen.of(tracking_settings.TYPES),
        chosen.of(tracking_settings.JOURNEYS),
    )


def _versions(org: Org) -> dict[str, int]:
    return {
        "days": setting_rows.version(org, tracking_settings.DAYS_TO_KEEP),
        "types": setting_rows.version(org, tracking_settings.TYPES),
        "journeys": setting_rows.version(org, tracking_settings.JOURNEYS),
    }


def _asked(form: QueryDict) -> Chosen:
    """The form, read. Raises BadSetting."""
    return Chosen(
        tracking_settings.DAYS_TO_KEEP.read(form.get("days", "")),
        tracking_settings.TYPES.read(form.getlist("types")),
        tracking_settings.JOURNEYS.read(form.get("journeys", "off")),
    )


def _save(org: Org, asked: Chosen, form: QueryDict, by: str) -> None:
    """All three or none. Raises ChangedMeanwhile where somebody else was quicker, or BadSetting."""
    changes: tuple[tuple[Setting[Any], Any, str], ...] = (
        (tracking_settings.DAYS_TO_KEEP, asked.days, "days"),
        (tracking_settings.TYPES, asked.types, "types"),
        (tracking_settings.JOURNEYS, asked.journeys, "journeys"),
    )
    with transaction.atomic():
        for setting, value, name in changes:
            if value != setting_rows.value(org, setting):
                setting_rows.put(org, setting, value, by, seen=_seen(form, name))


def _seen(form: QueryDict, name: str) -> int:
    try:
        return int(form.get(f"seen_{name}", "0"))
    except ValueError:
        raise BadSetting(f"seen_{name}", form.get(f"seen_{name}"), "Load the page again.") from None
