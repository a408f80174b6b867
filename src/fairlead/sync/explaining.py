"""What rooms say of one person when somebody asks why: each room offers a source, the answer asks all of them.

Rooms are strangers to one another: who answers does not know who speaks.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from fairlead.domain.failure import Failure
from fairlead.domain.said import Said
from fairlead.salesforce.client import Salesforce


@dataclass(frozen=True, slots=True)
class Asked:
    """A person: the address in its normal form, and the (object, id) of the records that have it. In memory only."""

    org_id: int
    address: str = field(repr=False)
    records: Sequence[tuple[str, str]] = ()


Source = Callable[[Salesforce, Asked], Awaitable[Sequence[Said]]]
Remembering = Callable[[Asked], Awaitable[Sequence[Said]]]
"""A source that asks no side: what it says is known here."""

_sources: dict[str, Source] = {}
_remembering: dict[str, Remembering] = {}


def provide(name: str, source: Source) -> None:
    """Say who speaks of people; a later call of the same name replaces the earlier."""
    _sources[name] = source


def provide_remembered(name: str, source: Remembering) -> None:
    """The same for a source that asks no side."""
    _remembering[name] = source


async def ask(crm: Salesforce, asked: Asked) -> list[Said]:
    """What all say who ask the org. Where one cannot be asked, that is said instead."""
    return await _all([partial(source, crm, asked) for source in _sources.values()])


async def ask_remembered(asked: Asked) -> list[Said]:
    """What all others say, whatever becomes of the sides."""
    return await _all([partial(source, asked) for source in _remembering.values()])


async def _all(sources: Sequence[Callable[[], Awaitable[Sequence[Said]]]]) -> list[Said]:
    found: list[Said] = []
    for source in sources:
        try:
            found += await source()
        except Failure as failure:
            found.append(Said("", "", failure.told))
    return found
