"""What makes a row refused: each rule looks at a whole batch and adds row errors; the first error of a row stays."""

import json
import sqlite3
from collections.abc import Iterable

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import Batch, Link, asked_fields
from fairlead_emulators.salesforce.model.schema import Field, Schema
from fairlead_emulators.salesforce.model.values import KEEP, Errors, convert
from fairlead_emulators.salesforce.state.lookups import fold, ids_by_key, missing_parents
from fairlead_emulators.salesforce.state.storage import quoted

fact("required_fields")
fact("read_only_fields")
fact("unique_fields")
fact("lookups_must_exist")
fact("operation_not_supported")
fact("pairs_are_unique")
fact("owners_are_active")

REPEATED = "DUPLICATE_VALUE"
PAIRS = {
    "PermissionSetAssignment": (("PermissionSetId", "AssigneeId"),),
}


def refuse(batch: Batch, errors: Errors) -> None:
    """Adds errors to rows that have none yet."""
    for row, error in errors.items():
        batch.errors.setdefault(row, error)


def convert_columns(batch: Batch) -> None:
    """Turns every cell into what its field keeps."""
    for name, cells in batch.columns.items():
        field = batch.sobject.fields[name]
        batch.columns[name], errors = convert(field, cells)
        refuse(batch, errors)


def resolve_links(connection: sqlite3.Connection, batch: Batch) -> None:
    """Replaces parents' keys by their ids. No match, or several, is a row error."""
    for link in batch.links:
        cells, errors = convert(link.key, link.values)
        refuse(batch, errors)
        found = ids_by_key(connection, link.parent, link.key, (c for c in cells if c is not KEEP))
        column = batch.columns.setdefault(link.field.name.lower(), [KEEP] * batch.count)
        for row, cell in enumerate(cells):
            if cell is KEEP or cell is None:
                column[row] = cell
                continue
            ids = found.get(fold(link.key, cell), [])
            if len(ids) == 1:
                column[row] = ids[0]
            else:
                batch.errors.setdefault(row, _unresolved(link, cell, len(ids)))


def _unresolved(link: Link, cell: object, matches: int) -> RowError:
    if matches:
        message = f"More than one record found for external id field: {cell}"
    else:
        message = f"Foreign key external ID: {cell} not found for field {link.key.name} in entity {link.parent.name}"
    return RowError("INVALID_FIELD", message, (link.field.name,))


def check_access(batch: Batch, rows: Iterable[int], *, creating: bool) -> None:
    """Refuses rows that set a field which cannot be set that way."""
    locked = [f for f in asked_fields(batch) if not (f.createable if creating else f.updateable)]
    if not locked:
        return
    for row in rows:
        names = [f.name for f in locked if batch.columns[f.name.lower()][row] is not KEEP]
        if names:
            message = (
                f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set."
            )
            error = RowError("INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(names))
            batch.errors.setdefault(row, error)


def check_required(batch: Batch, rows: Iterable[int], *, creating: bool) -> None:
    """Refuses rows that leave out a required field (on create) or empty it."""
    suspects = [f for f in batch.sobject.fields.values() if f.required and _may_lack(batch, f, creating)]
    for row in rows if suspects else ():
        missing = [f.name for f in suspects if _lacks(batch, f, row, creating)]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            batch.errors.setdefault(row, RowError("REQUIRED_FIELD_MISSING", message, tuple(missing)))


def _may_lack(batch: Batch, field: Field, creating: bool) -> bool:
    column = batch.columns.get(field.name.lower())
    return creating if column is None else (None in column or KEEP in column)


def _lacks(batch: Batch, field: Field, row: int, creating: bool) -> bool:
    column = batch.columns.get(field.name.lower())
    value = KEEP if column is None else column[row]
    return value is None or (creating and value is KEEP)


def check_owners(connection: sqlite3.Connection, batch: Batch) -> None:
    """Refuses rows that are to belong to a user who is not active any more."""
    column = batch.columns.get("ownerid", [])
    owners = {cell for cell in column if isinstance(cell, str)}
    gone = {
        owner
        for owner in owners
        if connection.execute("SELECT 1 FROM User WHERE Id = ? AND IsActive = 0", (owner,)).fetchone()
    }
    for row, cell in enumerate(column if gone else ()):
        if cell in gone:
            message = f"operation performed with inactive user [{cell}] as owner of {batch.sobject.label.lower()}"
            batch.errors.setdefault(row, RowError("INACTIVE_OWNER_OR_USER", message, ("OwnerId",)))


def check_parents(connection: sqlite3.Connection, schema: Schema, batch: Batch) -> None:
    """Refuses rows whose lookup points to nothing, or to a record of another kind."""
    linked = {link.field.name.lower() for link in batch.links}
    for name, column in batch.columns.items():
        field = batch.sobject.fields[name]
        if field.type != "reference" or name in linked:
            continue
        wrong, absent = missing_parents(connection, schema, field, (c for c in column if isinstance(c, str)))
        if not wrong and not absent:
            continue
        for row, cell in enumerate(column):
            if cell in wrong:
                message = f"{field.label}: id value of incorrect type: {cell}"
                batch.errors.setdefault(row, RowError("FIELD_INTEGRITY_EXCEPTION", message, (field.name,)))
            elif cell in absent:
                error = RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
                batch.errors.setdefault(row, error)


@fact("record_types")
def check_record_types(connection: sqlite3.Connection, batch: Batch) -> None:
    """Refuses rows whose RecordTypeId is not an active record type of this very object."""
    column = batch.columns.get("recordtypeid")
    if column is None:
        return
    asked = json.dumps(sorted({cell for cell in column if isinstance(cell, str)}))
    good = {
        row[0]
        for row in connection.execute(
            "SELECT Id FROM RecordType WHERE SobjectType = ? AND IsActive = 1 AND IsDeleted = 0 "
            "AND Id IN (SELECT value FROM json_each(?))",
            (batch.sobject.name, asked),
        )
    }
    for row, cell in enumerate(column):
        if isinstance(cell, str) and cell not in good:
            message = f"Record Type ID: this ID value isn't valid for the user: {cell}"
            batch.errors.setdefault(row, RowError("INVALID_CROSS_REFERENCE_KEY", message, ("RecordTypeId",)))


def check_unique(connection: sqlite3.Connection, batch: Batch, targets: list[str | None], key: Field | None) -> None:
    """Refuses rows that would give two records the same unique value.

    `targets` are the ids of rows that exist; `key` is the field by which they were found, so it is unique already.
    """
    for name, column in batch.columns.items():
        field = batch.sobject.fields[name]
        if not field.unique or field is key:
            continue
        holders = ids_by_key(connection, batch.sobject, field, (c for c in column if c is not KEEP))
        seen: dict[object, int] = {}
        for row, cell in enumerate(column):
            if cell is KEEP or cell is None or row in batch.errors:
                continue
            key = fold(field, cell)
            others = [i for i in holders.get(key, ()) if i != targets[row]]
            if others or key in seen:
                where = f"record with id: {others[0]}" if others else "another record of this request"
                message = f"duplicate value found: {field.name} duplicates value on {where}"
                batch.errors[row] = RowError(REPEATED, message, (field.name,))
            seen[key] = row


def check_pairs(connection: sqlite3.Connection, batch: Batch, rows: Iterable[int]) -> None:
    """Refuses new rows of the few objects where a pair of look-ups may exist once."""
    for pair in PAIRS.get(batch.sobject.name, ()):
        message = f"Duplicate {batch.sobject.label}: {' and '.join(pair)} are already joined"
        check_pair(connection, batch, rows, pair, message)


def check_pair(
    connection: sqlite3.Connection, batch: Batch, rows: Iterable[int], pair: tuple[str, str], message: str
) -> None:
    """Refuses new rows whose pair of look-ups another record or an earlier row has. One query for the batch."""
    first, second = (batch.columns.get(name.lower(), [KEEP] * batch.count) for name in pair)
    asked = {r: (first[r], second[r]) for r in rows if isinstance(first[r], str) and isinstance(second[r], str)}
    table, (one, other) = quoted(batch.sobject.name), (quoted(name) for name in pair)
    taken = set(
        connection.execute(
            f"SELECT t.{one}, t.{other} FROM json_each(?) AS w CROSS JOIN {table} AS t ON t.{other} = w.value ->> 1 "
            f"WHERE +t.{one} = w.value ->> 0 AND t.IsDeleted = 0",  # the plus: by the second look-up's index
            (json.dumps(list(asked.values())),),
        )
    )
    for row, both in asked.items():
        if both in taken and row not in batch.errors:
            batch.errors[row] = RowError(REPEATED, message, pair)
        taken.add(both)


def not_supported(batch: Batch, operation: str) -> RowError:
    """The error of an operation that the object does not have."""
    message = f"entity type {batch.sobject.name} does not support {operation}"
    return RowError("INVALID_TYPE_FOR_OPERATION", message)
