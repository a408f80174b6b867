"""What rooms say of one person when somebody asks why: each room offers a source, the answer asks all of them.

Rooms are strangers to one another: who answers does not know who speaks.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

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

_sources: dict[str, Source] = {}


def provide(name: str, source: Source) -> None:
    """Say who speaks of people; a later call of the same name replaces the earlier."""
    _sources[name] = source


async def ask(crm: Salesforce, asked: Asked) -> list[Said]:
    """What all of them say. Where one cannot be asked, that is said instead."""
    found: list[Said] = []
    for source in list(_sources.values()):
        try:
            found += await source(crm, asked)
        except Failure as failure:
            found.append(Said("", "", failure.told))
    return found
