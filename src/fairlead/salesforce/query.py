"""SOQL by pages, and the quoting of values into it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar, overload

import msgspec

from fairlead.salesforce.errors import RequestWrong
from fairlead.salesforce.percent import percent_length
from fairlead.salesforce.transport import MAX_URL, Transport

T = TypeVar("T")
Total = Callable[[int], bool]
"""Is told how many records a query has, once its first page is there; False ends it before any is given."""

COLUMNS: Final = 500
"""Room in an address for the columns of a query whose conditions are weighed."""

_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\0": ""}
)


class _Page(msgspec.Struct, Generic[T], rename="camel"):
    total_size: int
    done: bool
    records: list[T]
    next_records_url: str | None = None


class Selected(msgspec.Struct, frozen=True):
    """One column of a query's answer. `path` goes through parents (`Account.Name`); `type` is Salesforce's word."""

    path: str
    type: str = ""


class _Selected(msgspec.Struct, rename="camel"):
    column_name: str
    apex_type: str | None = None
    aggregate: bool = False
    join_columns: list["_Selected"] = []


class _Metadata(msgspec.Struct, rename="camel"):
    column_metadata: list[_Selected]


class _Plans(msgspec.Struct):
    plans: list[Any]


@lru_cache(maxsize=64)
def _decoder(type: Any) -> msgspec.json.Decoder[_Page[Any]]:
    return msgspec.json.Decoder(_Page[type])


def quote(text: str) -> str:
    """`text` as a SOQL string literal, quotes included. NUL, which SOQL cannot hold, is dropped."""
    return f"'{text.translate(_ESCAPES)}'"


def containing(text: str) -> str:
    """A pattern for `field LIKE …`, quotes included: the field contains the text as it is, wildcards taken literally."""
    escaped = quote(text)[1:-1].replace("%", "\\%").replace("_", "\\_")
    return f"'%{escaped}%'"


def in_clause(values: Iterable[str]) -> str:
    """`('a','b')` for `field IN …`; raises ValueError when there are no values, which SOQL cannot say."""
    quoted = [quote(value) for value in values]
    if not quoted:
        raise ValueError("An IN list needs at least one value.")
    return f"({','.join(quoted)})"


def fits(soql: str) -> bool:
    """Whether a query, with some columns before it, fits an address."""
    return percent_length(soql) <= MAX_URL - COLUMNS


def split_in(before: str, values: Iterable[str], after: str = "", *, room: int = MAX_URL) -> Iterator[str]:
    """Queries `before ('a','b',…) after`, each of at most `room` characters once it is in an address.

    `before` ends with IN. No query is made for no values. Raises RequestWrong when one value alone is too long.
    """
    fixed = percent_length(f"{before} ()  {after}")
    part: list[str] = []
    length = fixed
    for value in values:
        size = percent_length(quote(value)) + 3  # a comma is three characters in an address
        if fixed + size > room:
            raise RequestWrong(f"A value of {len(value):,} characters does not fit a query.", code="url_too_long")
        if length + size > room:
            yield f"{before} {in_clause(part)} {after}".rstrip()
            part, length = [], fixed
        part.append(value)
        length += size
    if part:
        yield f"{before} {in_clause(part)} {after}".rstrip()


class Queries:
    """SOQL questions to one org."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @overload
    def pages(
        self, soql: str, *, all_rows: bool = False, on_total: Total | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]: ...
    @overload
    def pages(
        self, soql: str, *, type: type[T], all_rows: bool = False, on_total: Total | None = None
    ) -> AsyncIterator[list[T]]: ...
    def pages(
        self, soql: str, *, type: Any = dict[str, Any], all_rows: bool = False, on_total: Total | None = None
    ) -> AsyncIterator[list[Any]]:
        """Records a page (2,000 or fewer) at a time; the next page is on its way while this one is used.

        `type` is a msgspec Struct for fast decoding of only the fields it names. `all_rows` adds deleted ones.
        """
        return self._pages(soql, _decoder(type), "queryAll" if all_rows else "query", on_total)

    async def _pages(
        self, soql: str, decoder: msgspec.json.Decoder[_Page[Any]], door: str, on_total: Total | None
    ) -> AsyncIterator[list[Any]]:
        page = await self._first(soql, decoder, door)
        if on_total is not None and not on_total(page.total_size):
            return
        while True:
            if page.done or not page.next_records_url:
                yield page.records
                return
            coming = asyncio.create_task(self._transport.decoded(page.next_records_url, decoder, door=door))
            try:
                yield page.records
                page = await coming
            finally:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    async def _first(self, soql: str, decoder: msgspec.json.Decoder[_Page[Any]], door: str) -> _Page[Any]:
        path = f"{self._transport.data}/{door}"
        return await self._transport.decoded(path, decoder, door=door, params={"q": soql})

    async def explain(self, soql: str) -> None:
        """Have the org read a query without running it. Raises SalesforceError with `position` where it is no query."""
        path = f"{self._transport.data}/query"
        await self._transport.json(path, _Plans, door="query explain", params={"explain": soql})

    async def columns(self, soql: str) -> list[Selected]:
        """The columns that a query gives, in its order; columns of child rows are left out. Raises as `explain` does."""
        path = f"{self._transport.data}/query"
        told = await self._transport.json(path, _Metadata, door="query columns", params={"q": soql, "columns": "true"})
        return list(_flat(told.column_metadata, ""))

    async def count(self, soql: str, *, all_rows: bool = False) -> int:
        """The number that a `SELECT COUNT() FROM …` gives; `all_rows` counts deleted records too."""
        return (await self._first(soql, _decoder(dict[str, Any]), "queryAll" if all_rows else "query")).total_size


def _flat(columns: Iterable[_Selected], before: str) -> Iterator[Selected]:
    for one in columns:
        if one.join_columns and not one.aggregate:
            yield from _flat(one.join_columns, f"{before}{one.column_name}.")
        elif not one.join_columns:
            yield Selected(before + one.column_name, one.apex_type or "")
