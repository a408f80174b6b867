"""Who may open what: each view is open from a role on; what says nothing is open to Full Access only.

The roles are the permission sets of the org (F68–F71). Somebody who came in by a local account has Full Access: that way
in is given out by who runs the installation.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, get_resolver

from fairlead.domain.role import Role
from fairlead.ui import rooms

__all__ = [
    "EVERYTHING",
    "Access",
    "AccessMiddleware",
    "Role",
    "access_of",
    "allowed",
    "may",
    "open_to",
    "opens",
    "role_of",
]

View = TypeVar("View", bound=Callable[..., Any])
SESSION_ROLE: Final = "fairlead_role"
SESSION_PERMISSIONS: Final = "fairlead_permissions"
SESSION_NAME: Final = "fairlead_name"
"""The name of who signed in through Salesforce, sealed."""


@dataclass(frozen=True, slots=True)
class Access:
    """From which role on a view is open, and which custom permission opens it to a lower role as well (F73)."""

    role: Role
    permission: str = ""


EVERYTHING: Final = Access(Role.FULL)


def open_to(role: Role, permission: str = "") -> Callable[[View], View]:
    """Open a view from this role on. `permission` names a custom permission that opens it to Limited Access, too."""

    def mark(view: View) -> View:
        view.access = Access(role, permission)  # type: ignore[attr-defined]
        return view

    return mark


def role_of(request: HttpRequest) -> Role:
    """The role of who asks."""
    if not request.user.is_authenticated:
        return Role.NONE
    told = request.session.get(SESSION_ROLE)
    if told is not None:
        return Role(told)
    return Role.FULL if request.user.is_superuser else Role.NONE


def access_of(view: Callable[..., Any]) -> Access:
    """What a view asks for: its own mark, or what its room says of all its views."""
    own = getattr(view, "access", None)
    if isinstance(own, Access):
        return own
    room = rooms.room_of(view.__module__)
    return Access(Role(room.role)) if room is not None else EVERYTHING


def allowed(request: HttpRequest, access: Access) -> bool:
    """Whether who asks may."""
    return may(role_of(request), request.session.get(SESSION_PERMISSIONS, []), access)


def may(role: Role, permissions: Collection[str], access: Access) -> bool:
    """Whether this role, with these custom permissions, opens what asks for `access`."""
    opened_by = bool(access.permission) and role >= Role.LIMITED and access.permission in permissions
    return role >= access.role or opened_by


def opens(request: HttpRequest, address: str) -> bool:
    """Whether the page with this name of its address is open to who asks."""
    view = _views().get(address)
    return view is not None and allowed(request, access_of(view))


@lru_cache(maxsize=1)
def _views() -> dict[str, Callable[..., Any]]:
    return {pattern.name: pattern.callback for pattern in _patterns(get_resolver().url_patterns) if pattern.name}


def _patterns(found: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns)
        else:
            yield each


class AccessMiddleware:
    """Refuses views that are not open to who asks, with a page that says what would be needed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None to go on; else the page that refuses."""
        if not getattr(view, "login_required", True):
            return None
        access = access_of(view)
        if allowed(request, access):
            return None
        context = {"needed": access.role.label, "role": role_of(request).label}
        return render(request, "ui/no_access.html", context, status=403)
