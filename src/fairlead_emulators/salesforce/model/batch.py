"""A batch of records to write, by column, whether it came as JSON or as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject
from fairlead_emulators.salesforce.model.values import KEEP, Errors

fact("relationship_by_external_id")
fact("bulk_blank_and_na")


@dataclass(slots=True)
class Link:
    """Values of a parent's key, to be resolved to its id: `List__r.List_Id__c`."""

    field: Field
    parent: SObject
    key: Field
    values: list[Any]


@dataclass(slots=True)
class Batch:
    """`count` rows of one object. `columns` is keyed by lower-case field name; cells may be KEEP."""

    sobject: SObject
    count: int
    columns: dict[str, list[Any]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    errors: Errors = field(default_factory=dict)


class UnknownColumn(LookupError):
    """A header or JSON name that is no field of the object."""


def link_for(schema: Schema, sobject: SObject, relationship: str, key: str) -> tuple[Field, SObject, Field]:
    """The lookup field, parent and key field that `List__r.List_Id__c` or `User:Owner.Email` names.

    Raises UnknownColumn when a part is unknown, or the key is neither external id nor id look-up.
    """
    wanted_type, _, name = relationship.rpartition(":")
    lookup = sobject.by_relationship(name)
    targets = lookup.reference_to if lookup else ()
    if wanted_type:
        targets = tuple(t for t in targets if t.lower() == wanted_type.lower())
    parent = schema.object(targets[0]) if targets else None
    key_field = parent.field(key) if parent else None
    if lookup is None or parent is None or key_field is None:
        raise UnknownColumn(f"{relationship}.{key}")
    if not (key_field.external_id or key_field.id_lookup):
        raise UnknownColumn(f"{relationship}.{key}")
    return lookup, parent, key_field


def from_csv(schema: Schema, sobject: SObject, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Batch:
    """A batch from CSV cells: an empty cell is not sent, `#N/A` is null. Raises UnknownColumn."""
    batch = Batch(sobject, len(rows))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    for name, cells in zip(header, columns, strict=True):
        values = [KEEP if cell == "" else None if cell == "#N/A" else cell for cell in cells]
        relationship, dot, key = name.rpartition(".")
        if dot:
            batch.links.append(Link(*link_for(schema, sobject, relationship, key), values))
        elif sobject.field(name) is None:
            raise UnknownColumn(name)
        else:
            batch.columns[name.lower()] = values
    return batch


def from_json(schema: Schema, sobject: SObject, records: Sequence[Mapping[str, Any]]) -> Batch:
    """A batch from JSON objects. A row with an unknown field is refused; the others go on."""
    batch = Batch(sobject, len(records))
    for row, record in enumerate(records):
        for name, value in record.items():
            if name.lower() == "attributes":
                continue
            try:
                _put(schema, batch, row, name, value)
            except UnknownColumn as unknown:
                message = f"No such column '{unknown}' on sobject of type {sobject.name}"
                batch.errors[row] = RowError("INVALID_FIELD", message)
    return batch


def _put(schema: Schema, batch: Batch, row: int, name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        keys = [key for key in value if key.lower() not in ("attributes", "type")]
        if len(keys) != 1:
            raise UnknownColumn(name)
        _link(schema, batch, name, keys[0]).values[row] = value[keys[0]]
    elif batch.sobject.field(name) is None:
        raise UnknownColumn(name)
    else:
        batch.columns.setdefault(name.lower(), [KEEP] * batch.count)[row] = value


def _link(schema: Schema, batch: Batch, relationship: str, key: str) -> Link:
    lookup, parent, key_field = link_for(schema, batch.sobject, relationship, key)
    for link in batch.links:
        if link.field is lookup and link.key is key_field:
            return link
    batch.links.append(Link(lookup, parent, key_field, [KEEP] * batch.count))
    return batch.links[-1]


def asked_fields(batch: Batch) -> Iterable[Field]:
    """The fields that the batch sets, links included, but not the id."""
    for name in batch.columns:
        found = batch.sobject.field(name)
        if found is not None and found.name != "Id":
            yield found
    for link in batch.links:
        yield link.field
