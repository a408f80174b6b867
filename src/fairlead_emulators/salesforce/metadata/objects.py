"""Custom objects and fields from their metadata XML, as entries of the describe model."""

import re
from dataclasses import replace
from typing import Any, Final
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.formulas import BadFormula, to_sql
from fairlead_emulators.salesforce.metadata.markup import child, child_text, children
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject, field_from, system_fields

fact("metadata_objects")
fact("metadata_activity")

TYPES: Final = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Checkbox": "boolean",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Location": "location",
    "Lookup": "reference",
    "MasterDetail": "reference",
    "AutoNumber": "string",
    "ExternalLookup": "reference",
}
LENGTHS: Final = {"TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255, "AutoNumber": 30}
ACTIVITY: Final = "activity"
SHARING_FIELDS: Final = ("Task", "Event")
"""What `ACTIVITY`, which has no records of its own, gives its custom fields to."""
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__(c|e|mdt)")


class BadComponent(ValueError):
    """A component that the org refuses; the text is its problem, `line` where it stands in its file, if known."""

    def __init__(self, text: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(text)


def apply_object(schema: Schema, full_name: str, root: Element) -> bool:
    """Add the object, or renew its labels; True when it is new."""
    if full_name.lower() == ACTIVITY:
        return False
    standard = schema.object(full_name)
    if standard is None and not _NAME.fullmatch(full_name):
        raise BadComponent(f"The object name {full_name} is not valid: custom objects end with __c")
    if standard is not None and not standard.custom:
        return False  # settings of a standard object
    if child_text(root, "customSettingsType"):
        return _apply_custom_setting(schema, full_name, root)
    label, plural = child_text(root, "label"), child_text(root, "pluralLabel")
    name_field = child(root, "nameField")
    if not full_name.endswith("__e"):
        for missing, value in (("label", label), ("pluralLabel", plural), ("nameField", name_field)):
            if value is None or value == "":
                raise BadComponent(f"Must specify a non-empty {missing} for the CustomObject")
    known = schema.object(full_name)
    if known is not None:
        known.label, known.label_plural = label, plural or label
        known.sharing_model = child_text(root, "sharingModel") or known.sharing_model
        return False
    name = _name_field(name_field) if name_field is not None else None
    fields = [*system_fields(), *([name] if name else [])]
    prefix = schema.next_custom_prefix()
    made = SObject(full_name, label, plural or label, prefix, True, {f.name.lower(): f for f in fields})
    made.sharing_model = child_text(root, "sharingModel") or made.sharing_model
    schema.add(made)
    return True


@fact("custom_settings")
def _apply_custom_setting(schema: Schema, full_name: str, root: Element) -> bool:
    """Add a hierarchy custom setting: an object whose rows belong to the org, a profile or a user."""
    if child_text(root, "customSettingsType") != "Hierarchy":
        raise BadComponent("This org serves hierarchy custom settings only")
    label, known = child_text(root, "label"), schema.object(full_name)
    if known is not None:
        known.label = known.label_plural = label
        return False
    owner = {"name": "SetupOwnerId", "type": "reference", "label": "Location", "nillable": False, "unique": True}
    owner |= {"reference_to": ("Organization", "Profile", "User"), "relationship_name": "SetupOwner"}
    own = [field_from(owner), field_from({"name": "Name", "type": "string", "label": "Name", "length": 38})]
    fields = {f.name.lower(): f for f in [*system_fields(owner=False), *own]}
    schema.add(SObject(full_name, label, label, schema.next_custom_prefix(), True, fields))
    return True


def _name_field(element: Element) -> Field:
    auto = child_text(element, "type") == "AutoNumber"
    values: dict[str, Any] = {
        "name": "Name",
        "type": "string",
        "label": child_text(element, "label"),
        "length": 80,
        "id_lookup": True,
        "nillable": True,
    }
    if auto:
        values |= {
            "auto_number": True,
            "createable": False,
            "updateable": False,
            "display_format": child_text(element, "displayFormat"),
        }
    return field_from(values)


def apply_field(schema: Schema, object_name: str, element: Element) -> bool:
    """Add or renew a field; True when it is new."""
    if object_name.lower() == ACTIVITY:
        created = [apply_field(schema, name, element) for name in SHARING_FIELDS]
        return any(created)
    sobject = schema.object(object_name)
    if sobject is None:
        raise BadComponent(f"Entity of type {object_name} is not available in this organization")
    name, kind = child_text(element, "fullName"), child_text(element, "type")
    if not name.endswith("__c"):
        return _track_standard(sobject, name, element)
    if kind not in TYPES:
        raise BadComponent(f"Invalid field type: {kind or 'none given'}")
    if not child_text(element, "label"):
        raise BadComponent(f"Field {name}: label is required")
    known = sobject.field(name)
    if known is not None and (known.type, known.auto_number) != (TYPES[kind], kind == "AutoNumber"):
        raise BadComponent(f"Cannot change the type of {object_name}.{name} from {known.type} to {kind}")
    new = field_from(_values(schema, element, name, kind))
    if new.formula:
        new = _worked_out(new, sobject, blank_as_zero=child_text(element, "formulaTreatBlanksAs") != "BlankAsBlank")
    if kind == "Location":
        new = _add_coordinates(new, sobject, element)
    _check_unique_relationship(sobject, schema, new)
    sobject.add_field(new)
    schema.relate()
    return known is None


def _track_standard(sobject: SObject, name: str, element: Element) -> bool:
    """A standard field takes from a package whether its history is kept; it is never new."""
    known, wanted = sobject.field(name), child_text(element, "trackHistory")
    if known is not None and wanted:
        sobject.add_field(replace(known, track_history=wanted == "true"))
    return False


@fact("formulas")
def _worked_out(field: Field, sobject: SObject, *, blank_as_zero: bool) -> Field:
    try:
        expression = to_sql(field.formula or "", field.type, sobject, blank_as_zero=blank_as_zero)
    except BadFormula as error:
        raise BadComponent(f"{sobject.name}.{field.name}: {error}") from None
    return replace(field, expression=expression)


@fact("geolocation")
def _add_coordinates(field: Field, sobject: SObject, element: Element) -> Field:
    """The two numbers of a geolocation, and the compound that shows them."""
    stem, scale = field.name.removesuffix("__c"), _number(element, "scale")
    names = [f"{stem}__{part}__s" for part in ("Latitude", "Longitude")]
    for name in names:
        label = f"{field.label} ({name.split('__')[1]})"
        sobject.add_field(
            field_from(
                {"name": name, "type": "double", "label": label, "precision": 18, "scale": scale, "custom": True}
            )
        )
    pair = f"json_object('latitude', {names[0]}, 'longitude', {names[1]})"
    shown = f"CASE WHEN {names[0]} IS NOT NULL AND {names[1]} IS NOT NULL THEN {pair} END"
    return replace(field, calculated=True, createable=False, updateable=False, expression=shown)


def _values(schema: Schema, element: Element, name: str, kind: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": name,
        "type": TYPES[kind],
        "label": child_text(element, "label"),
        "custom": True,
        "nillable": child_text(element, "required") != "true",
        "unique": child_text(element, "unique") == "true",
        "external_id": child_text(element, "externalId") == "true",
        "id_lookup": child_text(element, "externalId") == "true",
        "case_sensitive": child_text(element, "caseSensitive") == "true",
        "length": _length(element, kind),
        "track_history": child_text(element, "trackHistory") == "true",
    }
    if kind in {"Number", "Currency", "Percent"}:
        values |= {"precision": _number(element, "precision"), "scale": _number(element, "scale")}
    if kind == "Checkbox":
        values |= {"default": child_text(element, "defaultValue") == "true", "nillable": False}
    if kind == "AutoNumber":
        display = child_text(element, "displayFormat")
        values |= {"auto_number": True, "createable": False, "updateable": False, "display_format": display}
    if TYPES[kind] in {"picklist", "multipicklist"}:
        values |= _picklist(element)
    if TYPES[kind] == "reference":
        values |= _lookup(schema, element, name, kind)
    if child_text(element, "formula"):
        formula = child_text(element, "formula")
        values |= {"calculated": True, "createable": False, "updateable": False, "formula": formula}
    return values


def _length(element: Element, kind: str) -> int:
    if kind in {"Text", "LongTextArea", "Html"}:
        length = _number(element, "length")
        most = 255 if kind == "Text" else 131_072
        if not 1 <= length <= most:
            raise BadComponent(f"length must be between 1 and {most}")
        return length
    return LENGTHS.get(kind, 0)


def _number(element: Element, name: str) -> int:
    text = child_text(element, name)
    if not text.isdecimal():
        raise BadComponent(f"Required field is missing: {name}")
    return int(text)


def _picklist(element: Element) -> dict[str, Any]:
    value_set = child(element, "valueSet")
    definition = child(value_set, "valueSetDefinition") if value_set is not None else None
    if value_set is None or definition is None:
        raise BadComponent("A picklist needs a valueSet with a valueSetDefinition")
    picklist = [child_text(value, "fullName") for value in children(definition, "value")]
    if len({value.lower() for value in picklist}) != len(picklist):
        raise BadComponent("Duplicate picklist value")
    return {"picklist": tuple(picklist), "restricted": child_text(value_set, "restricted") == "true"}


def _lookup(schema: Schema, element: Element, name: str, kind: str) -> dict[str, Any]:
    target = child_text(element, "referenceTo")
    parent = schema.object(target)
    if parent is None:
        raise BadComponent(f"referenceTo value of '{target}' does not resolve to a valid sObject type")
    children_name = child_text(element, "relationshipName")
    return {
        "reference_to": (parent.name,),
        "relationship_name": name.removesuffix("__c") + "__r",
        "child_relationship_name": f"{children_name}__r" if children_name else None,
        "cascade_delete": kind == "MasterDetail",
        "nillable": kind != "MasterDetail" and child_text(element, "required") != "true",
    }


def _check_unique_relationship(sobject: SObject, schema: Schema, new: Field) -> None:
    """One parent cannot have two child relationships of one name."""
    if not new.child_relationship_name or not new.reference_to:
        return
    parent = schema.object(new.reference_to[0])
    for other in parent.child_relationships if parent else []:
        taken = other.name and other.name.lower() == new.child_relationship_name.lower()
        if taken and (other.child_object, other.field.lower()) != (sobject.name, new.name.lower()):
            raise BadComponent(f"Duplicate relationship name {new.child_relationship_name} on {new.reference_to[0]}")
