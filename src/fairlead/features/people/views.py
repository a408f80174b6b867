"""Find a person: an address is posted and never stands in an address of the web; record ids may."""

from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.features.people.flow import LONGEST, Explanation, explain
from fairlead.store.orgs import default_org

HERE = "people"


class FindForm(forms.Form):
    """Whom to look for."""

    asked = forms.CharField(
        max_length=LONGEST,
        label=_("E-mail address or record id"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "aria-describedby": "hint-asked"}),
    )
    only = forms.CharField(
        max_length=64,
        required=False,
        label=_("Id of one list (if you ask for one)"),
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
    """The answer for a record's id, as a link that can be kept."""
    # an address in an address of the web stays unread
    asked = "" if "@" in record else record
    return _answer(request, FindForm({"asked": asked}), asked, "")


def _answer(request: HttpRequest, form: FindForm, asked: str, only: str) -> HttpResponse:
    try:
        found = async_to_sync(explain)(default_org(), asked, only=only.strip(), by=request.user.get_username())
    except Failure as failure:
        return _page(request, form, problem=failure)
    return _page(request, form, found=found)


def _page(
    request: HttpRequest, form: FindForm, found: list[Explanation] | None = None, problem: Failure | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"here": HERE, "form": form, "found": found, "problem": problem}
    return render(request, "people/people.html", context)
