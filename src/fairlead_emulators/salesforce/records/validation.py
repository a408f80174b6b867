"""Validation rules: what a formula finds wrong with a record as it will be, asked once for a whole batch."""

import re
import sqlite3
from typing import Any, Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records import storing
from fairlead_emulators.salesforce.records.outcome import Work
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.storage import quoted

fact("validation_rules")

CODE: Final = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
_CANDIDATES: Final = "candidates"


def refuse_by_rules(work: Work) -> None:
    """Refuses rows of which an active rule is true; the first rule of a row is told."""
    sobject = work.batch.sobject
    rules = [rule for rule in sobject.validation_rules if rule.active and rule.expression]
    new, old = work.new(), work.old()
    if not rules or not (new or old):
        return
    work.connection.execute(_like(work.connection, sobject))
    try:
        places = {f"row {row}": row for row in new} | {work.written.ids[row] or "": row for row in old}
        _lay_new(work, new)
        _lay_old(work, old)
        for rule in rules:
            error = RowError(CODE, rule.message, (rule.field,) if rule.field else ())
            query = f"SELECT Id FROM {_CANDIDATES} WHERE {rule.expression}"
            for (identity,) in work.connection.execute(query).fetchall():
                work.batch.errors.setdefault(places[identity], error)
    finally:
        work.connection.execute(f"DROP TABLE {_CANDIDATES}")


def _like(connection: sqlite3.Connection, sobject: SObject) -> str:
    """What makes an empty table like the object's, its calculated columns too."""
    made = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (sobject.name,)).fetchone()[0]
    return re.sub(r'^CREATE TABLE\s+("[^"]+"|\w+)', f"CREATE TEMP TABLE {_CANDIDATES}", made, count=1)


def _lay(work: Work, columns: dict[str, list[Any]]) -> None:
    names, marks = ", ".join(quoted(name) for name in columns), ", ".join("?" * len(columns))
    work.connection.executemany(
        f"INSERT OR REPLACE INTO {_CANDIDATES} ({names}) VALUES ({marks})", zip(*columns.values(), strict=True)
    )


def _lay_new(work: Work, rows: list[int]) -> None:
    if rows:
        _lay(work, storing.fresh(work, rows, [f"row {row}" for row in rows]))


def _lay_old(work: Work, rows: list[int]) -> None:
    ids = [i for row in rows if (i := work.written.ids[row]) is not None]
    if not ids:
        return
    kept = [f.name for f in work.batch.sobject.fields.values() if not f.expression and f.name != "Id"]
    before = rows_by_id(work.connection, work.batch.sobject, ids, kept)
    columns = {name: [before[i][place] for i in ids] for place, name in enumerate(kept)}
    _lay(work, columns | storing.changes(work, rows, ids) | {"Id": list(ids)})
