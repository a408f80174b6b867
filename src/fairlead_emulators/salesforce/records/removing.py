"""Into the recycle bin and out of it."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.events import log
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.schema import ChildRelationship, SObject
from fairlead_emulators.salesforce.records import permitted, persons, special
from fairlead_emulators.salesforce.records.locks import refuse_locked
from fairlead_emulators.salesforce.records.outcome import CONVERTED, NO_SUCH_ID, Refused, Work, Written
from fairlead_emulators.salesforce.records.targets import refuse_unknown_ids
from fairlead_emulators.salesforce.state.lookups import missing_parents, rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("undelete")

NOT_IN_BIN: Final = RowError("UNDELETE_FAILED", "Entity is not in the recycle bin")
#: Look-ups that are left alone when what they point to is deleted: users, and what mirrors another look-up.
UNBOUND: Final = frozenset(
    {"OwnerId", "CreatedById", "LastModifiedById", "LeadOrContactId", "LeadOrContactOwnerId", "PersonContactId"}
)
BIN: Final = (
    "CREATE TABLE IF NOT EXISTS emulator_bin (parent TEXT NOT NULL, child TEXT NOT NULL, object TEXT NOT NULL, "
    "field TEXT NOT NULL, cascade INTEGER NOT NULL, PRIMARY KEY (parent, child, field)) WITHOUT ROWID"
)


def delete(org: Org, sobject: SObject, ids: Sequence[str]) -> Written:
    """Puts records into the recycle bin, their details with them; look-ups to them become empty."""
    batch = Batch(sobject, len(ids))
    written = Written(list(ids), [False] * len(ids), batch.errors)
    with org.storage.transaction() as connection:
        work = Work(org, connection, batch, written)
        refuse_unknown_ids(connection, batch, written)
        for row in [r for r, e in batch.errors.items() if e is CONVERTED]:
            del batch.errors[row]
        permitted.refuse_deletes(work)
        sobject = org.storage.whole.objects[sobject.name.lower()]  # the user may not see all of it
        special.before_delete(work)
        refuse_locked(work)
        going = [i for row, i in enumerate(ids) if row not in batch.errors]
        erase(org, connection, sobject, list(dict.fromkeys(going)))
    for row, error in list(batch.errors.items()):
        written.refuse(row, error)
    return written


def erase(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> None:
    """Marks records deleted; cascades to details, empties look-ups, and remembers both for `undelete`."""
    if not ids:
        return
    connection.execute(BIN)
    org.storage.changed(sobject, -len(ids))
    log.touched(org, connection, sobject, "DELETE", ids)
    _mark(connection, sobject, ids, org.now(), deleted=1)
    for relation in sobject.child_relationships:
        child = org.storage.whole.object(relation.child_object)
        if child is None or relation.field in UNBOUND or not org.storage.count(child):
            continue
        found = _children(connection, child, relation, ids)
        details = {i for i, _ in found} if relation.cascade_delete else _bodies(org, connection, child, relation, found)
        connection.executemany(
            "INSERT OR REPLACE INTO emulator_bin VALUES (?, ?, ?, ?, ?)",
            ((p, i, child.name, relation.field, int(i in details)) for i, p in found),
        )
        erase(org, connection, child, sorted(details))
        _empty(org, connection, child, relation.field, [i for i, _ in found if i not in details])


def _empty(org: Org, connection: sqlite3.Connection, child: SObject, field: str, ids: Sequence[str]) -> None:
    """Empties a look-up of those records."""
    if not ids:
        return
    log.emptied(org, connection, child, ids, field)
    connection.executemany(
        f"UPDATE {quoted(child.name)} SET {quoted(field)} = NULL, SystemModstamp = ? WHERE Id = ?",
        ((org.now(), i) for i in ids),
    )


def _mark(connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str], now: str, *, deleted: int) -> None:
    """Sets IsDeleted, and the stamps that the object has."""
    stamps = [name for name in ("SystemModstamp", "LastModifiedDate") if sobject.field(name) is not None]
    sets = "".join(f", {name} = ?" for name in stamps)
    connection.executemany(
        f"UPDATE {quoted(sobject.name)} SET IsDeleted = {deleted}{sets} WHERE Id = ?",
        ((*[now] * len(stamps), i) for i in ids),
    )


def _bodies(
    org: Org, connection: sqlite3.Connection, child: SObject, relation: ChildRelationship, found: list[tuple[str, str]]
) -> set[str]:
    """The contacts behind accounts: they go with their account."""
    if not org.storage.whole.person_accounts or (child.name, relation.field) != ("Contact", "AccountId"):
        return set()
    return persons.behind(connection, [i for i, _ in found])


def _children(
    connection: sqlite3.Connection, child: SObject, relation: ChildRelationship, ids: Sequence[str]
) -> list[tuple[str, str]]:
    """(child, parent) of the live children of those records."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS going (Id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM going")
    connection.executemany("INSERT OR IGNORE INTO going VALUES (?)", ((i,) for i in ids))
    table, column = quoted(child.name), quoted(relation.field)
    where = f"WHERE {column} IN (SELECT Id FROM going) AND IsDeleted = 0"
    return connection.execute(f"SELECT Id, {column} FROM {table} {where}").fetchall()


def undelete(org: Org, sobject: SObject, ids: Sequence[str]) -> Written:
    """Takes records out of the recycle bin, their details with them; look-ups that are still empty point to them again.

    A record that was not deleted, or that another one now stands in the way of, is a row error.
    """
    written = Written(list(ids), [False] * len(ids), {})
    with org.storage.transaction() as connection:
        connection.execute(BIN)
        for row, record_id in enumerate(ids):
            try:
                with org.storage.savepoint():
                    permitted.check_records(
                        org, connection, org.storage.whole.objects[sobject.name.lower()], [record_id], "delete"
                    )
                    error = _restore(org, connection, sobject, record_id)
                    if error is not None:
                        raise Refused(error)
            except Refused as refused:
                written.refuse(row, refused.error)
            except sqlite3.IntegrityError as clash:
                field = str(clash).rpartition(".")[2]
                message = f"duplicate value found: {field} duplicates value on another record"
                written.refuse(row, RowError("DUPLICATE_VALUE", message, (field,)))
    return written


def _restore(org: Org, connection: sqlite3.Connection, sobject: SObject, record_id: str) -> RowError | None:
    state = rows_by_id(connection, sobject, [record_id], ["IsDeleted"]).get(record_id)
    if state is None:
        return NO_SUCH_ID
    if not state[0] or _owner_is_gone(org, connection, sobject, record_id):
        return NOT_IN_BIN
    return _bring_back(org, connection, sobject, [record_id])


def _owner_is_gone(org: Org, connection: sqlite3.Connection, sobject: SObject, record_id: str) -> bool:
    """Whether a master of this detail is still deleted."""
    masters = [f for f in sobject.fields.values() if f.cascade_delete]
    (row,) = rows_by_id(connection, sobject, [record_id], [f.name for f in masters]).values()
    for master, parent_id in zip(masters, row, strict=True):
        parent = org.storage.whole.object(master.reference_to[0])
        if parent_id and parent is not None:
            state = rows_by_id(connection, parent, [parent_id], ["IsDeleted"]).get(parent_id, (1,))
            if state[0]:
                return True
    return False


def _bring_back(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> RowError | None:
    error = special.before_undelete(org, connection, sobject, ids)
    if error is not None:
        return error
    _mark(connection, sobject, ids, org.now(), deleted=0)
    if sobject.field("MasterRecordId") is not None:
        connection.executemany(
            f"UPDATE {quoted(sobject.name)} SET MasterRecordId = NULL WHERE Id = ?", ((i,) for i in ids)
        )
    _forget_the_gone(org, connection, sobject, ids)
    org.storage.changed(sobject, len(ids))
    log.touched(org, connection, sobject, "UNDELETE", ids)
    for parent_id in ids:
        error = _bring_back_children(org, connection, parent_id)
        if error is not None:
            return error
    special.after_undelete(connection, sobject, ids)
    return None


def _forget_the_gone(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> None:
    """Empties look-ups of records that come back, where what they point to was deleted meanwhile."""
    loose = [f for f in sobject.fields.values() if f.reference_to and not f.cascade_delete and f.name not in UNBOUND]
    rows = rows_by_id(connection, sobject, ids, [f.name for f in loose])
    for place, field in enumerate(loose):
        held = {record_id: row[place] for record_id, row in rows.items() if row[place]}
        _, absent = missing_parents(connection, org.storage.whole, field, held.values())
        connection.executemany(
            f"UPDATE {quoted(sobject.name)} SET {quoted(field.name)} = NULL WHERE Id = ?",
            ((record_id,) for record_id, parent_id in held.items() if parent_id in absent),
        )


def _bring_back_children(org: Org, connection: sqlite3.Connection, parent_id: str) -> RowError | None:
    found = connection.execute(
        "SELECT object, field, cascade, child FROM emulator_bin WHERE parent = ? ORDER BY object, field, child",
        (parent_id,),
    ).fetchall()
    connection.execute("DELETE FROM emulator_bin WHERE parent = ?", (parent_id,))
    groups: dict[tuple[str, str, int], list[str]] = {}
    for name, field, cascade, child_id in found:
        groups.setdefault((name, field, cascade), []).append(child_id)
    for (name, field, cascade), children in groups.items():
        child = org.storage.whole.object(name)
        if child is None or child.field(field) is None:
            continue
        if not cascade:
            _point_again(org, connection, child, field, parent_id, children)
            continue
        states = rows_by_id(connection, child, children, ["IsDeleted"])
        waiting = [i for i in children if states.get(i, (0,))[0] and not _owner_is_gone(org, connection, child, i)]
        error = _bring_back(org, connection, child, waiting) if waiting else None
        if error is not None:
            return error
    return None


def _point_again(
    org: Org, connection: sqlite3.Connection, child: SObject, field: str, parent_id: str, children: Sequence[str]
) -> None:
    """Sets the look-ups that the deletion emptied and nobody has set since."""
    states = rows_by_id(connection, child, children, [field, "IsDeleted"])
    free = [i for i in children if states.get(i) == (None, 0)]
    if not free:
        return
    columns = {field: [parent_id] * len(free), "SystemModstamp": [org.now()] * len(free)}
    log.updated(org, connection, child, free, columns)
    connection.executemany(
        f"UPDATE {quoted(child.name)} SET {quoted(field)} = ?, SystemModstamp = ? WHERE Id = ?",
        zip(*columns.values(), free, strict=True),
    )
