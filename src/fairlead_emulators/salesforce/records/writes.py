"""Writes batches: insert, update, upsert, delete. Rules first, then one `executemany` per kind of row."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.events import log
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.model.values import KEEP
from fairlead_emulators.salesforce.records import rules
from fairlead_emulators.salesforce.records.naming import fill_names
from fairlead_emulators.salesforce.state.limits import storage_left_kb
from fairlead_emulators.salesforce.state.lookups import fold, ids_by_key, rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("upsert_by_external_id")
fact("repeated_external_id_in_batch")
fact("converted_leads_read_only")
fact("row_lock")
fact("storage_limit")
fact("no_op_update_moves_modstamp")

DELETED = RowError("ENTITY_IS_DELETED", "entity is deleted")
NO_SUCH_ID = RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
CONVERTED = RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
LOCKED = RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
FULL = RowError("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")
ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


@dataclass(slots=True)
class Written:
    """What became of each row: its id (None when refused), whether it is new, why it was refused.

    `matches` holds the ids of rows whose external id several records have.
    """

    ids: list[str | None]
    created: list[bool]
    errors: dict[int, RowError]
    matches: dict[int, list[str]] = field(default_factory=dict)

    def refuse(self, row: int, error: RowError) -> None:
        """Takes a row back."""
        self.errors[row] = error
        self.ids[row] = None
        self.created[row] = False


def write(org: Org, operation: str, batch: Batch, key: Field | None = None, *, seeding: bool = False) -> Written:
    """Carries out `insert`, `update` or `upsert` (by `key`; None means by Id) of the batch, as one transaction.

    With `seeding`, read-only fields and system dates may be set and no limits or faults apply.
    """
    with org.storage.transaction() as connection:
        rules.convert_columns(batch)
        rules.resolve_links(connection, batch)
        written = _targets(connection, operation, batch, key)
        if not seeding:
            _refuse_rows(org, connection, batch, written, key)
        new, old = _new_and_old(batch, written)
        _update(org, connection, batch, written, old, told=not seeding)
        _insert(org, connection, batch, written, new, told=not seeding)
    for row in batch.errors:
        written.refuse(row, batch.errors[row])
    return written


def _new_and_old(batch: Batch, written: Written) -> tuple[list[int], list[int]]:
    """Rows to insert and rows to update, without the refused ones."""
    rows = [row for row in range(batch.count) if row not in batch.errors]
    return [r for r in rows if written.ids[r] is None], [r for r in rows if written.ids[r] is not None]


def _refuse_rows(org: Org, connection: sqlite3.Connection, batch: Batch, written: Written, key: Field | None) -> None:
    new, old = _new_and_old(batch, written)
    if not batch.sobject.createable:
        rules.refuse(batch, dict.fromkeys(new, rules.not_supported(batch, "create")))
    if not batch.sobject.updateable:
        rules.refuse(batch, dict.fromkeys(old, rules.not_supported(batch, "update")))
    rules.check_access(batch, new, creating=True)
    rules.check_access(batch, old, creating=False)
    rules.check_required(batch, new, creating=True)
    rules.check_required(batch, old, creating=False)
    rules.check_parents(connection, org.storage.schema, batch)
    rules.check_unique(connection, batch, written.ids, key)
    rules.check_pairs(connection, batch, new)
    _refuse_locked(org, batch)
    new, _ = _new_and_old(batch, written)
    _refuse_over_limit(org, batch, new)


def _targets(connection: sqlite3.Connection, operation: str, batch: Batch, key: Field | None) -> Written:
    written = Written([None] * batch.count, [False] * batch.count, batch.errors)
    given = batch.columns.pop("id", [KEEP] * batch.count)
    if operation == "upsert" and key is not None and key.name != "Id":
        _by_external_id(connection, batch, key, written)
    elif operation in ("update", "upsert"):
        for row, record_id in enumerate(given):
            if isinstance(record_id, str):
                written.ids[row] = record_id
            elif operation == "update":
                error = RowError("MISSING_ARGUMENT", "Id not specified in an update call", ("Id",))
                batch.errors.setdefault(row, error)
        _refuse_unknown_ids(connection, batch, written)
    else:
        for row, record_id in enumerate(given):
            if isinstance(record_id, str):
                error = RowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
                batch.errors.setdefault(row, error)
    return written


def _by_external_id(connection: sqlite3.Connection, batch: Batch, key: Field, written: Written) -> None:
    cells = batch.columns.get(key.name.lower(), [KEEP] * batch.count)
    found = ids_by_key(connection, batch.sobject, key, cells)
    seen: set[Any] = set()
    for row, cell in enumerate(cells):
        if row in batch.errors:
            continue
        if cell is KEEP or cell is None:
            error = RowError("MISSING_ARGUMENT", f"{key.name} not specified", (key.name,))
            batch.errors[row] = error
            continue
        folded = fold(key, cell)
        ids = found.get(folded, ())
        if folded in seen:
            message = f"Duplicate external id specified: {cell}"
            batch.errors[row] = RowError("DUPLICATE_VALUE", message, (key.name,))
        elif len(ids) > 1:
            message = f"{key.name}: more than one record found for external id field: [{', '.join(ids)}]"
            batch.errors[row] = RowError("DUPLICATE_EXTERNAL_ID", message, (key.name,))
            written.matches[row] = list(ids)
        elif ids:
            written.ids[row] = ids[0]
        seen.add(folded)
    if batch.sobject.name == "Lead":
        _refuse_unknown_ids(connection, batch, written)


def _refuse_unknown_ids(connection: sqlite3.Connection, batch: Batch, written: Written) -> None:
    is_lead = batch.sobject.name == "Lead"
    asked = [i for i in written.ids if i is not None]
    found = rows_by_id(connection, batch.sobject, asked, ["IsDeleted", *(["IsConverted"] if is_lead else [])])
    for row, record_id in enumerate(written.ids):
        if record_id is None:
            continue
        state = found.get(record_id)
        if state is None:
            batch.errors.setdefault(row, NO_SUCH_ID)
        elif state[0]:
            batch.errors.setdefault(row, DELETED)
        elif is_lead and state[1]:
            batch.errors.setdefault(row, CONVERTED)


def _refuse_locked(org: Org, batch: Batch) -> None:
    fault = org.faults.take("row_lock", object=batch.sobject.name)
    if fault is not None:
        free = [row for row in range(batch.count) if row not in batch.errors]
        for row in free[: int(fault.data.get("rows", 1))]:
            batch.errors[row] = LOCKED


def _refuse_over_limit(org: Org, batch: Batch, new: Sequence[int]) -> None:
    if not new or not batch.sobject.storage_kb:
        return
    room = storage_left_kb(org) // batch.sobject.storage_kb
    if org.faults.take("storage_full", object=batch.sobject.name) is not None:
        room = 0
    for row in new[max(room, 0) :]:
        batch.errors[row] = FULL


def _update(
    org: Org, connection: sqlite3.Connection, batch: Batch, written: Written, rows: list[int], *, told: bool
) -> None:
    if not rows:
        return
    fields = [batch.sobject.fields[name] for name in batch.columns]
    ids = [i for row in rows if (i := written.ids[row]) is not None]
    columns = {f.name: [batch.columns[f.name.lower()][row] for row in rows] for f in fields}
    partial = [name for name, cells in columns.items() if KEEP in cells]
    if partial:
        before = rows_by_id(connection, batch.sobject, ids, partial)
        for place, name in enumerate(partial):
            columns[name] = [
                before[i][place] if cell is KEEP else cell for i, cell in zip(ids, columns[name], strict=True)
            ]
    now = org.now()
    stamps = {"LastModifiedDate": now, "LastModifiedById": org.identity.user_id, "SystemModstamp": now}
    for name, value in stamps.items():
        columns.setdefault(name, [value] * len(rows))
    if told:
        log.updated(org, connection, batch.sobject, ids, columns)
    sets = ", ".join(f"{quoted(name)} = ?" for name in columns)
    connection.executemany(
        f"UPDATE {quoted(batch.sobject.name)} SET {sets} WHERE Id = ?", zip(*columns.values(), ids, strict=True)
    )
    fill_names(connection, batch.sobject, ids)


def _insert(
    org: Org, connection: sqlite3.Connection, batch: Batch, written: Written, rows: list[int], *, told: bool
) -> None:
    if not rows:
        return
    sobject = batch.sobject
    ids = org.storage.new_ids(sobject.key_prefix, len(rows))
    columns: dict[str, list[Any]] = {}
    for f in sobject.fields.values():
        start = _default(org, f)
        given = batch.columns.get(f.name.lower())
        if given is not None:
            columns[f.name] = [start if given[row] is KEEP else given[row] for row in rows]
        elif start is not None:
            columns[f.name] = [start] * len(rows)
    columns["Id"] = ids
    names = ", ".join(quoted(name) for name in columns)
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {quoted(sobject.name)} ({names}) VALUES ({marks})", zip(*columns.values(), strict=True)
    )
    for row, record_id in zip(rows, ids, strict=True):
        written.ids[row] = record_id
        written.created[row] = True
    org.storage.changed(sobject, len(ids))
    fill_names(connection, sobject, ids)
    if told:
        log.inserted(org, connection, sobject, ids, columns)


def _default(org: Org, field: Field) -> Any:
    if field.expression is not None:
        return None
    if field.name in ("OwnerId", "CreatedById", "LastModifiedById"):
        return org.identity.user_id
    if field.name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
        return org.now()
    if field.type == "boolean":
        return int(bool(field.default))
    return field.default or None


def delete(org: Org, sobject: SObject, ids: Sequence[str]) -> Written:
    """Puts records into the recycle bin, their details with them; look-ups to them become empty."""
    batch = Batch(sobject, len(ids))
    written = Written(list(ids), [False] * len(ids), batch.errors)
    with org.storage.transaction() as connection:
        _refuse_unknown_ids(connection, batch, written)
        for row in [r for r, e in batch.errors.items() if e is CONVERTED]:
            del batch.errors[row]
        if not sobject.deletable:
            rules.refuse(batch, dict.fromkeys(range(batch.count), rules.not_supported(batch, "delete")))
        _refuse_locked(org, batch)
        going = [i for row, i in enumerate(ids) if row not in batch.errors]
        erase(org, connection, sobject, going)
    for row, error in list(batch.errors.items()):
        written.refuse(row, error)
    return written


def erase(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> None:
    """Marks records deleted; cascades to details, empties look-ups."""
    if not ids:
        return
    now = org.now()
    org.storage.changed(sobject, -len(ids))
    log.touched(org, connection, sobject, "DELETE", ids)
    connection.executemany(
        f"UPDATE {quoted(sobject.name)} SET IsDeleted = 1, SystemModstamp = ?, LastModifiedDate = ? WHERE Id = ?",
        ((now, now, i) for i in ids),
    )
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS going (Id TEXT PRIMARY KEY)")
    for relation in sobject.child_relationships:
        child = org.storage.schema.object(relation.child_object)
        if child is None or relation.field in ("OwnerId", "CreatedById", "LastModifiedById"):
            continue
        connection.execute("DELETE FROM going")
        connection.executemany("INSERT OR IGNORE INTO going VALUES (?)", ((i,) for i in ids))
        table, column = quoted(child.name), quoted(relation.field)
        where = f"WHERE {column} IN (SELECT Id FROM going) AND IsDeleted = 0"
        found = [row[0] for row in connection.execute(f"SELECT Id FROM {table} {where}").fetchall()]
        if relation.cascade_delete:
            erase(org, connection, child, found)
        else:
            log.emptied(org, connection, child, found, relation.field)
            connection.execute(f"UPDATE {table} SET {column} = NULL, SystemModstamp = ? {where}", (now,))
