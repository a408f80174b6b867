"""Field history in the describe model: `ContactHistory`, `X__History` for custom objects with tracked fields."""

from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Schema, SObject, field_from, system_fields

fact("history_objects")

TRACKED: Final = ("Account", "Campaign", "Contact", "Lead")
KEY_PREFIX: Final = "017"
_KEPT: Final = ("id", "isdeleted", "createddate", "createdbyid")


def history_name(sobject: SObject) -> str:
    """The name of the object that keeps the history of another."""
    return sobject.name.removesuffix("__c") + "__History" if sobject.custom else f"{sobject.name}History"


def parent_field(sobject: SObject) -> str:
    """The field of the history object that names the record."""
    return "ParentId" if sobject.custom else f"{sobject.name}Id"


def add_history_objects(schema: Schema) -> None:
    """Gives every object that keeps history the object it is kept in."""
    for sobject in list(schema.objects.values()):
        tracked = sobject.name in TRACKED or any(f.track_history for f in sobject.fields.values())
        if tracked and schema.object(history_name(sobject)) is None:
            schema.objects[history_name(sobject).lower()] = _history_of(sobject)
    schema.relate()


def _history_of(sobject: SObject) -> SObject:
    fixed = {"createable": False, "updateable": False}
    relation = {"reference_to": [sobject.name], "cascade_delete": True, "child_relationship_name": "Histories"}
    relation["relationship_name"] = "Parent" if sobject.custom else sobject.name
    parent: dict[str, Any] = {"name": parent_field(sobject), "type": "reference", "label": f"{sobject.label} ID"}
    own: list[dict[str, Any]] = [
        parent | relation | {"nillable": False},
        {"name": "Field", "type": "picklist", "label": "Changed Field", "nillable": False},
        {"name": "DataType", "type": "picklist", "label": "Datatype"},
        {"name": "OldValue", "type": "anyType", "label": "Old Value"},
        {"name": "NewValue", "type": "anyType", "label": "New Value"},
    ]
    fields = [f for f in system_fields(owner=False) if f.name.lower() in _KEPT]
    fields += [field_from(each | fixed) for each in own]
    label = f"{sobject.label} History"
    return SObject(
        history_name(sobject), label, label, KEY_PREFIX, fields={f.name.lower(): f for f in fields}, storage_kb=0,
        createable=False, updateable=False, deletable=False, name_field="Id",
    )  # fmt: skip
