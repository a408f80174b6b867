"""The words of the flow: what one cursor covers, a page of records by column, and what became of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What one cursor covers: a kind of record of one client, and one list of it where the kind has lists."""

    kind: str
    client: str
    list: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.client, self.list) if part)


class Kind(StrEnum):
    """How a column's text is to be read; a blank is null in every kind."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of records to write, by column.

    `fields[i]` is the API name of `columns[i]`; every column has one text a record, in the same order.
    `Rel__r.Key__c` names a parent by its external id. The first column is the record's key.
    """

    fields: tuple[str, ...]
    kinds: tuple[Kind, ...]
    columns: tuple[list[str], ...]

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def keys(self) -> list[str]:
        return self.columns[0]

    def take(self, positions: list[int]) -> "Rows":
        """The records at these positions, in this order."""
        if len(positions) == len(self):
            return self
        return Rows(self.fields, self.kinds, tuple([column[i] for i in positions] for column in self.columns))

    def records(self) -> Iterator[tuple[str, ...]]:
        return zip(*self.columns, strict=True)


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A record the other side refused. `key` is in clear in memory only; the ledger stores its keyed hash."""

    key: str
    code: str
    reason: str
    retryable: bool


@dataclass(slots=True)
class Outcome:
    """What became of the records pushed: counts of rows, and the refusals with their reasons."""

    created: int = 0
    updated: int = 0
    failures: list[RowFailure] = field(default_factory=list)

    @property
    def written(self) -> int:
        return self.created + self.updated

    def add(self, other: "Outcome") -> None:
        self.created += other.created
        self.updated += other.updated
        self.failures.extend(other.failures)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a scope has been read: the server's own clock when the last committed read began (UTC)."""

    read_until: datetime | None = None
