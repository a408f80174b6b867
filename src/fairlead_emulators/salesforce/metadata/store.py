"""What is deployed: each component with its files, an id and the moments it was made and changed."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from fairlead_emulators.salesforce.metadata.contents import Component
from fairlead_emulators.salesforce.metadata.kinds import prefix_of
from fairlead_emulators.salesforce.state.storage import draw_ids

_COLUMNS = "type, full_name, path, content, id, created, modified"


def ensure(connection: sqlite3.Connection) -> None:
    """Makes the table of components, if it is not there."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS emulator_components (type TEXT, full_name TEXT COLLATE NOCASE, path TEXT, "
        "content BLOB, id TEXT, created TEXT, modified TEXT, PRIMARY KEY (type, full_name, path)) WITHOUT ROWID"
    )


def deployed(connection: sqlite3.Connection) -> list[Component]:
    """Every file of every component, by type and name."""
    return _read(connection, "ORDER BY type, full_name, path", ())


def find(connection: sqlite3.Connection, kind: str, full_name: str) -> list[Component]:
    """The files of one component; none when it is not deployed."""
    return _read(connection, "WHERE type = ? AND full_name = ? ORDER BY path", (kind, full_name))


def of_type(connection: sqlite3.Connection, kind: str) -> list[Component]:
    """The files of all components of a type."""
    return _read(connection, "WHERE type = ? ORDER BY full_name, path", (kind,))


def _read(connection: sqlite3.Connection, rest: str, values: tuple[str, ...]) -> list[Component]:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'emulator_components'").fetchone() is None:
        return []
    rows = connection.execute(f"SELECT {_COLUMNS} FROM emulator_components {rest}", values)
    return [Component(*row) for row in rows]


def keep(connection: sqlite3.Connection, files: Iterable[Component], now: str) -> tuple[Component, bool]:
    """Keeps the files of one component in place of those it had; the first with its id, and whether any changed."""
    new = list(files)
    old = find(connection, new[0].type, new[0].full_name)
    same = [(one.path, one.content) for one in old] == sorted((one.path, one.content) for one in new)
    if same:
        return old[0], False
    identity = old[0].id if old else draw_ids(connection, prefix_of(new[0].type), 1)[0]
    stamped = [replace(one, id=identity, created=old[0].created if old else now, modified=now) for one in new]
    forget(connection, new[0].type, new[0].full_name)
    connection.executemany(
        f"INSERT INTO emulator_components ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(c.type, c.full_name, c.path, c.content, c.id, c.created, c.modified) for c in stamped],
    )
    return stamped[0], True


def rename(connection: sqlite3.Connection, kind: str, full_name: str, identity: str) -> None:
    """Gives a component the id of the row that stands for it in the org."""
    connection.execute(
        "UPDATE emulator_components SET id = ? WHERE type = ? AND full_name = ?", (identity, kind, full_name)
    )


def forget(connection: sqlite3.Connection, kind: str, full_name: str) -> None:
    """Removes a component's files."""
    connection.execute("DELETE FROM emulator_components WHERE type = ? AND full_name = ?", (kind, full_name))
