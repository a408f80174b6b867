"""What the making of contacts and leads needs of the org; a fake of it lets tests break things."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fairlead.domain.records import RowFailure
from fairlead.features.record_creation.rules import Candidate, Described


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one record: its id, or why it was refused. The failure's key is left to the caller."""

    id: str
    failure: RowFailure | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A member's record id, and the ids of its contact and its lead, blank where none."""

    member: str
    contact: str
    lead: str


class People(Protocol):
    """Members without contact and lead, and the records that are made for them."""

    async def describe(self, object: str) -> Described: ...

    def unlinked(self, lists: Sequence[str], since: datetime | None) -> AsyncGenerator[Sequence[Candidate], None]:
        """Pages of the lists' active members without contact and lead that changed since (UTC, naive), or all of them."""
        ...

    async def create(self, object: str, records: Sequence[dict[str, Any]], *, allow_duplicates: bool) -> Sequence[Made]:
        """Create at most 200 records, one outcome each. Not safe to repeat: look first whether they are there."""
        ...

    async def link(self, links: Sequence[Link]) -> Sequence[RowFailure | None]:
        """Point members to their records, one outcome each. Safe to repeat; a member that is gone meanwhile is no failure."""
        ...
