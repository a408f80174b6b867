"""The clients of the connected account as Fairlead knows them, for rooms that need them outside a run.

Who keeps them is another room; the wiring provides the reader, so that rooms need not know one another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairlead.sync.sides import NotProvided
from fairlead.sync.stage import ClientScope


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client of the account, and whether it is synced."""

    scope: ClientScope
    selected: bool


Reader = Callable[[int], Sequence[KnownClient]]


@dataclass(slots=True)
class _Provided:
    reader: Reader | None = None


_provided = _Provided()


def provide(reader: Reader) -> None:
    """Say who knows the clients of an org; a later call replaces an earlier one."""
    _provided.reader = reader


def clients(org_id: int) -> Sequence[KnownClient]:
    """All clients of the account, selected or not. Plain Django: not in the event loop. Raises NotProvided."""
    if _provided.reader is None:
        raise NotProvided
    return _provided.reader(org_id)
