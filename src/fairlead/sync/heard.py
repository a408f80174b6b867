"""What webhooks tell of people who leave or sign up, for the room that keeps opt status.

Rooms do not know one another: the wiring says who listens. A post only says *look*, but that a person signed up by a form
cannot be read later from any state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody left a list, or (`signed_up`) joined it through a form. `date` is naive, in the client's time zone."""

    address: str = field(repr=False)
    date: str
    signed_up: bool


Listener = Callable[[int, str, Sequence[Heard]], None]
"""Takes the org's id, the list's id and what was heard. Plain Django; told the same again, it changes nothing."""


@dataclass(slots=True)
class _Provided:
    listener: Listener | None = None


_provided = _Provided()


def provide(listener: Listener) -> None:
    """Say who listens; a later call replaces an earlier one."""
    _provided.listener = listener


def tell(org_id: int, list_id: str, heard: Sequence[Heard]) -> None:
    """Tell whoever listens; harmless where nobody does, or nothing was heard."""
    if _provided.listener is not None and heard:
        _provided.listener(org_id, list_id, heard)
