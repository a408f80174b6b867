"""Pages of a person: an address is posted and never stands in an address of the web; record ids may."""

from typing import Any, Final

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fairlead.domain.failure import Failure
from fairlead.domain.role import MANAGE_MEMBERSHIPS, Role
from fairlead.features.people import activity, going, managing
from fairlead.features.people.asking import LONGEST, RECORD_ID
from fairlead.features.people.flow import Explanation, explain
from fairlead.features.people.rules import activity as amounts
from fairlead.features.people.rules.memberships import MAILED, Act, Place
from fairlead.store.orgs import default_org
from fairlead.sync import standing
from fairlead.ui.access import open_to, opens
from fairlead.ui.charts import Chart, Series

HERE: Final = "people"


class FindForm(forms.Form):
    """Whom to look for."""

    asked = forms.CharField(
        max_length=LONGEST,
        label=gettext_lazy("E-mail address or record id"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "aria-describedby": "hint-asked"}),
    )
    only = forms.CharField(
        max_length=64,
        required=False,
        label=gettext_lazy("Id of one list (if you ask for one)"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "aria-describedby": "hint-only"}),
    )


@never_cache
@sensitive_post_parameters("asked")
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """The form, and below it the answer to what was posted."""
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _answer(request, form, form.cleaned_data["asked"], form.cleaned_data["only"])
    return _page(request, form)


@never_cache
@require_GET
def person(request: HttpRequest, record: str) -> HttpResponse:
    """The page of a record: where buttons of the org lead, and a link that can be kept."""
    # an address in an address of the web stays unread
    asked = "" if "@" in record else record
    return _answer(request, FindForm({"asked": asked}), asked, "", record=asked)


@never_cache
@require_GET
def go(request: HttpRequest, record: str) -> HttpResponse:
    """Where a button of the org leads: the page of its record here."""
    try:
        name, of = async_to_sync(going.page_of)(default_org(), record)
    except Failure as failure:
        return _page(request, FindForm({"asked": record if RECORD_ID.fullmatch(record) else ""}), problem=failure)
    return redirect(name, of) if of else redirect(name)


@never_cache
@sensitive_post_parameters("asked")
@require_POST
def live(request: HttpRequest) -> HttpResponse:
    """What the person got and did, read now: a part for the page, or, without scripts, a page of its own."""
    part = request.headers.get("HX-Request") == "true"
    number = request.POST.get("number", "")
    context: dict[str, Any] = {"here": HERE, "asked": _asked(request), "record": _record(request)}
    context["number"] = number if number.isdecimal() and len(number) < 4 else "1"
    try:
        (context["found"], *_others) = async_to_sync(activity.read)(
            default_org(), context["asked"], by=request.user.get_username()
        )
    except Failure as failure:
        context["problem"] = failure
    else:
        told = context["found"].activity
        context |= {
            "summary": amounts.summary(told),
            "timeline": amounts.timeline(told),
            "chart": _chart(told, context["number"]),
        }
    return render(request, "people/_activity.html" if part else "people/activity.html", context)


@open_to(Role.STANDARD, MANAGE_MEMBERSHIPS)
@never_cache
@sensitive_post_parameters("asked")
@require_POST
def manage(request: HttpRequest) -> HttpResponse:
    """Manage lists: first what will happen is shown, then it is done and told list by list."""
    asked, lists = _asked(request), request.POST.getlist("list")
    context: dict[str, Any] = {"here": HERE, "asked": asked, "record": _record(request), "lists": lists}
    try:
        act = Act(request.POST.get("act", ""))
    except ValueError:
        messages.error(request, _("Press one of the buttons."))
        return redirect("people")
    context["act"] = act
    who, by = default_org(), request.user.get_username()
    try:
        if request.POST.get("confirmed") == "yes":
            context["done"] = async_to_sync(managing.carry_out)(who, asked, act, lists, by=by)
        else:
            context["plan"] = async_to_sync(managing.preview)(who, asked, act, lists)
    except Failure as failure:
        context["problem"] = failure
    return render(request, "people/manage.html", context)


def _asked(request: HttpRequest) -> str:
    return request.POST.get("asked", "").strip()[:LONGEST]


def _record(request: HttpRequest) -> str:
    """The record whose page it began on, for the way back."""
    given = request.POST.get("record", "")
    return given if RECORD_ID.fullmatch(given) else ""


def _chart(told: amounts.Activity, number: str) -> Chart:
    labels, counted = amounts.by_month(told, timezone.now().date())
    series = [Series(label, counted[what]) for what, label in amounts.CHARTED]
    return Chart(f"person-{number}", _("Opens, clicks and bounces of twelve months"), labels, series, _("Month (UTC)"))


def _answer(request: HttpRequest, form: FindForm, asked: str, only: str, *, record: str = "") -> HttpResponse:
    try:
        found = async_to_sync(explain)(default_org(), asked, only=only.strip(), by=request.user.get_username())
    except Failure as failure:
        return _page(request, form, problem=failure)
    return _page(request, form, found=found, record=record)


def _page(
    request: HttpRequest,
    form: FindForm,
    found: list[Explanation] | None = None,
    problem: Failure | None = None,
    record: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {"here": HERE, "form": form, "problem": problem, "record": record}
    if found is not None:
        may_manage = opens(request, "person_lists")
        places = managing.places(default_org()) if may_manage else []
        context["found"] = [(one, _open_lists(one, places)) for one in found]
        context |= {"may_manage": may_manage, "mailed": MAILED, "acts": Act}
        context["instance"] = standing.of(default_org().pk).instance_url
    return render(request, "people/people.html", context)


def _open_lists(one: Explanation, places: list[Place]) -> list[Place]:
    """The lists that the person could be added to: those that do not mail to the address now."""
    mailed = {each.id for each in one.facts.lists if each.state in MAILED}
    return [place for place in places if place.list not in mailed]
