"""List views: what a user sees as a table of one object."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from fairlead.salesforce.errors import RequestWrong
from fairlead.salesforce.query import Queries
from fairlead.salesforce.transport import Transport, segment

PAGE: Final = 2000


class ListView(msgspec.Struct, frozen=True, rename="camel"):
    """One list view; those that are not `soql_compatible` can only be read by `results`."""

    id: str
    label: str
    developer_name: str = ""
    soql_compatible: bool = True


class Column(msgspec.Struct, frozen=True, rename="camel"):
    """One column. `path` is a field, or a path through parents."""

    path: str = msgspec.field(name="fieldNameOrPath")
    label: str = ""
    type: str = ""
    hidden: bool = False


class ViewInfo(msgspec.Struct, frozen=True):
    """How a list view is made: its SOQL, and its columns."""

    query: str
    columns: tuple[Column, ...] = ()


class _Views(msgspec.Struct, rename="camel"):
    listviews: list[ListView]
    next_records_url: str | None = None


class _Cell(msgspec.Struct, rename="camel"):
    path: str = msgspec.field(name="fieldNameOrPath")
    value: str | None = None


class _Record(msgspec.Struct):
    columns: list[_Cell]


class _Results(msgspec.Struct):
    done: bool
    records: list[_Record]


class ListViews:
    """The list views of one org."""

    def __init__(self, transport: Transport, queries: Queries) -> None:
        self._transport = transport
        self._queries = queries

    def _path(self, object: str, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/sobjects/{segment(object)}/listviews", *map(segment, parts)))

    async def all(self, object: str) -> list[ListView]:
        """The list views of an object that this user may see."""
        found: list[ListView] = []
        path: str | None = self._path(object)
        while path:
            page = await self._transport.json(path, _Views, door="list views")
            found += page.listviews
            path = page.next_records_url
        return found

    async def describe(self, object: str, id: str) -> ViewInfo:
        """The view's SOQL and columns."""
        return await self._transport.json(self._path(object, id, "describe"), ViewInfo, door="list view describe")

    async def results(self, object: str, id: str) -> AsyncIterator[list[dict[str, str | None]]]:
        """The rows as shown, a page at a time, by column path. Raises RequestWrong past 4,000: use `records`."""
        for offset in (0, PAGE):
            params = {"limit": str(PAGE), "offset": str(offset)}
            path = self._path(object, id, "results")
            page = await self._transport.json(path, _Results, door="list view results", params=params)
            yield [{cell.path: cell.value for cell in record.columns} for record in page.records]
            if page.done or len(page.records) < PAGE:
                return
        raise RequestWrong(
            f"The list view {id} has more than {2 * PAGE:,} rows.", code="list_view", next_step="Read it by its query."
        )

    async def records(self, object: str, id: str) -> AsyncIterator[list[dict[str, Any]]]:
        """All records of the view however many, a page at a time, by running its SOQL."""
        info = await self.describe(object, id)
        async for page in self._queries.pages(info.query):
            yield page
