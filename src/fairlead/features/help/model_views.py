"""The page on which an admin chooses a language model for the help, or none."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fairlead.domain.failure import Failure
from fairlead.features.help import asking_model, settings
from fairlead.store.orgs import default_org
from fairlead.ui.access import Role, open_to
from fairlead.ui.settings_forms import SettingsForm

FORGET: Final = "-"
"""What is typed to forget the key; blank keeps it."""


@require_http_methods(["GET", "POST"])
@open_to(Role.FULL)
def model(request: HttpRequest) -> HttpResponse:
    """Address, name, patience, and the key, which is sealed and never shown again."""
    org, by = default_org(), request.user.get_username()
    form, wrong = SettingsForm(org, settings.SETTINGS), ""
    if request.method == "POST":
        key = request.POST.get("key", "").strip()
        try:
            wrong = _wrong(request.POST.get("help-model_url", "").strip(), key)
            if wrong:
                _keep_typed(form, request)
            elif form.save(request.POST, by):
                if key:
                    asking_model.keep_key(org, "" if key == FORGET else key, by)
                messages.success(request, _("Saved."))
                return redirect("help_model")
        except Failure as failure:
            messages.error(request, str(failure))
    context: dict[str, Any] = {"here": "help", "form": form, "wrong": wrong}
    try:
        context["kept"] = asking_model.has_key(org)
    except Failure as failure:
        messages.error(request, str(failure))
    return render(request, "help/model.html", context)


def _keep_typed(form: SettingsForm, request: HttpRequest) -> None:
    for control in form.controls:
        control.value = request.POST.get(control.id, control.value)


def _wrong(url: str, key: str) -> str:
    """What is wrong with an address and a key; blank where nothing is."""
    if len(key) > asking_model.LONGEST_KEY or not key.isascii() or not key.isprintable():
        return _("The key has signs that no key has, or is too long.")
    if url:
        try:
            asking_model.address(url)
        except asking_model.BadModelAddress as failure:
            return str(failure)
    return ""
