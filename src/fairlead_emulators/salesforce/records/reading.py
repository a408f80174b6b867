"""Records as they go over the wire."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import seen
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("wire_formats")
fact("deleted_record")


def to_json(field: Field, value: Any) -> Any:
    """A kept value as REST tells it."""
    if value is None:
        return None
    if field.type == "boolean":
        return bool(value)
    if field.type == "datetime":
        return value[:-1] + "+0000"
    if field.type in ("address", "location"):
        return json.loads(value)
    return value


def attributes(sobject: SObject, root: str, record_id: str) -> dict[str, str]:
    """`{type, url}` of a record."""
    return {"type": sobject.name, "url": f"{root}/sobjects/{sobject.name}/{record_id}"}


def chosen_fields(sobject: SObject, names: str | None) -> list[Field]:
    """The fields of a `?fields=` list, all when there is none. Raises ApiError 400."""
    if not names:
        return list(sobject.fields.values())
    fields = []
    for name in names.split(","):
        field = sobject.field(name.strip())
        if field is None:
            message = f"No such column '{name.strip()}' on sobject of type {sobject.name}"
            raise ApiError(400, "INVALID_FIELD", message)
        fields.append(field)
    return fields


def read(org: Org, sobject: SObject, record_id: str, fields: Sequence[Field], root: str) -> dict[str, Any]:
    """One record. Raises ApiError 404 when there is none, or it is deleted."""
    known = to18(record_id)
    asked = ", ".join(["Id", "IsDeleted", *(quoted(f.name) for f in fields)])
    with org.storage.lock:
        row = org.storage.connection.execute(
            f"SELECT {asked} FROM {quoted(sobject.name)} AS t WHERE {' AND '.join(['Id = ?', *seen(sobject, 't')])}",
            (known,),
        ).fetchone()
    if row is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    if row[1]:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return {"attributes": attributes(sobject, root, row[0])} | as_json(fields, row[2:])


def visible(org: Org, sobject: SObject, ids: Sequence[str]) -> list[str]:
    """Those of the ids whose records the user may see, in their order."""
    conditions = seen(sobject, "t")
    if not conditions:
        return list(ids)
    query = f"SELECT t.Id FROM {quoted(sobject.name)} AS t WHERE t.Id IN (SELECT value FROM json_each(?)) AND {conditions[0]}"
    with org.storage.lock:
        found = {row[0] for row in org.storage.connection.execute(query, (json.dumps(list(ids)),))}
    return [each for each in ids if each in found]


def changed(org: Org, sobject: SObject, record_id: str) -> datetime:
    """When the record was last changed."""
    asked = f"SELECT SystemModstamp FROM {quoted(sobject.name)} WHERE Id = ?"
    with org.storage.lock:
        row = org.storage.connection.execute(asked, (record_id,)).fetchone()
    return datetime.fromisoformat(row[0]).astimezone(UTC)


CONVERTED = frozenset({"boolean", "datetime", "address", "location"})
"""Types whose values are kept in another form than REST tells them in."""


def many_as_json(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """As `as_json`, for many rows; what a row has beyond its fields is left out."""
    names = [field.name for field in fields]
    converted = [(place, field) for place, field in enumerate(fields) if field.type in CONVERTED]
    for row in rows:
        told = dict(zip(names, row, strict=False))
        for place, field in converted:
            told[field.name] = to_json(field, row[place])
        yield told


def as_json(fields: Iterable[Field], row: Sequence[Any]) -> dict[str, Any]:
    """A row of kept values as REST tells it."""
    return {f.name: to_json(f, value) for f, value in zip(fields, row, strict=True)}
