"""Settings for programs: `/api/v1/settings` and `/api/v1/settings/<name>[?of=ID]`."""

from typing import Any

from django.http import HttpRequest

from fairlead.domain.setting import Setting
from fairlead.store import setting_rows
from fairlead.store.orgs import default_org
from fairlead.ui import settings_of
from fairlead.ui.api import BadBody, api, body


def _all(request: HttpRequest) -> dict[str, Any]:
    """Every setting, or those of one `room`."""
    return {"settings": settings_of.all_shown(default_org(), request.GET.get("room", ""))}


def _one(request: HttpRequest, name: str) -> dict[str, Any]:
    setting = settings_of.named(name)
    return {"setting": settings_of.shown(default_org(), setting, request.GET.get("of", ""))}


def _put(request: HttpRequest, name: str, by: str) -> dict[str, Any]:
    """Change it: `{"value": …, "version": …}`. The version may be left out, or be sent as If-Match."""
    setting, sent = settings_of.named(name), body(request)
    if "value" not in sent:
        raise BadBody("The body has no value.", next_step='Send {"value": …}.')
    subject = settings_of.subject_of(setting, request.GET.get("of", ""))
    seen = _seen(request, sent.get("version"))
    setting_rows.put(default_org(), setting, sent["value"], by, subject=subject, seen=seen)
    return _now(setting, subject)


def _reset(request: HttpRequest, name: str, by: str) -> dict[str, Any]:
    """Back to the default."""
    setting = settings_of.named(name)
    subject = settings_of.subject_of(setting, request.GET.get("of", ""))
    setting_rows.reset(default_org(), setting, by, subject=subject, seen=_seen(request, body(request).get("version")))
    return _now(setting, subject)


def _now(setting: Setting[Any], subject: str) -> dict[str, Any]:
    return {"setting": settings_of.shown(default_org(), setting, subject)}


def _seen(request: HttpRequest, version: object) -> int | None:
    """The version that the change starts from; None where nobody said. Raises BadBody."""
    given = version if version is not None else request.headers.get("If-Match", "").strip('" ') or None
    if given is None:
        return None
    try:
        return int(str(given))
    except ValueError:
        raise BadBody(f"{str(given)[:40]!r} is no version.", next_step="Send the number that was shown.") from None


all_settings = api(get=_all)
one_setting = api(get=_one, put=_put, delete=_reset)
