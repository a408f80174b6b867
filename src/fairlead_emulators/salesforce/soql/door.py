"""The way to SOQL: runs a query on the org, for REST and for Bulk."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.soql import locators
from fairlead_emulators.salesforce.state.org import Org

fact("bulk_query_refusals")
fact("soql_refusals")
fact("soql_semantics")


@dataclass(frozen=True, slots=True)
class Answer:
    """All records of a query, and how many there are: for `COUNT()` a number without records."""

    records: list[dict[str, Any]]
    total: int


def _refused(error: soql.SoqlError, text: str) -> ApiError:
    shown = soql.located(error, text)
    return ApiError(400, shown.code, shown.message)


def _compiled(org: Org, text: str, *, deleted: bool = False) -> soql.Compiled:
    """Raises ApiError 400 with the code that SOQL gave."""
    try:
        everything = bool(org.settings.get("soql_everything", True))
        context = soql.Context(org.clock.now(), _zone(org), deleted, org.acting_user(), everything)
        return soql.compile_query(soql.parse(text), org.storage.schema, context)
    except soql.SoqlError as error:
        raise _refused(error, text) from None


def _zone(org: Org) -> tzinfo:
    """The time zone of the acting user, by which date literals begin and end; UTC where it is unknown."""
    with org.storage.lock:
        asked = "SELECT TimeZoneSidKey FROM User WHERE Id = ?"
        row = org.storage.connection.execute(asked, (org.acting_user(),)).fetchone()
    try:
        return ZoneInfo(row[0]) if row and row[0] else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def ask(org: Org, text: str, version: str, *, deleted: bool) -> Answer:
    """Runs a query. Raises ApiError 400 with the code that SOQL gave."""
    compiled = _compiled(org, text, deleted=deleted)
    with org.storage.lock:
        try:
            return Answer(*soql.run(org.storage.connection, compiled, version))
        except soql.SoqlError as error:
            raise _refused(error, text) from None


def find(org: Org, text: str, version: str, size: int, *, deleted: bool) -> locators.Found:
    """Runs a query whose answer is handed out in pages. Raises ApiError 400 with the code that SOQL gave."""
    compiled = _compiled(org, text, deleted=deleted)
    with org.storage.lock:
        try:
            return locators.find(org.storage.connection, compiled, version, size)
        except soql.SoqlError as error:
            raise _refused(error, text) from None


def page(org: Org, found: locators.Found, start: int, size: int, version: str) -> list[dict[str, Any]]:
    """A further page of an answer. Raises ApiError 400 where an object or field has gone since."""
    with org.storage.lock:
        try:
            return locators.page(org.storage.connection, found, start, size, version)
        except sqlite3.OperationalError:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None


def plan(org: Org, text: str) -> dict[str, Any]:
    """What `?explain=` answers: one plan, that of reading the whole object."""
    found = _compiled(org, text).sobject
    count = org.storage.count(found)
    each = {
        "cardinality": count,
        "fields": [],
        "leadingOperationType": "TableScan",
        "notes": [],
        "relativeCost": 1.0,
        "sobjectCardinality": count,
        "sobjectType": found.name,
    }
    return {"plans": [each], "sourceQuery": text}


def columns(org: Org, text: str) -> dict[str, Any]:
    """What `?columns=true` answers: the query's columns, parents' fields below their parent."""
    compiled = _compiled(org, text)
    found: list[dict[str, Any]] = []
    for output in compiled.outputs:
        level = found
        for name in output.path[:-1]:
            parent = next((c for c in level if c["columnName"] == name), None)
            if parent is None:
                parent = _column(name, None)
                level.append(parent)
            level = parent["joinColumns"]
        level.append(_column(output.path[-1], output.field))
    for child in compiled.children:
        below = [_column(output.path[-1], output.field) for output in child.query.outputs]
        found.append(_column(child.name, None) | {"aggregate": True, "joinColumns": below})
    return {
        "columnMetadata": found,
        "entityName": compiled.sobject.name,
        "groupBy": compiled.shape == "aggregate",
        "idSelected": any(output.path == ("Id",) for output in compiled.outputs),
        "keyPrefix": compiled.sobject.key_prefix,
    }


def _column(name: str, field: Field | None) -> dict[str, Any]:
    kind = field.type if field else ""
    return {
        "aggregate": False,
        "apexType": kind or None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": bool(field and field.custom),
        "displayName": name,
        "foreignKeyName": field.relationship_name if field else None,
        "insertable": bool(field and field.createable),
        "joinColumns": [],
        "numberType": kind in ("int", "double", "currency", "percent"),
        "textType": kind in ("string", "email", "phone", "url", "textarea", "picklist"),
        "updatable": bool(field and field.updateable),
    }


def check_bulk(org: Org, text: str) -> str:
    """The object that a Bulk query reads. Raises ApiError 400 for what Bulk refuses."""
    compiled = _compiled(org, text)
    if compiled.shape != "records" or compiled.children or _has_offset(text):
        message = "Bulk queries take no aggregates, child queries or OFFSET"
        raise ApiError(400, "API_ERROR", message)
    compound = next((o for o in compiled.outputs if o.field.type in ("address", "location")), None)
    if compound is not None:
        message = f"Selecting compound data not supported in Bulk Query: {'.'.join(compound.path)}"
        raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", message)
    return compiled.sobject.name


def _has_offset(text: str) -> bool:
    return bool(soql.parse(text).offset)


def stream(org: Org, text: str, *, deleted: bool) -> tuple[list[str], Iterator[list[list[str]]]]:
    """The header, and the rows as CSV cells, some thousands at a time."""
    compiled = _compiled(org, text, deleted=deleted)
    return [".".join(output.path) for output in compiled.outputs], _pages(org, compiled)


def _pages(org: Org, compiled: soql.Compiled) -> Iterator[list[list[str]]]:
    pages = soql.cells(org.storage.connection, compiled)
    while True:
        with org.storage.lock:  # a page at a time: other requests go on in between
            page = next(pages, None)
        if page is None:
            return
        yield page
