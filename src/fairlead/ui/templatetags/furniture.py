"""Template tags for the furniture of pages: icons, help hints, times, badges."""

from datetime import datetime
from typing import Any, Final

from cryptography.fernet import InvalidToken
from django import template
from django.contrib.auth.models import User
from django.templatetags.static import static
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from fairlead.domain.setting import Of
from fairlead.store import secrets
from fairlead.store.orgs import default_org
from fairlead.ui import access, banners, help_codes, orgs, rooms
from fairlead.ui.settings_forms import SettingsForm

register = template.Library()

BADGES: Final = {
    "done": "success",
    "failed": "error",
    "cancelled": "quiet",
    "holding": "quiet",
    "queued": "quiet",
    "running": "info",
    "connected": "success",
    "failing": "error",
    "disconnected": "quiet",
    "error": "error",
    "warning": "warning",
    "info": "info",
    "open": "error",
    "resolved": "success",
}


@register.simple_tag
def icon(name: str, size: str = "x-small", extra: str = "") -> SafeString:
    """An icon of the utility sprite; it says nothing to screen readers, so words must stand beside it."""
    return format_html(
        '<svg class="slds-icon slds-icon_{} {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        size,
        extra,
        static("vendor/slds/symbols.svg"),
        name,
    )


@register.simple_tag
def hint(name: str, text: str) -> SafeString:
    """A help hint: a button whose text opens on focus and on hover. `name` is unique on the page."""
    return format_html(
        '<span class="fl-hint"><button type="button" class="fl-hint__button" aria-describedby="hint-{0}">'
        '<span aria-hidden="true">?</span><span class="slds-assistive-text">{2}</span></button>'
        '<span role="tooltip" id="hint-{0}" class="fl-hint__text">{1}</span></span>',
        name,
        gettext(text) if text else "",
        gettext("Help"),
    )


@register.simple_tag
def badge(state: str, label: str) -> SafeString:
    """A state as a badge: word and colour."""
    shown = gettext(str(label)) if label else ""
    return format_html('<span class="slds-badge fl-badge fl-badge_{}">{}</span>', BADGES.get(state, "quiet"), shown)


@register.simple_tag
def moment(when: datetime | None, absent: str = "–") -> SafeString | str:
    """A time in the zone of who reads, with the zone's abbreviation; programs find the offset in `datetime`."""
    if when is None:
        return absent
    when = timezone.localtime(when)
    shown = formats.date_format(when, gettext("j M Y, H:i:s"))
    return format_html('<time datetime="{}">{} {}</time>', when.isoformat(), shown, when.tzname())


@register.simple_tag
def seen(mark: str) -> SafeString:
    """The hidden field by which a form tells what it showed (`ui.stale`)."""
    return format_html('<input type="hidden" name="seen" value="{}">', mark)


@register.simple_tag
def zone() -> str:
    """The abbreviation of the zone in which times are shown now."""
    return timezone.localtime(timezone.now()).tzname() or timezone.get_current_timezone_name()


@register.filter
def translated(words: Any) -> Any:
    """Words that are declared in code that knows of no language (titles, hints, labels), in that of who reads."""
    return gettext(words) if isinstance(words, str) and words else words


@register.simple_tag
def code(support_code: str, of: str = "") -> SafeString | str:
    """A support code that opens its help; `of` is the service (`SF`) of a code that is shown without its prefix."""
    if not support_code:
        return ""
    full = f"{of}-{support_code}" if of else support_code
    if not help_codes.known(full):
        return format_html("<code>{}</code>", support_code)
    address = reverse("help_code", args=[full])
    return format_html('<a href="{}" title="What it means, and what to do"><code>{}</code></a>', address, support_code)


@register.filter
def thousands(number: Any) -> str:
    """A whole number with the separators of the language; blank for none."""
    if number is None or number == "":
        return ""
    return formats.number_format(int(number), use_l10n=True, force_grouping=True)


@register.filter
def elapsed(seconds: float | None) -> str:
    """A duration in words: `4.2 s`, `3 min 10 s`."""
    if seconds is None:
        return ""
    if seconds < 60:
        return gettext("{seconds} s").format(seconds=formats.number_format(round(seconds, 1), 1, use_l10n=True))
    minutes, rest = divmod(int(seconds), 60)
    return gettext("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)


@register.simple_tag(takes_context=True)
def panels(context: template.Context, place: str) -> SafeString:
    """What rooms lend to a place of a page."""
    return format_html_join("", "{}", ((each,) for each in rooms.panels(place, context["request"])))


@register.inclusion_tag("ui/_banners.html", takes_context=True)
def page_banners(context: template.Context) -> dict[str, Any]:
    """What every page says above its content; the link only to whom its page is open."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return {"banners": []}
    found = banners.banners(default_org())
    return {"banners": [(one, access.opens(request, one.entry)) for one in found]}


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[tuple[str, list[rooms.Room]]]:
    """The groups of the menu, with the rooms that are open to who asks."""
    request = context.get("request")
    if request is None:
        return []
    return rooms.menu_groups(room for room in rooms.menu() if access.opens(request, room.entry))


@register.simple_tag(takes_context=True)
def signed_in_as(context: template.Context) -> str:
    """The name of who is signed in, as the session holds it; else the user name."""
    request = context["request"]
    try:
        return secrets.unseal(str(request.session[access.SESSION_NAME]).encode()) or str(request.user.get_username())
    except (KeyError, InvalidToken):
        return str(request.user.get_username())


@register.simple_tag(takes_context=True)
def org_here(context: template.Context) -> str:
    """The name of the org that the page is about, for who may see several; else blank."""
    user = context["request"].user
    return default_org().name if isinstance(user, User) and orgs.sees_several(user) else ""


@register.simple_tag(takes_context=True)
def role_name(context: template.Context) -> str:
    """The role of who asks."""
    return access.role_of(context["request"]).label


@register.simple_tag(takes_context=True)
def opens(context: template.Context, address: str) -> bool:
    """Whether the page of this name is open to who asks: links to others are not shown."""
    return access.opens(context["request"], address)


@register.simple_tag(takes_context=True)
def settings_link(context: template.Context, room: str, label: str | None = None) -> SafeString | str:
    """A link to a room's page of options; nothing where it has none, or where who asks may not open it."""
    found = rooms.find(room)
    if found is None or not found.settings or not access.opens(context["request"], "settings"):
        return ""
    return format_html('<a href="{}">{}</a>', reverse("room_settings", args=[room]), label or gettext("All options"))


@register.inclusion_tag("ui/_settings_panel.html", takes_context=True)
def settings_of(context: template.Context, room: str) -> dict[str, Any]:
    """The options of a room for all clients and lists, as a form on the room's own page, which is shown again afterwards."""
    found = rooms.find(room)
    request = context["request"]
    may = access.opens(request, "settings")
    settings = [each for each in found.settings if each.of is Of.ORG] if found and may else []
    form = SettingsForm(default_org(), settings)
    return {
        "room": found,
        "form": form,
        "here": request.path,
        "csrf_token": context.get("csrf_token"),
        "request": request,
    }
