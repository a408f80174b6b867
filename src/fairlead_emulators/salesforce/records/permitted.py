"""What the acting user may not write: objects, records of others, records behind look-ups."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from fairlead_emulators.salesforce.access.record_types import record_types
from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import acting
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records import rules
from fairlead_emulators.salesforce.records.outcome import Refused, Work
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("write_refusals")
fact("rights_of_special_calls")

READ_ONLY = RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
BEHIND = RowError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id")


def refuse_operations(work: Work) -> None:
    """Refuses rows whose operation the object does not have, or the user may not carry out."""
    batch = work.batch
    whole = work.org.storage.whole.objects[batch.sobject.name.lower()]
    new, old = work.new(), work.old()
    if not batch.sobject.createable:
        message = f"entity type cannot be inserted: {batch.sobject.label}"
        forbidden = RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
        rules.refuse(batch, dict.fromkeys(new, forbidden if whole.createable else rules.not_supported(batch, "create")))
    if not batch.sobject.updateable:
        rules.refuse(batch, dict.fromkeys(old, READ_ONLY if whole.updateable else rules.not_supported(batch, "update")))
    _refuse_others_records(work, work.old())
    _refuse_hidden_parents(work)
    _refuse_record_types(work)


def refuse_deletes(work: Work) -> None:
    """The same for rows to be deleted."""
    batch = work.batch
    whole = work.org.storage.whole.objects[batch.sobject.name.lower()]
    if not batch.sobject.deletable:
        error = READ_ONLY if whole.deletable else rules.not_supported(batch, "delete")
        rules.refuse(batch, dict.fromkeys(range(batch.count), error))
    _refuse_others_records(work, work.old())


def check_records(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str], right: str) -> None:
    """For what changes records past a batch: `right` is edit or delete. Raises Refused when the user has it not on all."""
    user = acting.get()
    if user is None or user.everything or not ids:
        return
    shown = user.schema.object(sobject.name)
    if shown is None or not (shown.deletable if right == "delete" else shown.updateable):
        raise Refused(READ_ONLY)
    condition = user.edits(sobject, "t")
    if condition and not set(ids) <= _those(connection, sobject, ids, condition):
        raise Refused(READ_ONLY)


def check_creating(name: str) -> None:
    """Raises Refused when the acting user may not make records of that object."""
    user = acting.get()
    shown = user.schema.object(name) if user is not None else None
    if user is not None and (shown is None or not shown.createable):
        message = f"entity type cannot be inserted: {name}"
        raise Refused(RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message))


def _refuse_others_records(work: Work, rows: Iterable[int]) -> None:
    user = acting.get()
    condition = user.edits(work.batch.sobject, "t") if user is not None else ""
    if not condition:
        return
    asked = {row: i for row in rows if (i := work.written.ids[row]) is not None}
    allowed = _those(work.connection, work.batch.sobject, asked.values(), condition)
    rules.refuse(work.batch, {row: READ_ONLY for row, i in asked.items() if i not in allowed})


def _refuse_hidden_parents(work: Work) -> None:
    user = acting.get()
    if user is None:
        return
    for name, cells in work.batch.columns.items():
        field = work.batch.sobject.fields[name]
        for target in field.reference_to if field.type == "reference" else ():
            parent = work.org.storage.whole.object(target)
            condition = user.sees(parent, "t") if parent is not None else ""
            if parent is None or not condition:
                continue
            asked = {r: c for r, c in enumerate(cells) if isinstance(c, str) and c[:3] == parent.key_prefix}
            allowed = _those(work.connection, parent, asked.values(), condition)
            rules.refuse(work.batch, {row: BEHIND for row, cell in asked.items() if cell not in allowed})


def _refuse_record_types(work: Work) -> None:
    user, asked = acting.get(), work.given("RecordTypeId", (*work.new(), *work.old()))
    if user is None or user.everything or not asked:
        return
    allowed = {each.id for each in record_types(work.org, work.batch.sobject.name) if each.available}
    message = "Record Type ID: this ID value isn't valid for the user: {}"
    wrong = {row: cell for row, cell in asked.items() if isinstance(cell, str) and cell not in allowed}
    errors = {
        r: RowError("INVALID_CROSS_REFERENCE_KEY", message.format(c), ("RecordTypeId",)) for r, c in wrong.items()
    }
    rules.refuse(work.batch, errors)


def _those(connection: sqlite3.Connection, sobject: SObject, ids: Iterable[str], condition: str) -> set[str]:
    """Those of the ids that meet the condition on alias `t`; one query."""
    query = (
        f"SELECT t.Id FROM {quoted(sobject.name)} AS t WHERE t.Id IN (SELECT value FROM json_each(?)) AND {condition}"
    )
    return {row[0] for row in connection.execute(query, (json.dumps(sorted(set(ids))),))}
