"""The rows of the Tooling API, made anew from the describe model and the deployed metadata for each question."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import flow_versions
from fairlead_emulators.salesforce.metadata.package import Component, deployed
from fairlead_emulators.salesforce.model.ids import make_id
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.org import Org

Row = dict[str, Any]


def made_id(prefix: str, name: str) -> str:
    """An id that is always the same for that name."""
    return make_id(prefix, zlib.crc32(name.lower().encode()))


def rows(org: Org, sobject: str) -> Iterator[Row]:
    """All rows of a tooling object."""
    yield from _MAKERS.get(sobject, _none)(org)


def _none(_org: Org) -> Iterator[Row]:
    return iter(())


def _components(org: Org, kind: str) -> list[Component]:
    with org.storage.lock:
        return [each for each in deployed(org.storage.connection) if each.type == kind]


def _parsed(component: Component) -> Element | None:
    try:
        return fromstring(component.xml)
    except ParseError:
        return None


def _text(element: Element | None, name: str) -> str:
    children = element if element is not None else ()
    return next(((c.text or "").strip() for c in children if c.tag.rpartition("}")[2] == name), "")


def _plain(name: str) -> str:
    """`CM_List` of `CM_List__c`."""
    return name.rpartition("__")[0] or name


@fact("entity_sharing")
def _entities(org: Org) -> Iterator[Row]:
    written = {each.full_name.lower(): _parsed(each) for each in _components(org, "CustomObject")}
    for each in org.storage.schema.objects.values():
        root = written.get(each.name.lower())
        yield {
            "Id": each.name,
            "DurableId": made_id("01I", each.name)[:15] if each.custom else each.name,
            "QualifiedApiName": each.name,
            "DeveloperName": _plain(each.name) if each.custom else each.name,
            "MasterLabel": each.label,
            "Label": each.label,
            "PluralLabel": each.label_plural,
            "KeyPrefix": each.key_prefix,
            "PublisherId": "<local>" if each.custom else "System",
            "IsCustomizable": True,
            "IsCustomSetting": False,
            "IsQueryable": True,
            "IsTriggerable": each.createable,
            "IsApexTriggerable": each.createable,
            "IsDeprecatedAndHidden": False,
            "InternalSharingModel": _text(root, "sharingModel") or "ReadWrite",
            "ExternalSharingModel": _text(root, "externalSharingModel") or "Private",
        }


_SAID: Final = {
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "email": "Email",
    "phone": "Phone",
    "picklist": "Picklist",
    "multipicklist": "Picklist (Multi-Select)",
    "url": "URL",
    "location": "Geolocation",
    "id": "Id",
}


def _data_type(field: Field) -> str:
    if field.type == "reference":
        return f"Lookup({','.join(field.reference_to)})"
    if field.type in ("double", "int", "currency", "percent"):
        named = {"double": "Number", "int": "Number"}.get(field.type, field.type.capitalize())
        return f"{named}({(field.precision or 18) - field.scale}, {field.scale})"
    if field.type in ("string", "textarea"):
        return f"{'Text' if field.type == 'string' else 'Long Text Area'}({field.length})"
    return _SAID.get(field.type, field.type)


def _fields(org: Org) -> Iterator[Row]:
    for sobject in org.storage.schema.objects.values():
        for each in sobject.fields.values():
            yield _field_row(sobject, each)


def _field_row(sobject: SObject, each: Field) -> Row:
    full = f"{sobject.name}.{each.name}"
    return {
        "Id": full,
        "DurableId": f"{sobject.name}.{made_id('00N', full)[:15] if each.custom else each.name}",
        "QualifiedApiName": each.name,
        "DeveloperName": _plain(each.name) if each.custom else each.name,
        "MasterLabel": each.label,
        "Label": each.label,
        "DataType": _data_type(each),
        "Length": each.length,
        "Precision": each.precision,
        "Scale": each.scale,
        "EntityDefinitionId": sobject.name,
        "ValueTypeId": each.type,
        "RelationshipName": each.relationship_name,
        "IsCalculated": each.calculated,
        "IsIndexed": each.external_id or each.unique or each.type in ("id", "reference"),
        "IsNillable": each.nillable,
        "IsCompound": each.type == "location",
        "IsNameField": each.name == sobject.name_field,
    }


def _custom_objects(org: Org) -> Iterator[Row]:
    for each in org.storage.schema.objects.values():
        if each.custom:
            plain = {"DeveloperName": _plain(each.name), "ManageableState": "unmanaged"}
            yield {"Id": made_id("01I", each.name)} | plain


def _custom_fields(org: Org) -> Iterator[Row]:
    for sobject in org.storage.schema.objects.values():
        for each in sobject.fields.values():
            if each.custom:
                full = f"{sobject.name}.{each.name}"
                yield {
                    "Id": made_id("00N", full),
                    "DeveloperName": _plain(each.name),
                    "TableEnumOrId": made_id("01I", sobject.name) if sobject.custom else sobject.name,
                    "EntityDefinitionId": sobject.name,
                    "FullName": full,
                    "ManageableState": "unmanaged",
                    "Length": each.length,
                }


def _apex(kind: str, prefix: str) -> Callable[[Org], Iterator[Row]]:
    def made(org: Org) -> Iterator[Row]:
        for each in _components(org, kind):
            if not each.path.endswith("xml"):
                yield {
                    "Id": made_id(prefix, each.full_name),
                    "Name": each.full_name,
                    "ApiVersion": 60.0,
                    "Status": "Active",
                    "IsValid": True,
                    "Body": each.xml,
                    "LengthWithoutComments": len(each.xml),
                }

    return made


def _flow_definitions(org: Org) -> Iterator[Row]:
    for each in _components(org, "Flow"):
        root = _parsed(each)
        version = made_id("301", each.full_name)
        yield {
            "Id": made_id("300", each.full_name),
            "DeveloperName": each.full_name,
            "MasterLabel": _text(root, "label"),
            "Description": _text(root, "description")[:255],
            "ActiveVersionId": version if _flow_is_active(org, each) else None,
            "LatestVersionId": version,
        }


def _flows(org: Org) -> Iterator[Row]:
    for each in _components(org, "Flow"):
        root = _parsed(each)
        yield {
            "Id": made_id("301", each.full_name),
            "DefinitionId": made_id("300", each.full_name),
            "MasterLabel": _text(root, "label"),
            "Description": _text(root, "description")[:255],
            "ProcessType": _text(root, "processType"),
            "Status": _flow_status(org, each, _text(root, "status")),
            "VersionNumber": flow_versions.FIRST,
            "ManageableState": "unmanaged",
            "ApiVersion": float(_text(root, "apiVersion") or 60),
        }


def _flow_is_active(org: Org, flow: Component) -> bool:
    with org.storage.lock:
        return flow_versions.is_active(org.storage.connection, flow.full_name)


def _flow_status(org: Org, flow: Component, written: str) -> str:
    if _flow_is_active(org, flow):
        return "Active"
    return "Obsolete" if written == "Active" else written


def _layouts(org: Org) -> Iterator[Row]:
    for each in _components(org, "Layout"):
        sobject, _, name = each.full_name.partition("-")
        yield {
            "Id": made_id("00h", each.full_name),
            "Name": name,
            "TableEnumOrId": made_id("01I", sobject) if sobject.endswith("__c") else sobject,
            "EntityDefinitionId": sobject,
            "LayoutType": "Standard",
            "ManageableState": "unmanaged",
        }


def _validation_rules(org: Org) -> Iterator[Row]:
    for each in _components(org, "CustomObject"):
        root = _parsed(each)
        for rule in root if root is not None else ():
            if rule.tag.rpartition("}")[2] == "validationRules":
                name = _text(rule, "fullName")
                yield {
                    "Id": made_id("03d", f"{each.full_name}.{name}"),
                    "ValidationName": name,
                    "Active": _text(rule, "active") == "true",
                    "Description": _text(rule, "description"),
                    "ErrorDisplayField": _text(rule, "errorDisplayField"),
                    "ErrorMessage": _text(rule, "errorMessage"),
                    "EntityDefinitionId": each.full_name,
                }


_MAKERS: Final[dict[str, Callable[[Org], Iterator[Row]]]] = {
    "ApexClass": _apex("ApexClass", "01p"),
    "ApexTrigger": _apex("ApexTrigger", "01q"),
    "CustomField": _custom_fields,
    "CustomObject": _custom_objects,
    "EntityDefinition": _entities,
    "FieldDefinition": _fields,
    "Flow": _flows,
    "FlowDefinition": _flow_definitions,
    "Layout": _layouts,
    "ValidationRule": _validation_rules,
}
