"""SOQL over the rows of the Tooling API: they are laid into a database of their own for each query."""

import sqlite3
from datetime import UTC
from typing import Any, Final

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.model.values import stamp
from fairlead_emulators.salesforce.soql import door
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import ensure_table, quoted
from fairlead_emulators.salesforce.tooling.rows import rows
from fairlead_emulators.salesforce.tooling.schema import tooling_schema

SHARED: Final = frozenset({"user", "profile", "permissionset", "permissionsetassignment", "recordtype", "organization"})


def ask(org: Org, text: str, version: str) -> door.Answer:
    """Runs a query. Raises ApiError 400."""
    schema = tooling_schema()
    try:
        query = soql.parse(text)
        if query.source.lower() in SHARED and schema.object(query.source) is None:
            return door.ask(org, text, version, deleted=False)
        context = soql.Context(org.clock.now(), UTC, False)
        compiled = soql.compile_query(query, schema, context)
        connection = _laid(org)
        try:
            found = soql.run(connection, compiled, version)
        finally:
            connection.close()
    except soql.SoqlError as error:
        raise ApiError(400, error.code, error.message) from None
    return door.Answer(_addressed(found[0]), found[1])


def _laid(org: Org) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for sobject in tooling_schema().objects.values():
        ensure_table(connection, sobject) if sobject.field("IsDeleted") else _table(connection, sobject)
        fill(org, connection, sobject)
    return connection


def _table(connection: sqlite3.Connection, sobject: SObject) -> None:
    columns = ", ".join(f"{quoted(f.name)} {f.sql_type}" for f in sobject.fields.values())
    connection.execute(f"CREATE TABLE {quoted(sobject.name)} ({columns})")


def fill(org: Org, connection: sqlite3.Connection, sobject: SObject) -> None:
    """Lays the object's rows."""
    moment = stamp(org.storage.schema_moment)
    names = [f.name for f in sobject.fields.values()]
    dates = {f.name: moment for f in sobject.fields.values() if f.type == "datetime"}
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO {quoted(sobject.name)} VALUES ({marks})",
        ([(dates | row).get(name) for name in names] for row in rows(org, sobject.name)),
    )


def _addressed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records whose addresses lie below `/tooling`."""
    for record in records:
        for value in [record, *record.values()]:
            if isinstance(value, dict) and isinstance(value.get("attributes"), dict) and "url" in value["attributes"]:
                url = value["attributes"]["url"]
                value["attributes"]["url"] = url.replace("/sobjects/", "/tooling/sobjects/", 1)
    return records
