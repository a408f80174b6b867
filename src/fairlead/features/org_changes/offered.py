"""Which rooms react to changed records of Salesforce: they are strangers to this one, so the wiring says it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.features.org_changes import rules
from fairlead.sync.outward import Reaction

Make = Callable[[], Reaction]


@dataclass(slots=True)
class Offered:
    """A reaction that there is. `if_paused`: it goes on while everything to Campaign Monitor is paused."""

    make: Make
    name: str
    title: str
    if_paused: bool = False


_offered: Final[list[Offered]] = []


def offer(reactions: Sequence[Make], *, if_paused: Sequence[Make] = ()) -> None:
    """Say which reactions there are, in their order; a later call replaces an earlier one.

    Those of `if_paused` (opt-outs: who told you to stop must not be mailed) come first and are never paused.
    """
    _offered[:] = [*(_of(make, if_paused=True) for make in if_paused), *(_of(make) for make in reactions)]


def offered(names: Collection[str] = ()) -> Sequence[Offered]:
    """The reactions that there are, or those of these names. Raises NothingReacts."""
    known = {one.name for one in _offered}
    for name in names:
        if name not in known:
            raise rules.NothingReacts(name, known)
    return tuple(one for one in _offered if not names or one.name in names)


def _of(make: Make, *, if_paused: bool = False) -> Offered:
    one = make()
    return Offered(make, one.name, one.title, if_paused)
