"""The event log: what happened to records, written in the transaction that did it, kept for 72 hours."""

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org

fact("change_selection")
fact("change_gaps")
fact("change_no_op")

MOST_BYTES: Final = 1_000_000
"""A change that is larger is told as a gap."""
RETENTION: Final = timedelta(hours=72)
SELECTED: Final = ("Account", "Contact", "Lead", "CampaignMember", "Opportunity")
_QUIET: Final = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp"})
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS emulator_events (serial INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL, "
    "moment INTEGER NOT NULL, info TEXT NOT NULL)"
)

#: Who caused the changes of this request, as change events tell it.
origin: ContextVar[str] = ContextVar("origin", default="")


@dataclass(frozen=True, slots=True)
class Event:
    """One kept event. `moment` is in epoch milliseconds; `kind` is a changeType, or EVENT for platform events."""

    serial: int
    object: str
    moment: int
    kind: str
    ids: list[str]
    values: dict[str, Any]
    changed: list[str]
    transaction: str
    sequence: int
    origin: str
    user: str = ""


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def wanted(org: Org, sobject: SObject) -> bool:
    """Whether the object's changes are told: platform events always, others when selected."""
    return sobject.name.endswith("__e") or sobject.name in org.settings.get("change_events", SELECTED)


def inserted(
    org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str], columns: Mapping[str, Sequence[Any]]
) -> None:
    """Tells of new records. `columns`: kept values by field, one per id."""
    if not wanted(org, sobject):
        return
    kind = "EVENT" if sobject.name.endswith("__e") else "CREATE"
    rows = zip(*columns.values(), strict=True)
    told = [{n: v for n, v in zip(columns, row, strict=True) if v is not None} for row in rows]
    _record(org, connection, sobject, kind, [(i, values, []) for i, values in zip(ids, told, strict=True)])


def updated(
    org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str], columns: Mapping[str, Sequence[Any]]
) -> None:
    """Tells of changes, before they are made: an update that changes nothing is not told."""
    if not wanted(org, sobject):
        return
    names = list(columns)
    before = rows_by_id(connection, sobject, list(ids), names)
    found = []
    for record_id, new in zip(ids, zip(*columns.values(), strict=True), strict=True):
        pairs = zip(names, before[record_id], new, strict=True)
        values = {name: value for name, old, value in pairs if old != value}
        if set(values) - _QUIET:
            found.append((record_id, values, list(values)))
    _record(org, connection, sobject, "UPDATE", found)


def touched(org: Org, connection: sqlite3.Connection, sobject: SObject, kind: str, ids: Sequence[str]) -> None:
    """Tells of DELETE or UNDELETE: one event names all records."""
    if ids and wanted(org, sobject):
        _keep(org, connection, sobject, kind, [(list(ids), {}, [])])


def emptied(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str], field: str) -> None:
    """Tells that a look-up became empty because what it pointed to is gone."""
    if ids and wanted(org, sobject):
        _keep(org, connection, sobject, "UPDATE", [(list(ids), {field: None}, [field])])


Told = tuple[str, dict[str, Any], list[str]]


def _record(org: Org, connection: sqlite3.Connection, sobject: SObject, kind: str, found: list[Told]) -> None:
    """Merges equal changes of one transaction into one event that names several records."""
    merged: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {}
    for record_id, values, changed in found:
        key = _text(values) if kind == "UPDATE" else record_id
        if key in merged:
            merged[key][0].append(record_id)
        else:
            merged[key] = ([record_id], values, changed)
    _keep(org, connection, sobject, kind, list(merged.values()))


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _keep(
    org: Org,
    connection: sqlite3.Connection,
    sobject: SObject,
    kind: str,
    events: list[tuple[list[str], dict[str, Any], list[str]]],
) -> None:
    if not events:
        return
    connection.execute(_TABLE)
    moment = _ms(org.clock.now())
    transaction, source, user = secrets.token_hex(18), origin.get(), org.acting_user()
    if kind != "EVENT" and org.faults.take("overflow", object=sobject.name) is not None:
        kind, events = "GAP_OVERFLOW", [([], {}, [])]
    elif kind != "EVENT" and org.faults.take("gap", object=sobject.name) is not None:
        kind, events = f"GAP_{kind}", [(ids, {}, []) for ids, _, _ in events]
    rows = []
    for place, (ids, values, changed) in enumerate(events, 1):
        info = _text([kind, ids, values, changed, transaction, place, source, user])
        if len(info) > MOST_BYTES and kind != "EVENT" and not kind.startswith("GAP_"):
            info = _text([f"GAP_{kind}", ids, {}, [], transaction, place, source, user])
        rows.append((sobject.name, moment, info))
    connection.executemany("INSERT INTO emulator_events (object, moment, info) VALUES (?, ?, ?)", rows)


def publish(org: Org, sobject: SObject, values: Mapping[str, Any]) -> int:
    """Keeps a platform event; its serial."""
    stamped = {"CreatedById": org.acting_user(), "CreatedDate": org.now()} | dict(values)
    with org.storage.transaction() as connection:
        _keep(org, connection, sobject, "EVENT", [([], stamped, [])])
        return int(connection.execute("SELECT MAX(serial) FROM emulator_events").fetchone()[0])


def clear(org: Org) -> None:
    """Forgets all events; serials go on rising."""
    with org.storage.transaction() as connection:
        connection.execute(_TABLE)
        connection.execute("DELETE FROM emulator_events")


def bounds(org: Org) -> tuple[int, int]:
    """(serial before the oldest kept event, serial of the newest), after dropping what is too old."""
    with org.storage.transaction() as connection:
        connection.execute(_TABLE)
        oldest = _ms(org.clock.now() - RETENTION)
        connection.execute("DELETE FROM emulator_events WHERE moment < ?", (oldest,))
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'emulator_events'").fetchone()
        newest = int(row[0]) if row else 0
        first = connection.execute("SELECT MIN(serial) FROM emulator_events").fetchone()[0]
        return (newest if first is None else int(first) - 1), newest


def after(org: Org, serial: int, objects: Sequence[str], limit: int) -> list[Event]:
    """At most `limit` events of those objects that came after a serial, oldest first."""
    marks = ", ".join("?" * len(objects))
    with org.storage.transaction() as connection:
        connection.execute(_TABLE)
        rows = connection.execute(
            f"SELECT serial, object, moment, info FROM emulator_events WHERE serial > ? AND object IN ({marks}) "
            "ORDER BY serial LIMIT ?",
            (serial, *objects, limit),
        ).fetchall()
    return [Event(row[0], row[1], row[2], *json.loads(row[3])) for row in rows]


def epoch_ms(kept: str) -> int:
    """A kept date-time in epoch milliseconds."""
    return _ms(datetime.fromisoformat(kept).astimezone(UTC))
