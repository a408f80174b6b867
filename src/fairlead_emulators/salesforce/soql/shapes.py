"""What a compiled query gives: its columns, its children, and how rows become records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from fairlead_emulators.salesforce.model.schema import Field, SObject

PARENT: Final = "parent id"
"""The last column of a child query."""


@dataclass(frozen=True, slots=True)
class Context:
    """When, where and by whom the query is asked. `everything` serves clauses that the org refuses by its settings."""

    now: datetime
    zone: tzinfo
    deleted: bool = False
    user: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """One value of a record: its path in the answer, and the field it comes from.

    `parents` are the objects on the way; `display`: written for people; `switch`: fields by kind of parent.
    """

    path: tuple[str, ...]
    field: Field
    parents: tuple[SObject, ...] = ()
    display: bool = False
    switch: "Switch | None" = None


@dataclass(frozen=True, slots=True)
class Switch:
    """`TYPEOF`: where each kind's values stand among the further columns, and what they are."""

    kinds: Mapping[str, tuple[int, tuple[Output, ...]]]
    otherwise: tuple[int, tuple[Output, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A query of children, run once for all parents: its last column is the parent's id."""

    name: str
    query: "Compiled"
    per_parent: int | None
    skip: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL with its parameters, and how its columns become records.

    A record's row (not an aggregate's) is its id, a value an output, the id of each of `parents`, which are paths, and
    the further columns of switches. `shape` is count, aggregate or records. Of records, `ids` gives the ids alone, and
    `some` the rows of the ids in its one parameter, a JSON list. `kinds` are objects by key prefix.
    """

    sql: str
    params: list[Any]
    shape: str
    sobject: SObject
    outputs: list[Output]
    children: list[Child] = field(default_factory=list)
    parents: list[tuple[str, ...]] = field(default_factory=list)
    ids: str = ""
    some: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
