"""Which records the rows of a batch mean: by id, by external id, or none yet."""

import sqlite3
from typing import Any

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.model.values import KEEP
from fairlead_emulators.salesforce.records.outcome import CONVERTED, DELETED, NO_SUCH_ID, Written
from fairlead_emulators.salesforce.state.lookups import fold, ids_by_key, rows_by_id

fact("upsert_by_external_id")
fact("repeated_external_id_in_batch")
fact("converted_leads_read_only")


def find_targets(connection: sqlite3.Connection, operation: str, batch: Batch, key: Field | None) -> Written:
    """The ids of the records that exist; rows of `insert`, `update` or `upsert` that name none rightly are refused."""
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
        refuse_unknown_ids(connection, batch, written)
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
        refuse_unknown_ids(connection, batch, written)


def refuse_unknown_ids(connection: sqlite3.Connection, batch: Batch, written: Written) -> None:
    """Refuses rows whose record does not exist, is deleted, or is a converted lead."""
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
