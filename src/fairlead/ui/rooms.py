"""What rooms declare of themselves: title, place in the menu, addresses, settings, and what they lend to pages of others.

Rooms do not import one another: a page asks for the panels of a place, or for a part by its name, whoever lends them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from fairlead.domain.setting import Setting

Panel = Callable[[HttpRequest], SafeString]
Part = Callable[[HttpRequest, str], SafeString | HttpResponse]
"""A part of a page with a form that it handles itself: drawn, or the answer to give in place of the page.

The text is the address to go on to when what the form is for is done.
"""


def always() -> bool:
    """A room that is in the menu at all times."""
    return True


@dataclass(frozen=True, slots=True)
class Verb:
    """Something a person may do in a room, and the permission it needs (its room's role else)."""

    name: str
    permission: str = "signed_in"


@dataclass(frozen=True, slots=True)
class Room:
    """One room. `entry` is the name of its first page's address, blank for a room without a place in the menu.

    `role` is the lowest `ui.access.Role` that may open its pages, where a page says nothing else. `in_menu` tells, for each
    page that is drawn, whether the menu shows the room just now.
    """

    name: str
    title: str
    icon: str = ""
    entry: str = ""
    place: int = 0
    urls: str = ""
    verbs: tuple[Verb, ...] = ()
    settings: tuple[Setting[Any], ...] = ()
    role: int = 4
    panels: dict[str, Panel] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    in_menu: Callable[[], bool] = always


_rooms: dict[str, Room] = {}


def register(room: Room) -> None:
    """Declare a room; called when its app is ready. A later call of the same name replaces the earlier."""
    _rooms[room.name] = room


def withdraw(name: str) -> None:
    """Take back what a room declared; harmless when there is none."""
    _rooms.pop(name, None)


def find(name: str) -> Room | None:
    """The room of this name."""
    return _rooms.get(name)


def rooms() -> list[Room]:
    """All rooms, in the order of the menu."""
    return sorted(_rooms.values(), key=lambda room: (room.place, room.name))


def room_of(module: str) -> Room | None:
    """The room that a module of `fairlead.features` belongs to."""
    parts = module.split(".")
    return _rooms.get(parts[2]) if parts[:2] == ["fairlead", "features"] and len(parts) > 2 else None


def menu(role: int = 4) -> list[Room]:
    """The rooms that have a place in the menu of who has this role."""
    return [room for room in rooms() if room.entry and room.role <= role and room.in_menu()]


GROUPS: Final = (
    (0, ""),
    (10, "Sync"),
    (40, "Audience"),
    (50, "E-mail and campaigns"),
    (80, "Running it"),
    (96, "More"),
)
"""Groups of the menu: the first place of each, and its title."""


def menu_groups(entries: Iterable[Room]) -> list[tuple[str, list[Room]]]:
    """Entries of the menu in groups that hold anything, each with its title; the first has none."""
    groups: dict[str, list[Room]] = {title: [] for _, title in GROUPS}
    for room in entries:
        groups[next(title for first, title in reversed(GROUPS) if room.place >= first)].append(room)
    return [(title, found) for title, found in groups.items() if found]


def settings() -> list[Setting[Any]]:
    """The settings of all rooms, in the order of the menu."""
    return [setting for room in rooms() for setting in room.settings]


def panels(place: str, request: HttpRequest, role: int = 4) -> list[SafeString]:
    """The panels that rooms lend to a place, drawn for this request; without those of rooms that are closed to the role."""
    return [room.panels[place](request) for room in rooms() if place in room.panels and room.role <= role]


def lenders(place: str) -> list[Room]:
    """The rooms that lend a panel to a place."""
    return [room for room in rooms() if place in room.panels]


def part(name: str, request: HttpRequest, done: str) -> SafeString | HttpResponse:
    """The part of this name, whoever lends it. Raises LookupError where nobody does."""
    for room in rooms():
        if name in room.parts:
            return room.parts[name](request, done)
    raise LookupError(name)
