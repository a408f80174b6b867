"""What stands in an object's file beside its fields: validation rules, record types, list views."""

from dataclasses import replace
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.formulas import BadFormula, to_sql
from fairlead_emulators.salesforce.metadata.markup import child_text, children
from fairlead_emulators.salesforce.metadata.objects import BadComponent
from fairlead_emulators.salesforce.model.schema import Schema, SObject, ValidationRule, field_from

fact("validation_rules_deployed")
fact("record_types_deployed")


def holders(schema: Schema, name: str) -> list[SObject]:
    """The objects whose file this is: Activity stands for tasks and events; none when there is no such object."""
    names = ("Task", "Event") if name.lower() == "activity" else (name,)
    return [found for each in names if (found := schema.object(each)) is not None]


def object_named(schema: Schema, name: str, field: str = "object") -> SObject:
    """The object of that name. Raises BadComponent."""
    found = schema.object(name)
    if found is None:
        raise BadComponent(f"In field: {field} - no CustomObject named {name} found")
    return found


def apply_rule(schema: Schema, object_name: str, element: Element) -> bool:
    """Add or renew a validation rule; True when it is new."""
    sobject = object_named(schema, object_name)
    name, shown_at = child_text(element, "fullName"), child_text(element, "errorDisplayField")
    for required in ("errorConditionFormula", "errorMessage"):
        if not child_text(element, required):
            raise BadComponent(f"Required field is missing: {required}")
    if len(child_text(element, "errorMessage")) > 255:
        raise BadComponent("Error Message: data value too large (max length=255)")
    found = sobject.field(shown_at) if shown_at else None
    if shown_at and found is None:
        raise BadComponent(f"In field: errorDisplayField - no CustomField named {object_name}.{shown_at} found")
    formula = child_text(element, "errorConditionFormula")
    expression = _expression(sobject, formula)
    rule = ValidationRule(
        name,
        child_text(element, "active") == "true",
        formula,
        child_text(element, "errorMessage"),
        found.name if found else "",
        expression,
    )
    others = [each for each in sobject.validation_rules if each.name.lower() != name.lower()]
    new = len(others) == len(sobject.validation_rules)
    sobject.validation_rules = [*others, rule]
    return new


def _expression(sobject: SObject, formula: str) -> str:
    try:
        return to_sql(formula, "boolean", sobject, blank_as_zero=True)
    except BadFormula as error:
        raise BadComponent(str(error)) from None


def apply_record_type(schema: Schema, object_name: str, element: Element) -> bool:
    """Check a record type; the object gets its RecordTypeId with the first of them."""
    sobject = object_named(schema, object_name)
    if not child_text(element, "label"):
        raise BadComponent("Required field is missing: label")
    for values in children(element, "picklistValues"):
        name = child_text(values, "picklist")
        if sobject.field(name) is None:
            raise BadComponent(f"Picklist {name} in record type {child_text(element, 'fullName')} does not exist")
    if sobject.field("RecordTypeId") is None:
        lookup = {"name": "RecordTypeId", "type": "reference", "label": "Record Type ID"}
        sobject.add_field(field_from(lookup | {"reference_to": ("RecordType",), "relationship_name": "RecordType"}))
        schema.relate()
    return False


def apply_list_view(schema: Schema, object_name: str, element: Element) -> bool:
    """Refuse a list view whose columns the object does not have."""
    sobject = object_named(schema, object_name)
    for column in children(element, "columns"):
        name = (column.text or "").strip()
        if name.endswith("__c") and sobject.field(name) is None:
            raise BadComponent(f"Could not resolve list view column: {name}")
    return False


def without_rule(sobject: SObject, name: str) -> None:
    """Takes a validation rule away."""
    sobject.validation_rules = [each for each in sobject.validation_rules if each.name.lower() != name.lower()]


def without_field(sobject: SObject, name: str) -> None:
    """Takes a field away; rules that show their message at it show it at the top."""
    del sobject.fields[name.lower()]
    sobject.validation_rules = [
        replace(each, field="") if each.field.lower() == name.lower() else each for each in sobject.validation_rules
    ]
