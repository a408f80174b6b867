"""Reports: listed, described, run at once or in the background, and read past the 2,000 rows that one run gives."""

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any, Final, TypeVar

import msgspec

from fairlead.salesforce.errors import RequestWrong
from fairlead.salesforce.polling import Polling, poll
from fairlead.salesforce.query import Queries
from fairlead.salesforce.transport import Transport, segment

T = TypeVar("T")

_ROWS: Final = "T!T"
_ENDED: Final = frozenset({"Success", "Error"})


class ReportFailed(RequestWrong):
    """A run in the background failed."""

    next_step = "Run the report in Salesforce: it shows what is wrong."


class Report(msgspec.Struct, frozen=True):
    """One report."""

    id: str = msgspec.field(name="Id")
    name: str = msgspec.field(name="Name")


class Cell(msgspec.Struct, frozen=True):
    """One cell: as shown, and as kept."""

    label: str | None = None
    value: Any = None


class _Row(msgspec.Struct, rename="camel"):
    data_cells: list[Cell]


class _Facts(msgspec.Struct):
    rows: list[_Row] = []


class _Metadata(msgspec.Struct, rename="camel"):
    detail_columns: list[str] = []


class Result(msgspec.Struct, frozen=True, rename="camel"):
    """A run. `all_data` is False when it was cut at 2,000 rows."""

    fact_map: dict[str, _Facts]
    metadata: _Metadata = msgspec.field(name="reportMetadata")
    all_data: bool = True

    @property
    def columns(self) -> list[str]:
        """API names of the columns, in the order of the cells."""
        return self.metadata.detail_columns

    @property
    def rows(self) -> list[list[Cell]]:
        """The rows of a tabular report; groups of other reports have none here."""
        facts = self.fact_map.get(_ROWS)
        return [row.data_cells for row in facts.rows] if facts else []


class _Instance(msgspec.Struct):
    id: str


class _Attributes(msgspec.Struct):
    status: str


class _State(msgspec.Struct):
    attributes: _Attributes


class ReportColumn(msgspec.Struct, frozen=True, rename="camel"):
    """What a column of a report shows. `data_type` is Salesforce's word for it."""

    label: str = ""
    data_type: str = ""


class _Extended(msgspec.Struct, rename="camel"):
    detail_column_info: dict[str, ReportColumn] = {}


class _Described(msgspec.Struct, rename="camel"):
    report_metadata: dict[str, Any]
    report_extended_metadata: _Extended = msgspec.field(default_factory=_Extended)


class Reports:
    """The reports of one org. 500 runs an hour at once, 1,200 in the background."""

    def __init__(self, transport: Transport, queries: Queries, pace: Polling) -> None:
        self._transport = transport
        self._queries = queries
        self._pace = pace

    def _path(self, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/analytics/reports", *map(segment, parts)))

    async def all(self) -> list[Report]:
        """The reports that this user may see, by name."""
        pages = self._queries.pages("SELECT Id, Name FROM Report ORDER BY Name", type=Report)
        return [report async for page in pages for report in page]

    async def describe(self, id: str) -> dict[str, Any]:
        """The report's metadata: columns, filters, sort order."""
        return (
            await self._transport.json(self._path(id, "describe"), _Described, door="report describe")
        ).report_metadata

    async def columns(self, id: str) -> dict[str, ReportColumn]:
        """The columns of the report's rows by API name, in their order."""
        told = await self._transport.json(self._path(id, "describe"), _Described, door="report describe")
        info = told.report_extended_metadata.detail_column_info
        return {name: info.get(name, ReportColumn()) for name in told.report_metadata.get("detailColumns", [])}

    async def run(self, id: str, metadata: dict[str, Any] | None = None) -> Result:
        """Run at once, with other metadata when given; at most 2,000 rows."""
        return await self._post(Result, "report run", self._path(id), metadata, {"includeDetails": "true"})

    async def run_in_background(self, id: str, metadata: dict[str, Any] | None = None) -> Result:
        """Run in the background and wait; at most 2,000 rows. Raises ReportFailed."""
        started = await self._post(_Instance, "report start", self._path(id, "instances"), metadata, {})
        path = self._path(id, "instances", started.id)

        async def look() -> _State:
            return await self._transport.json(path, _State, door="report state")

        ended = await poll(look, lambda state: state.attributes.status in _ENDED, self._pace, None)
        if ended.attributes.status != "Success":
            raise ReportFailed(f"The run {started.id} of the report {id} failed.", code="report_failed")
        return await self._transport.json(path, Result, door="report result")

    async def _post(
        self, type: type[T], door: str, path: str, metadata: dict[str, Any] | None, params: dict[str, str]
    ) -> T:
        wanted = {"reportMetadata": metadata} if metadata else {}
        return await self._transport.ask(
            "POST", path, lambda answer: answer.decode(type), door=door, json=wanted, params=params
        )

    async def all_rows(self, id: str, key: str) -> AsyncIterator[list[list[Cell]]]:
        """Every row of a tabular report, however many, a run's worth at a time, in the order of `key`.

        `key` is a column that the report shows and whose values differ in every row, such as an id.
        Raises RequestWrong when the report does not show it, or two rows share a value: rows might be missed.
        """
        metadata = await self.describe(id)
        if key not in metadata.get("detailColumns", []):
            raise RequestWrong(
                f"The report {id} has no column {key}.", code="report_key", next_step="Add it to the report."
            )
        last: str | None = None
        while True:
            result = await self.run(id, _from(metadata, key, last))
            place = result.columns.index(key)
            keys = [str(row[place].value) for row in result.rows]
            if len(set(keys)) < len(keys):
                raise _not_unique(id, key)
            # the row the last run ended with comes again: a second one of its key would show above
            fresh = [row for row, value in zip(result.rows, keys, strict=True) if last is None or value != last]
            if fresh:
                yield fresh
            if result.all_data:
                return
            if not fresh:
                raise _not_unique(id, key)
            last = keys[-1]


def _not_unique(id: str, key: str) -> RequestWrong:
    return RequestWrong(
        f"Rows of the report {id} share a value of {key}.",
        code="report_key",
        next_step="Page by a column whose values differ in every row, such as an id.",
    )


def _from(metadata: dict[str, Any], key: str, last: str | None) -> dict[str, Any]:
    """The report sorted by `key`, from the row with `last` on."""
    changed = deepcopy(metadata)
    changed["sortBy"] = [{"sortColumn": key, "sortOrder": "Asc"}]
    if last is None:
        return changed
    filters = [*(changed.get("reportFilters") or []), {"column": key, "operator": "greaterOrEqual", "value": last}]
    changed["reportFilters"] = filters
    if logic := changed.get("reportBooleanFilter"):
        changed["reportBooleanFilter"] = f"({logic}) AND {len(filters)}"
    return changed
