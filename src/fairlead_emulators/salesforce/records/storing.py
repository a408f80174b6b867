"""Puts the accepted rows of a batch into the tables: one `executemany` per kind of row, then what follows from them."""

from typing import Any

from fairlead_emulators.salesforce.events import log
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.model.values import KEEP
from fairlead_emulators.salesforce.records import history
from fairlead_emulators.salesforce.records.naming import fill_names
from fairlead_emulators.salesforce.records.outcome import Work
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("no_op_update_moves_modstamp")

Columns = dict[str, list[Any]]


def update(work: Work, rows: list[int]) -> list[str]:
    """Changes the rows' records; their ids."""
    if not rows:
        return []
    sobject, connection = work.batch.sobject, work.connection
    ids = [i for row in rows if (i := work.written.ids[row]) is not None]
    columns = changes(work, rows, ids)
    if work.told:
        log.updated(work.org, connection, sobject, ids, columns)
        history.note_changes(work, ids, columns)
    sets = ", ".join(f"{quoted(name)} = ?" for name in columns)
    connection.executemany(
        f"UPDATE {quoted(sobject.name)} SET {sets} WHERE Id = ?", zip(*columns.values(), ids, strict=True)
    )
    fill_names(connection, sobject, ids)
    return ids


def changes(work: Work, rows: list[int], ids: list[str]) -> Columns:
    """What the rows' records will hold in every column that any of them changes, and the stamps."""
    batch = work.batch
    fields = [f for f in (batch.sobject.fields[name] for name in batch.columns) if f.expression is None]
    columns = {f.name: [batch.columns[f.name.lower()][row] for row in rows] for f in fields}
    partial = [name for name, cells in columns.items() if KEEP in cells]
    if partial:
        before = rows_by_id(work.connection, batch.sobject, ids, partial)
        for place, name in enumerate(partial):
            columns[name] = [
                before[i][place] if cell is KEEP else cell for i, cell in zip(ids, columns[name], strict=True)
            ]
    now = work.org.now()
    stamps = {"LastModifiedDate": now, "LastModifiedById": work.org.acting_user(), "SystemModstamp": now}
    for name, value in stamps.items():
        columns.setdefault(name, [value] * len(rows))
    return columns


def insert(work: Work, rows: list[int]) -> list[str]:
    """Makes the rows' records; their ids."""
    if not rows:
        return []
    sobject, connection, written = work.batch.sobject, work.connection, work.written
    ids = work.org.storage.new_ids(sobject.key_prefix, len(rows))
    columns = fresh(work, rows, ids)
    names = ", ".join(quoted(name) for name in columns)
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {quoted(sobject.name)} ({names}) VALUES ({marks})", zip(*columns.values(), strict=True)
    )
    for row, record_id in zip(rows, ids, strict=True):
        written.ids[row] = record_id
        written.created[row] = True
    work.org.storage.changed(sobject, len(ids))
    fill_names(connection, sobject, ids)
    if work.told:
        log.inserted(work.org, connection, sobject, ids, columns)
        history.note_new(work, ids)
    return ids


def fresh(work: Work, rows: list[int], ids: list[str]) -> Columns:
    """What the rows' new records will hold, under those ids."""
    columns: Columns = {}
    for f in work.batch.sobject.fields.values():
        if f.expression is not None:
            continue  # the database works it out; a row that gives it has been refused
        start = _default(work.org, f)
        given = work.batch.columns.get(f.name.lower())
        if given is not None:
            columns[f.name] = [start if given[row] is KEEP else given[row] for row in rows]
        elif start is not None:
            columns[f.name] = [start] * len(rows)
    columns["Id"] = list(ids)
    return columns


def _default(org: Org, field: Field) -> Any:
    if field.name in ("OwnerId", "CreatedById", "LastModifiedById"):
        return org.acting_user()
    if field.name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
        return org.now()
    if field.type == "boolean":
        return int(bool(field.default))
    return None if field.default == "" else field.default
