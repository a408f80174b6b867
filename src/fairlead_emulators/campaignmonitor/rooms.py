"""A room: one part of the imitated service, with its endpoints, tables, seeds, and what comes due by the clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute

from fairlead_emulators.campaignmonitor.api import Endpoint, Service
from fairlead_emulators.campaignmonitor.store import Client, SubscriberList
from fairlead_emulators.filling import Tell, to_nobody


@dataclass(frozen=True)
class Laying:
    """The seeding of one client, after its lists and subscribers. `start`: unix seconds of the day's beginning."""

    service: Service
    client: Client
    spec: Mapping[str, Any]
    seed: int
    start: float
    tell: Tell = to_nobody


_MOST_DAYS = 40_000.0


def days(said: Mapping[str, Any], name: str, *, per_day: float = 1, otherwise: float = 0) -> float:
    """A span that a spec tells, in days, or in hours with `per_day` 24. Raises ValueError for more than a century."""
    try:
        found = float(said.get(name, otherwise)) / per_day
    except TypeError:
        found = float("nan")
    if not -_MOST_DAYS <= found <= _MOST_DAYS:
        raise ValueError(f"{name} is {said.get(name)!r}: use a number of at most a century")
    return found


def told(posted: object) -> Mapping[str, Any]:
    """What was posted to a control route. Raises ValueError when it is no JSON object."""
    if isinstance(posted, dict):
        return posted
    raise ValueError(f"a JSON object is wanted, not {posted!r}")


def listed(said: Mapping[str, Any], name: str, otherwise: Sequence[Any] = (), kind: type = str) -> list[Any]:
    """A list that a spec tells. Raises ValueError when it is none, or holds something that is no `kind`."""
    found = said.get(name, otherwise)
    if not isinstance(found, list | tuple) or not all(isinstance(each, kind) for each in found):
        raise ValueError(f"{name} is {found!r}: use a list of {'texts' if kind is str else 'objects'}")
    return list(found)


@dataclass(frozen=True)
class Room:
    """What a part brings along; all of it is optional."""

    endpoints: Sequence[Endpoint] = ()
    tables: str = ""
    """SQL: CREATE TABLE IF NOT EXISTS …; emptied by every seeding."""
    lay: Callable[[Laying], Mapping[str, int]] | None = None
    """Fills the room for one client from its part of the spec; returns counts."""
    lay_account: Callable[[Service, Mapping[str, Any]], None] | None = None
    """Fills what the room keeps for the whole account, from the whole spec, after all clients are laid."""
    laid: Callable[[Service], None] | None = None
    """Makes good what `lay` put off until everything is laid. Called when laying failed, too."""
    acts: Mapping[str, Callable[[Service, SubscriberList, Mapping[str, Any]], None]] = field(default_factory=dict)
    """What a subscriber can do: `POST /_control/act` with `do` set to the name; the rest of the body is passed on."""
    tick: Callable[[Service], None] | None = None
    """Carries out what has come due; called before each call and twice a second, so cheap when nothing has."""
    routes: Callable[[Service], Sequence[BaseRoute]] | None = None
    """Addresses outside the API: screens, control routes, explorer data."""
    state: Callable[[Service], Mapping[str, Any]] | None = None
    """What it adds to `/_control/state`."""
