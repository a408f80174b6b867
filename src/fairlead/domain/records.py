"""The words of the flow: what one cursor covers, a page of records by column, and what became of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


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

    def take(self, positions: Sequence[int]) -> "Rows":
        """The records at these positions, in this order."""
        if len(positions) == len(self) and all(i == position for i, position in enumerate(positions)):
            return self
        return Rows(self.fields, self.kinds, tuple([column[i] for i in positions] for column in self.columns))

    def with_column(self, field: str, text: str) -> "Rows":
        """The same records, each with one more field that has the same text in all."""
        return Rows((*self.fields, field), (*self.kinds, Kind.TEXT), (*self.columns, [text] * len(self)))

    def with_texts(self, texts: Mapping[str, list[str]]) -> "Rows":
        """The same records with other texts in these fields, one a record."""
        columns = tuple(texts.get(name, column) for name, column in zip(self.fields, self.columns, strict=True))
        return Rows(self.fields, self.kinds, columns)

    def column(self, name: str) -> list[str]:
        """The texts of one field."""
        return self.columns[self.fields.index(name)]

    def records(self) -> Iterator[tuple[str, ...]]:
        """The records one after another, each in the order of `fields`."""
        return zip(*self.columns, strict=True)

    @classmethod
    def join(cls, parts: Sequence["Rows"]) -> "Rows":
        """The same fields' pages as one; at least one part is needed."""
        if len(parts) == 1:
            return parts[0]
        columns = tuple([text for part in parts for text in part.columns[i]] for i in range(len(parts[0].fields)))
        return cls(parts[0].fields, parts[0].kinds, columns)


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A record the other side refused. `key` is in clear in memory only; the ledger stores its keyed hash.

    `reason` names no address, name or other value of the record. `blocks` says that no record at all will be accepted
    before a setting, a permission or the storage of the other side changes.
    """

    key: str
    code: str
    reason: str
    retryable: bool
    blocks: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of the records pushed: how many were written, and the refusals with their reasons."""

    written: int = 0
    failures: list[RowFailure] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.written += other.written
        self.failures.extend(other.failures)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a scope has been read: the source's own wall clock when the last committed reading began.

    Campaign Monitor's times carry no offset, so the clock is kept as it was given: naive, minutes matter.
    """

    read_until: datetime

    def since(self, overlap: timedelta) -> date:
        """The first day the next reading asks for: the cursor minus the overlap, from that day's beginning."""
        return (self.read_until - overlap).date()


class Digest(NamedTuple):
    """A digest of a record's content (16 bytes, keyed), and the day at the source on which the record last changed (ISO)."""

    content: bytes
    day: str


@dataclass(frozen=True, slots=True)
class Staged:
    """What to commit once the writing has ended: where the cursor goes, and keyed hash of key → digest of what was written."""

    cursor: Cursor
    digests: Mapping[bytes, Digest]


@dataclass(frozen=True, slots=True)
class Commit:
    """What a scope's reading has come to: see `sync.ports.Ledger.commit`, whose arguments these are."""

    scope: Scope
    staged: Staged
    failures: Sequence[RowFailure]
    answered: Collection[bytes] | None = ()
    full_run: int = 0


@dataclass(frozen=True, slots=True)
class InFlight:
    """A bulk job whose outcome was never committed. `staged` is set when it was the last of its reading."""

    job: str
    sealed: bool
    staged: Staged | None
