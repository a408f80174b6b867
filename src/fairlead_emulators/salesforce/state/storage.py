"""The org's rows in SQLite: one table per object, columns named as the fields, plus a few of our own."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import acting
from fairlead_emulators.salesforce.model.history import add_history_objects
from fairlead_emulators.salesforce.model.ids import make_ids
from fairlead_emulators.salesforce.model.person_accounts import add_person_fields
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject, standard_schema
from fairlead_emulators.salesforce.state.rollups import TRIGGERS

_OWN_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS emulator_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS emulator_jobs (id TEXT PRIMARY KEY, kind TEXT NOT NULL, info TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS emulator_serials (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL)",
)

_OF_THE_PLATFORM: Final = frozenset({"OwnerId", "CreatedById", "LastModifiedById", "RecordTypeId"})


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def ensure_table(connection: sqlite3.Connection, sobject: SObject) -> None:
    """Makes the object's table, or adds the columns it lacks; indexes keys, id look-ups and parents."""
    table = quoted(sobject.name)
    columns = {row[1].lower() for row in connection.execute(f"PRAGMA table_xinfo({table})")}
    if not columns:
        parts = [_column(f) + (" PRIMARY KEY" if f.name == "Id" else "") for f in sobject.fields.values()]
        connection.execute(f"CREATE TABLE {table} ({', '.join(parts)}) WITHOUT ROWID")
    for f in sobject.fields.values():
        if columns and f.name.lower() not in columns:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {_column(f)}")
        elif columns and f.expression:
            _renew(connection, sobject, f)
        if _looked_for(sobject, f):
            index = quoted(f"by_{sobject.name}_{f.name}")
            unique = "UNIQUE " if f.unique else ""
            filled = f" AND {quoted(f.name)} IS NOT NULL" if f.type == "reference" else ""  # empty ones cost nothing
            connection.execute(
                f"CREATE {unique}INDEX IF NOT EXISTS {index} ON {table} ({quoted(f.name)}) WHERE IsDeleted = 0{filled}"
            )

    if sobject.storage_kb and sobject.field("SystemModstamp") is not None:
        # whole, not only of rows that are there: queryAll reads slices of it too
        index = quoted(f"by_{sobject.name}_SystemModstamp")
        connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {table} (SystemModstamp, Id, IsDeleted)")


@fact("indexed_fields")
def _looked_for(sobject: SObject, f: Field) -> bool:
    """Whether the field has an index of its own: keys, id look-ups, look-ups to other records, the name and CreatedDate.

    OwnerId has none: most records have the same owner, and an index of it would be taken for a better one.
    """
    if f.name == "Id" or f.name in _OF_THE_PLATFORM:
        return False
    standard = f.type == "reference" or f.name in (sobject.name_field, "CreatedDate")
    return f.unique or f.external_id or f.id_lookup or (standard and bool(sobject.storage_kb))


def _column(f: Field) -> str:
    worked_out = f" GENERATED ALWAYS AS ({f.expression}) VIRTUAL" if f.expression else ""
    return f"{quoted(f.name)} {f.sql_type}{worked_out}"


def _renew(connection: sqlite3.Connection, sobject: SObject, f: Field) -> None:
    """Gives a calculated column its formula, where that has changed."""
    made = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (sobject.name,)).fetchone()[0]
    if f"AS ({f.expression})" not in made:
        connection.execute(f"ALTER TABLE {quoted(sobject.name)} DROP COLUMN {quoted(f.name)}")
        connection.execute(f"ALTER TABLE {quoted(sobject.name)} ADD COLUMN {_column(f)}")


def draw_ids(connection: sqlite3.Connection, prefix: str, count: int) -> list[str]:
    """`count` unused ids with that key prefix, rising."""
    row = connection.execute(
        "INSERT INTO emulator_serials VALUES (?1, 1 + ?2) "
        "ON CONFLICT (prefix) DO UPDATE SET next = next + ?2 RETURNING next",
        (prefix, count),
    ).fetchone()
    return make_ids(prefix, row[0] - count, count)


class Storage:
    """The org's database and its describe model. One lock guards both: hold it through `transaction`."""

    def __init__(self, data_dir: Path | None) -> None:
        path = ":memory:" if data_dir is None else str(data_dir / "salesforce.sqlite")
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.lock = threading.RLock()
        self.whole = Schema()
        self._depth = 0
        self._live: dict[str, int] = {}
        self.schema_moment = datetime.now(UTC)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA cache_size = -65536")
        self._open()

    def _open(self) -> None:
        with self.transaction() as connection:
            for statement in _OWN_TABLES:
                connection.execute(statement)
            kept = self.meta("schema")
            self.whole = standard_schema() if kept is None else Schema.from_json(kept)
            self.schema_changed()

    @property
    def schema(self) -> Schema:
        """The describe model as the acting user sees it; `whole` is all of it, for what the platform does by itself."""
        user = acting.get()
        return self.whole if user is None else user.schema

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; a transaction inside another joins it."""
        with self.lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self.connection.execute("BEGIN")
                yield self.connection
            except BaseException:
                if self._depth == 1:
                    self.connection.execute("ROLLBACK")
                    self._live.clear()
                raise
            else:
                if self._depth == 1:
                    self.connection.execute("COMMIT")
            finally:
                self._depth -= 1

    @contextmanager
    def savepoint(self) -> Iterator[sqlite3.Connection]:
        """A part of a transaction that is undone alone when it raises."""
        with self.transaction() as connection:
            connection.execute("SAVEPOINT part")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK TO part")
                connection.execute("RELEASE part")
                self._live.clear()
                raise
            connection.execute("RELEASE part")

    def schema_changed(self) -> None:
        """Brings the tables in line with the describe model and keeps the model."""
        with self.transaction() as connection:
            if self.whole.person_accounts:
                add_person_fields(self.whole.objects)
            add_history_objects(self.whole)
            for sobject in self.whole.objects.values():
                ensure_table(connection, sobject)
            for trigger in TRIGGERS:
                connection.execute(trigger)
            self._live.clear()
            self.schema_moment = datetime.now(UTC)
            self.set_meta("schema", self.whole.to_json())

    def meta(self, key: str) -> Any:
        """A kept value; None when there is none."""
        with self.lock:
            row = self.connection.execute("SELECT value FROM emulator_meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, key: str, value: Any) -> None:
        """Keeps a JSON value."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO emulator_meta VALUES (?, ?)", (key, json.dumps(value)))

    def new_ids(self, prefix: str, count: int) -> list[str]:
        """`count` unused ids with that key prefix, rising."""
        with self.transaction() as connection:
            return draw_ids(connection, prefix, count)

    def count(self, sobject: SObject) -> int:
        """Rows of the object that are not deleted. Counted once, then kept by `changed`."""
        with self.lock:
            if sobject.name not in self._live:
                query = f"SELECT COUNT(*) FROM {quoted(sobject.name)} WHERE IsDeleted = 0"
                self._live[sobject.name] = self.connection.execute(query).fetchone()[0]
            return self._live[sobject.name]

    def changed(self, sobject: SObject, by: int) -> None:
        """Tells that so many rows came (or, negative, went)."""
        with self.lock:
            if sobject.name in self._live:
                self._live[sobject.name] += by

    def recount(self, name: str) -> None:
        """Forgets a count that no longer holds."""
        with self.lock:
            self._live.pop(name, None)

    def counts(self) -> dict[str, int]:
        """Rows that are not deleted, by object."""
        return {o.name: self.count(o) for o in self.whole.objects.values()}

    def wipe(self) -> None:
        """Forgets every row, deployed object, job and serial; the org's own settings in `emulator_meta` stay."""
        with self.transaction() as connection:
            for sobject in self.whole.objects.values():
                connection.execute(f"DROP TABLE IF EXISTS {quoted(sobject.name)}")
            for table in ("emulator_components", "emulator_rights", "emulator_bin"):  # made when first needed
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            connection.execute("DELETE FROM emulator_serials")
            connection.execute("DELETE FROM emulator_jobs")
            connection.execute("DELETE FROM emulator_meta WHERE key = 'schema'")
            self._open()

    def close(self) -> None:
        """Closes the database."""
        with self.lock:
            self.connection.close()
