"""Which runner does which kind of job. Filled once, by the wiring."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from fairlead.domain.failure import OurBug
from fairlead.jobs.context import JobContext

Runner = Callable[[JobContext], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind of job: what people call it, what does it, and the kinds that never run at the same time as it."""

    kind: str
    title: str
    runner: Runner
    apart_from: frozenset[str] = frozenset()


class UnknownKind(OurBug):
    """A job of a kind that this version does not know."""

    code = "FL-901"
    next_step = "Start the same version of Fairlead everywhere, then ask for the job again."

    def __init__(self, kind: str) -> None:
        super().__init__(f"This worker knows no jobs of kind {kind!r}.")


_entries: dict[str, Entry] = {}


def register(kind: str, title: str, runner: Runner, *, apart_from: Collection[str] = ()) -> None:
    """Say what does a kind of job; a later call replaces an earlier one.

    Jobs of the kinds `apart_from` and of this kind are never handed to workers while one of the other is.
    """
    _entries[kind] = Entry(kind, title, runner, frozenset(apart_from))


def forget_all() -> None:
    """No kind is known any more, until the house is wired again."""
    _entries.clear()


def apart(kind: str) -> frozenset[str]:
    """The kinds that must not run beside this one, whichever of the two has said so."""
    own = _entries[kind].apart_from if kind in _entries else frozenset()
    return own | {entry.kind for entry in _entries.values() if kind in entry.apart_from}


def find(kind: str) -> Entry:
    """The entry of a kind; raises `UnknownKind`."""
    try:
        return _entries[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def title(kind: str) -> str:
    """What people call a kind; the kind itself when it is not registered here."""
    return _entries[kind].title if kind in _entries else kind


def kinds() -> list[Entry]:
    """All kinds, in the order in which they were registered."""
    return list(_entries.values())
