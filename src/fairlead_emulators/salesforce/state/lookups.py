"""Reads that a batch needs before it is written: ids by key, rows by id, parents that exist. One query each."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject
from fairlead_emulators.salesforce.state.storage import quoted


def fold(field: Field, value: Any) -> Any:
    """The value as keys are compared: without case, unless the field is case-sensitive."""
    return value.lower() if isinstance(value, str) and not field.case_sensitive else value


def ids_by_key(
    connection: sqlite3.Connection, sobject: SObject, key: Field, values: Iterable[Any]
) -> dict[Any, list[str]]:
    """The ids of the records that have each key, by folded key; keys that nobody has are absent."""
    wanted = json.dumps(sorted({value for value in values if isinstance(value, str | int | float)}, key=str))
    found: dict[Any, list[str]] = {}
    column, folds = quoted(key.name), not key.case_sensitive
    for value, record_id in connection.execute(
        f"SELECT t.{column}, t.Id FROM json_each(?) AS w CROSS JOIN {quoted(sobject.name)} AS t "
        f"ON t.{column} = w.value WHERE t.IsDeleted = 0",
        (wanted,),
    ):
        folded = value.lower() if folds and value.__class__ is str else value
        ids = found.get(folded)
        if ids is None:
            found[folded] = [record_id]
        elif record_id not in ids:
            ids.append(record_id)
    return found


def rows_by_id(
    connection: sqlite3.Connection, sobject: SObject, ids: Iterable[str], columns: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    """The asked columns of the records with those ids, deleted ones too."""
    wanted = json.dumps(sorted(set(ids)))
    asked = ", ".join(["t.Id", *(f"t.{quoted(c)}" for c in columns)])
    return {
        row[0]: row[1:]
        for row in connection.execute(
            f"SELECT {asked} FROM json_each(?) AS w CROSS JOIN {quoted(sobject.name)} AS t ON t.Id = w.value",
            (wanted,),
        )
    }


def missing_parents(
    connection: sqlite3.Connection, schema: Schema, field: Field, ids: Iterable[str]
) -> tuple[set[str], set[str]]:
    """Of the distinct ids: those that are of no type the lookup allows, and those that do not exist."""
    by_prefix: dict[str, list[str]] = {}
    wrong: set[str] = set()
    targets = {o.key_prefix: o for name in field.reference_to if (o := schema.object(name)) is not None}
    for record_id in set(ids):
        parent = targets.get(record_id[:3])
        if parent is None:
            wrong.add(record_id)
        else:
            by_prefix.setdefault(parent.key_prefix, []).append(record_id)
    absent: set[str] = set()
    for prefix, asked in by_prefix.items():
        found = rows_by_id(connection, targets[prefix], asked, ["IsDeleted"])
        absent.update(i for i in asked if found.get(i, (1,))[0])
    return wrong, absent
