"""Rows that only mirror what the org is made of: each keeps its id as long as its name is there."""

from collections.abc import Mapping
from typing import Any

from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted


def mirror(org: Org, sobject: str, wanted: Mapping[str, dict[str, Any]], key: str = "DeveloperName") -> None:
    """Makes the object's rows those of `wanted`: columns by developer name, or by another `key`."""
    table, target = quoted(sobject), org.storage.whole.objects[sobject.lower()]
    with org.storage.transaction() as connection:
        known = dict(connection.execute(f"SELECT {quoted(key)}, Id FROM {table} WHERE IsDeleted = 0").fetchall())
        gone = [(known[name],) for name in known.keys() - wanted.keys()]
        connection.executemany(f"DELETE FROM {table} WHERE Id = ?", gone)
        for name in known.keys() & wanted.keys():
            sets = ", ".join(f"{quoted(column)} = ?" for column in wanted[name])
            connection.execute(f"UPDATE {table} SET {sets} WHERE Id = ?", (*wanted[name].values(), known[name]))
        new = [{key: name} | row for name, row in wanted.items() if name not in known]
        if new:
            writes.write(org, "insert", from_json(org.storage.whole, target, new), seeding=True)
        org.storage.recount(sobject)
