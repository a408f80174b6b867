"""A query as data."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """An aggregate or date function of one field; `path` is empty for `COUNT()`."""

    function: str
    path: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A field, perhaps of a parent (`List__r.Name`)."""

    path: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`."""

    which: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: kind is string, number, boolean, null, date, datetime or range (a date literal with its number)."""

    kind: str
    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field op value`; op is one of = != < <= > >= like."""

    left: Column | Call
    op: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """`field IN (…)`, `NOT IN`, `INCLUDES`, `EXCLUDES`: values, or a query."""

    left: Column
    op: str
    values: tuple[Literal, ...] = ()
    query: "Query | None" = None


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT condition`."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by one of `and`, `or`."""

    op: str
    parts: tuple["Condition", ...]


Condition = Comparison | Among | Not | Joined


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    by: Column | Call
    descending: bool = False
    nulls_last: bool | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """`SELECT … FROM …`."""

    select: tuple["Column | Call | FieldsOf | Query", ...]
    source: str
    where: Condition | None = None
    group_by: tuple[Column | Call, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
    alias: str = field(default="")

    @property
    def counts_only(self) -> bool:
        """`SELECT COUNT()`."""
        return self.select == (Call("count", ""),)
