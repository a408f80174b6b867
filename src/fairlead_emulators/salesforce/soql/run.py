"""Compiled queries run on the storage, and rows shaped as Salesforce shapes records."""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.soql.display import displayed
from fairlead_emulators.salesforce.soql.functions import prepare
from fairlead_emulators.salesforce.soql.shapes import PARENT, Child, Compiled, Output
from fairlead_emulators.salesforce.soql.tokens import SoqlError

Record = dict[str, Any]

_AT_ONCE: Final = 500
_TOO_DEEP: Final = re.compile("parser stack overflow|tree is too large", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shaper:
    """Turns rows into records; `version` stands in record addresses."""

    version: str

    def record(self, compiled: Compiled, row: Sequence[Any]) -> Record:
        """One record from its row, as Compiled tells its columns."""
        record: Record = {"attributes": self._attributes(compiled, compiled.sobject, row[0])}
        outputs = compiled.outputs
        first = len(outputs) + 1
        ids = dict(zip(compiled.parents, row[first:], strict=False))
        for output, value in zip(outputs, row[1:], strict=False):
            place = record
            for depth, name in enumerate(output.path[:-1]):
                parent = ids[output.path[: depth + 1]]
                if parent is None:
                    place[name] = None
                    break
                here = output.parents[depth]
                place = place.setdefault(name, {"attributes": self._attributes(compiled, here, parent)})
            else:
                further = row[first + len(compiled.parents) :]
                place[output.path[-1]] = self._value(compiled, output, value, further)
        return record

    def _value(self, compiled: Compiled, output: Output, value: Any, further: Sequence[Any]) -> Any:
        if output.switch is None:
            return displayed(output.field, value) if output.display else shaped(output.field, value)
        if value is None:
            return None
        kind = compiled.kinds.get(value[:3], "")
        start, fields = output.switch.kinds.get(kind) or output.switch.otherwise or (0, ())
        url = f"/services/data/v{self.version}/sobjects/{kind}/{value}"
        found: Record = {"attributes": {"type": kind, "url": url}}
        for place, field in enumerate(fields, start):
            found[field.path[-1]] = shaped(field.field, further[place])
        return found

    def _attributes(self, compiled: Compiled, sobject: SObject, record_id: str) -> Record:
        """Of a parent that may be of several kinds, the type is Name; the address tells the kind."""
        kind = sobject.name if sobject.key_prefix else compiled.kinds.get(record_id[:3], sobject.name)
        return {"type": sobject.name, "url": f"/services/data/v{self.version}/sobjects/{kind}/{record_id}"}


def shaped(field: Field, value: Any) -> Any:
    """A stored value as JSON has it."""
    if value is None:
        return False if field.type == "boolean" else None
    if field.type == "boolean":
        return bool(value)
    if field.type == "datetime":
        return value.removesuffix("Z") + "+0000"
    if field.type == "int":
        return int(value)
    if field.type in {"location", "address"}:
        return json.loads(value)
    return value


def run(connection: sqlite3.Connection, compiled: Compiled, version: str) -> tuple[list[Record], int]:
    """All records and their number; of `COUNT()` only the number."""
    rows = _execute(connection, compiled.sql, compiled.params)
    if compiled.shape == "count":
        return [], int(rows.fetchone()[0])
    if compiled.shape == "aggregate":
        records = [_aggregate(row, compiled.outputs) for row in rows]
        return records, len(records)
    records = shape_rows(connection, compiled, rows.fetchall(), version)
    return records, len(records)


def shape_rows(
    connection: sqlite3.Connection, compiled: Compiled, rows: list[tuple[Any, ...]], version: str
) -> list[Record]:
    """Rows of a query of records as records, with their children."""
    return _records(connection, compiled, rows, Shaper(version))


def execute(connection: sqlite3.Connection, compiled: Compiled, sql: str = "") -> sqlite3.Cursor:
    """The query's rows, or those of another of its statements. Raises SoqlError."""
    return _execute(connection, sql or compiled.sql, compiled.params)


def _execute(connection: sqlite3.Connection, sql: str, params: list[Any]) -> sqlite3.Cursor:
    """Raises SoqlError for what is beyond SQLite's own limits: values, depth of conditions."""
    if len(params) > connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER):
        raise SoqlError("QUERY_TOO_COMPLICATED", f"The query has {len(params)} values: ask in several queries")
    prepare(connection)
    try:
        return connection.execute(sql, params)
    except sqlite3.OperationalError as error:
        if not _TOO_DEEP.search(str(error)):
            raise
        raise SoqlError("QUERY_TOO_COMPLICATED", "The condition is nested too deeply") from None


def cells(connection: sqlite3.Connection, compiled: Compiled) -> Iterator[list[list[str]]]:
    """The rows as texts for CSV, some thousands at a time."""
    rows = _execute(connection, compiled.sql, compiled.params)
    fields = [output.field for output in compiled.outputs]
    while part := rows.fetchmany(5_000):
        yield [[_cell(field, value) for field, value in zip(fields, row[1:], strict=False)] for row in part]


def _cell(field: Field, value: Any) -> str:
    if field.type == "boolean":
        return "true" if value else "false"
    return "" if value is None else str(value)


def _aggregate(row: Sequence[Any], outputs: Sequence[Output]) -> Record:
    record: Record = {"attributes": {"type": "AggregateResult"}}
    for output, value in zip(outputs, row, strict=False):  # keys of ORDER BY may follow
        record[output.path[-1]] = displayed(output.field, value) if output.display else shaped(output.field, value)
    return record


def _records(
    connection: sqlite3.Connection, compiled: Compiled, rows: list[tuple[Any, ...]], shaper: Shaper
) -> list[Record]:
    records = [shaper.record(compiled, row) for row in rows]
    for child in compiled.children:
        found = _children(connection, child, [row[0] for row in rows], shaper)
        for row, record in zip(rows, records, strict=True):
            of_this = found.get(row[0])
            record[child.name] = {"totalSize": len(of_this), "done": True, "records": of_this} if of_this else None
    return records


def _children(
    connection: sqlite3.Connection, child: Child, parents: list[str], shaper: Shaper
) -> dict[str, list[Record]]:
    compiled = child.query
    found: dict[str, list[Record]] = defaultdict(list)
    for start in range(0, len(parents), _AT_ONCE):
        some = parents[start : start + _AT_ONCE]
        sql = f'SELECT * FROM ({compiled.sql}) WHERE "{PARENT}" IN ({",".join("?" * len(some))})'
        rows = _execute(connection, sql, [*compiled.params, *some]).fetchall()
        for row, record in zip(rows, _records(connection, compiled, rows, shaper), strict=True):
            found[row[-1]].append(record)
    last = None if child.per_parent is None else child.skip + child.per_parent
    return {parent: records[child.skip : last] for parent, records in found.items()}
