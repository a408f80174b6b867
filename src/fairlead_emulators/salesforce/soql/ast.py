"""A query as data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """A function. Of a field: `path`; of another function's value: `inner`; `COUNT()` has neither.

    `DISTANCE` has a `place` too: the point, and the unit.
    """

    function: str
    path: str = ""
    alias: str = ""
    inner: "Call | None" = None
    place: "Place | None" = None


@dataclass(frozen=True, slots=True)
class Place:
    """What a distance is measured to, in degrees, and whether in `mi` or `km`."""

    latitude: float
    longitude: float
    unit: str


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
class TypeOf:
    """`TYPEOF What WHEN Account THEN Phone ELSE Name END`: fields by the type that the look-up points to."""

    relationship: str
    whens: tuple[tuple[str, tuple[Column, ...]], ...]
    otherwise: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: kind is string, number, currency, boolean, null, date, datetime or range (a date literal)."""

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

    left: Column | Call
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
    """`SELECT … FROM …`. `aliases` name the object (an empty path) or parents: `FROM Contact c, c.Account a`.

    `subtotals` is rollup, cube or empty.
    """

    select: tuple["Column | Call | FieldsOf | TypeOf | Query", ...]
    source: str
    where: Condition | None = None
    group_by: tuple[Column | Call, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
    aliases: tuple[tuple[str, str], ...] = ()
    scope: str = ""
    subtotals: str = ""
    categories: bool = False
    locks: bool = False

    @property
    def counts_only(self) -> bool:
        """`SELECT COUNT()`."""
        return len(self.select) == 1 and isinstance(self.select[0], Call) and _bare_count(self.select[0])


def _bare_count(call: Call) -> bool:
    return call.function == "count" and not call.path and call.inner is None
