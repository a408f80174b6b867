"""Who writes what is taken over: the other rooms' own acts, joined by the wiring, for rooms do not know one another."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.domain.failure import OurBug
from fairlead.features.moving_in.rules.words import Here, Item, Kind
from fairlead.store.models import Org


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did: `new` where something was written, and what is still to be done by hand."""

    new: bool
    text: str = ""


Writer = Callable[[Org, Sequence[Item], str], Awaitable[Done]]
"""Writes items that belong together, all or none, for somebody. Doing it again finds what is there and changes nothing.

Raises a Failure.
"""
Seer = Callable[[Org], Here]


class NobodyWrites(OurBug):
    """The house was not wired: nobody has said who writes this."""

    code = "FL-699"

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"Nobody has said who takes over {kind.value.lower()}.")


_writers: Final[dict[Kind, Writer]] = {}
_seers: Final[list[Seer]] = []


def provide(writers: Mapping[Kind, Writer], here: Seer) -> None:
    """Say who writes what, and what Fairlead knows; a later call replaces an earlier one."""
    _writers.clear()
    _writers.update(writers)
    _seers[:] = [here]


def writer(kind: Kind) -> Writer:
    """Who writes items of this kind. Raises NobodyWrites."""
    if kind not in _writers:
        raise NobodyWrites(kind)
    return _writers[kind]


def here(org: Org) -> Here:
    """What Fairlead knows of the org. Plain Django."""
    return _seers[0](org) if _seers else Here()
