"""Names that the platform makes: of people, of auto-numbered records, of records without one."""

import re
import sqlite3
from collections.abc import Sequence

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.storage import quoted

fact("record_names")


def fill_names(connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> None:
    """Sets the name field of records just written, where it follows from other fields."""
    for numbered in (f for f in sobject.fields.values() if f.auto_number):
        _number(connection, sobject, numbered, ids)
    name = sobject.field("Name")
    if name is None or name.auto_number:
        return
    table = quoted(sobject.name)
    if sobject.is_person:
        connection.executemany(
            f"UPDATE {table} SET Name = trim(coalesce(FirstName, '') || ' ' || coalesce(LastName, '')) WHERE Id = ?",
            ((i,) for i in ids),
        )
    elif sobject.custom:
        connection.executemany(f"UPDATE {table} SET Name = Id WHERE Id = ? AND Name IS NULL", ((i,) for i in ids))


def _number(connection: sqlite3.Connection, sobject: SObject, name: Field, ids: Sequence[str]) -> None:
    table = quoted(sobject.name)
    named = rows_by_id(connection, sobject, ids, [name.name])
    new = [i for i in ids if not named[i][0]]
    if not new:
        return
    row = connection.execute(
        "INSERT INTO emulator_serials VALUES (?1, 1 + ?2) "
        "ON CONFLICT (prefix) DO UPDATE SET next = next + ?2 RETURNING next",
        (f"name of {sobject.name}" if name.name == "Name" else f"{name.name} of {sobject.name}", len(new)),
    ).fetchone()
    first = row[0] - len(new)
    connection.executemany(
        f"UPDATE {table} SET {quoted(name.name)} = ? WHERE Id = ?",
        ((formatted(name.display_format, first + place), i) for place, i in enumerate(new)),
    )


def formatted(display_format: str | None, number: int) -> str:
    """`M-{000000}` and 42 give `M-000042`."""
    text = display_format or "{0}"
    return re.sub(r"\{(0+)\}", lambda m: str(number).zfill(len(m.group(1))), text)
