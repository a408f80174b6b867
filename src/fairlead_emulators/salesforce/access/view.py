"""The org as one user sees it: objects and fields without a right are not there, those without edit are read-only."""

from dataclasses import replace
from typing import Final

from fairlead_emulators.salesforce.access.rights import CREATE, DELETE, EDIT, READ, Rights
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.compounds import compound_of
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject

fact("unreadable_is_absent")
fact("standard_fields_visible")
fact("members_follow_campaign")
fact("parts_follow_geolocation")
fact("platform_event_fields")

#: Standard objects whose rights are given by object permissions; other standard objects are open to read.
GOVERNED: Final = frozenset({"account", "campaign", "case", "contact", "individual", "lead", "opportunity", "product2"})
#: Objects that have the rights of another one.
FOLLOWS: Final = {"campaignmember": "campaign", "campaignmemberstatus": "campaign"}
#: Standard objects that everybody may write.
_OPEN: Final = frozenset({"task", "event", "emailmessage"})


def seen_schema(schema: Schema, rights: Rights) -> Schema:
    """The describe model as the user knows it."""
    found = Schema(person_accounts=schema.person_accounts)
    for key, sobject in schema.objects.items():
        shown = _object(schema, sobject, rights)
        if shown is not None:
            found.objects[key] = shown
    for shown in found.objects.values():
        shown.child_relationships = [
            child
            for child in shown.child_relationships
            if (other := found.object(child.child_object)) is not None and other.field(child.field) is not None
        ]
    return found


def _object(schema: Schema, sobject: SObject, rights: Rights) -> SObject | None:
    key = _governor(schema, sobject)
    if key is None:
        writable = sobject.name.lower() in _OPEN
        create = edit = delete = writable
    else:
        if not rights.may(READ, key):
            return None
        follows = sobject.name.lower() in FOLLOWS
        create, edit, delete = (rights.may(EDIT if follows else right, key) for right in (CREATE, EDIT, DELETE))
    shown = {name: f for name, each in sobject.fields.items() if (f := _field(sobject, each, rights)) is not None}
    fields = {
        name: f if create and edit else replace(f, createable=f.createable and create, updateable=f.updateable and edit)
        for name, f in shown.items()
    }
    return replace(
        sobject,
        fields=fields,
        createable=sobject.createable and create,
        updateable=sobject.updateable and edit,
        deletable=sobject.deletable and delete,
    )


def _governor(schema: Schema, sobject: SObject) -> str | None:
    """The name under which the rights on the object are given; None when everybody may read it."""
    key = sobject.name.lower()
    for suffix in ("__history", "history"):
        base = key.removesuffix(suffix) + ("__c" if suffix == "__history" else "")
        if key.endswith(suffix) and schema.object(base) is not None:
            key = base
    key = FOLLOWS.get(key, key)
    return key if key in GOVERNED or sobject.custom or key.endswith("__c") else None


def _field(sobject: SObject, field: Field, rights: Rights) -> Field | None:
    """Standard and required fields are seen by whoever sees the object; custom ones need a right."""
    part = field.name.endswith("__s")  # rights on a geolocation's parts are given on the whole
    asked = compound_of(sobject, field.name) if part else field.name
    given = rights.fields.get(f"{sobject.name}.{asked}".lower())
    free = not field.custom or sobject.name.endswith("__e") or (not field.nillable and field.type != "boolean")
    read, edit = given if given is not None else (free, free)
    if field.custom and not field.nillable and field.type != "boolean":
        read = edit = True
    if not read:
        return None
    return field if edit else replace(field, createable=False, updateable=False)
