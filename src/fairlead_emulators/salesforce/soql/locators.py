"""Long answers: the first page at once, and the ids of all records, from which later pages are read."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.soql.run import execute, run, shape_rows
from fairlead_emulators.salesforce.soql.shapes import Compiled
from fairlead_emulators.salesforce.soql.tokens import SoqlError

fact("soql_locators")

_ID: Final = 18
MAX_AGGREGATES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """An answer's first records and its number of records; `ids` are all of them, one after another, or empty.

    With `ids` empty, the first records are all.
    """

    compiled: Compiled
    first: list[dict[str, Any]]
    total: int
    ids: bytes = b""


def find(connection: sqlite3.Connection, compiled: Compiled, version: str, size: int) -> Found:
    """Runs a query for pages of `size` records. Raises SoqlError."""
    if compiled.shape != "records":
        records, total = run(connection, compiled, version)
        if len(records) > MAX_AGGREGATES:
            message = (
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            )
            raise SoqlError("EXCEEDED_ID_LIMIT", message)
        return Found(compiled, records, total)
    rows = execute(connection, compiled)
    first = rows.fetchmany(size)
    more = len(first) == size and rows.fetchone() is not None
    rows.close()
    records = shape_rows(connection, compiled, first, version)
    if not more:
        return Found(compiled, records, len(records))
    ids = "".join(row[0] for row in execute(connection, compiled, compiled.ids)).encode()
    return Found(compiled, records, len(ids) // _ID, ids)


def page(connection: sqlite3.Connection, found: Found, start: int, size: int, version: str) -> list[dict[str, Any]]:
    """The records from a place on, as they are now. Raises SoqlError."""
    if start == 0:
        return found.first[:size]
    part = found.ids[start * _ID : (start + size) * _ID].decode()
    ids = [part[at : at + _ID] for at in range(0, len(part), _ID)]
    rows = {row[0]: row for row in connection.execute(found.compiled.some, (json.dumps(ids),))}
    there = [rows[i] for i in ids if i in rows]
    return shape_rows(connection, found.compiled, there, version)
