"""Out of the recycle bin for good."""

import sqlite3

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records.outcome import NO_SUCH_ID, Refused
from fairlead_emulators.salesforce.records.removing import BIN
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("empty_recycle_bin")


def purge(org: Org, sobject: SObject | None, record_id: str) -> None:
    """Removes a deleted record, and the details that were deleted with it. Raises Refused for one not in the bin."""
    with org.storage.transaction() as connection:
        connection.execute(BIN)
        state = rows_by_id(connection, sobject, [record_id], ["IsDeleted"]).get(record_id) if sobject else None
        if sobject is None or state is None:
            raise Refused(NO_SUCH_ID)
        if not state[0]:
            raise Refused(RowError("INVALID_ID_FIELD", "entity is not in the recycle bin"))
        _remove(org, connection, sobject, record_id)


def _remove(org: Org, connection: sqlite3.Connection, sobject: SObject, record_id: str) -> None:
    details = connection.execute(
        "SELECT object, child FROM emulator_bin WHERE parent = ? AND cascade = 1", (record_id,)
    ).fetchall()
    connection.execute("DELETE FROM emulator_bin WHERE parent = ?", (record_id,))
    connection.execute(f"DELETE FROM {quoted(sobject.name)} WHERE Id = ? AND IsDeleted = 1", (record_id,))
    for name, child_id in details:
        child = org.storage.whole.object(name)
        if child is not None:
            _remove(org, connection, child, child_id)
