"""The way to SOQL: runs a query on the org, for REST and for Bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.org import Org

fact("soql_semantics")
fact("soql_refusals")
fact("bulk_query_refusals")


@dataclass(frozen=True, slots=True)
class Answer:
    """All records of a query, and how many there are: more than none for `COUNT()`."""

    records: list[dict[str, Any]]
    total: int


def ask(org: Org, text: str, version: str, *, deleted: bool) -> Answer:
    """Runs a query. Raises ApiError 400 with the code that SOQL gave."""
    with org.storage.lock:
        compiled = _compiled(org, text, deleted=deleted)
        records, total = soql.run(org.storage.connection, compiled, version)
    return Answer(records, total)


def columns(org: Org, text: str, version: str) -> dict[str, Any]:
    """What `?columns=true` answers."""
    with org.storage.lock:
        compiled = _compiled(org, text, deleted=False)
    return {
        "columnMetadata": [_column(".".join(output.path), output.field.type) for output in compiled.outputs],
        "entityName": compiled.sobject.name,
        "groupBy": compiled.shape == "aggregate",
        "idSelected": any(output.path == ("Id",) for output in compiled.outputs),
        "keyPrefix": compiled.sobject.key_prefix,
    }


def _column(name: str, kind: str) -> dict[str, Any]:
    return {
        "aggregate": False,
        "apexType": kind.title(),
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": name.endswith("__c"),
        "displayName": name,
        "joinColumns": [],
        "numberType": kind in {"int", "double", "currency", "percent"},
        "textType": kind not in {"boolean", "int", "double", "currency", "percent", "date", "datetime"},
        "updatable": False,
    }


def check_bulk(org: Org, text: str, version: str) -> str:
    """The object that a Bulk query reads. Raises ApiError 400 for what Bulk refuses."""
    with org.storage.lock:
        compiled = _compiled(org, text, deleted=True)
        query = soql.parse(text)
    if compiled.shape != "records" or compiled.children or query.offset:
        raise ApiError(400, "INVALIDENTITY", "Aggregates, child queries and OFFSET are not supported by the Bulk API")
    return compiled.sobject.name


def stream(org: Org, text: str, version: str, *, deleted: bool) -> tuple[list[str], Iterator[list[list[str]]]]:
    """The header, and the rows as CSV cells, some thousands at a time. The storage's lock is held for each part."""
    with org.storage.lock:
        compiled = _compiled(org, text, deleted=deleted)
    return [".".join(output.path) for output in compiled.outputs], _parts(org, compiled)


def _parts(org: Org, compiled: soql.Compiled) -> Iterator[list[list[str]]]:
    parts = soql.cells(org.storage.connection, compiled)
    while True:
        with org.storage.lock:
            part = next(parts, None)
        if part is None:
            return
        yield part


def _compiled(org: Org, text: str, *, deleted: bool) -> soql.Compiled:
    try:
        context = soql.Context(org.clock.now(), _zone(org), deleted=deleted)
        return soql.compile_query(soql.parse(text), org.storage.schema, context)
    except soql.SoqlError as error:
        raise ApiError(400, error.code, error.message) from None


def _zone(org: Org) -> ZoneInfo:
    """The time zone of the signed-in user, by which date literals are read."""
    row = org.storage.connection.execute(
        "SELECT TimeZoneSidKey FROM User WHERE Id = ?", (org.identity.user_id,)
    ).fetchone()
    try:
        return ZoneInfo(row[0] if row and row[0] else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
