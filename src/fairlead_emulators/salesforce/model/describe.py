"""Describe: what the org tells about its objects and fields."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.compounds import compound_of
from fairlead_emulators.salesforce.model.schema import SOAP_TYPES, Field, Schema, SObject
from fairlead_emulators.salesforce.model.uses import aggregatable, filterable, groupable, sortable

fact("describe_fields")
fact("describe_global")

_TEXT_BYTES: Final = 3  # describe counts up to three bytes a character
_TEXTS: Final = frozenset({"string", "email", "phone", "url", "textarea", "picklist", "multipicklist"})


def describe_field(sobject: SObject, f: Field) -> dict[str, Any]:
    """One item of `fields`."""
    texts = f.type in _TEXTS
    return {
        "aggregatable": aggregatable(f),
        "aiPredictionField": False,
        "autoNumber": f.auto_number,
        "byteLength": f.length * _TEXT_BYTES if texts else f.length,
        "calculated": f.calculated,
        "calculatedFormula": f.formula,
        "cascadeDelete": f.cascade_delete,
        "caseSensitive": f.case_sensitive,
        "compoundFieldName": compound_of(sobject, f.name),
        "controllerName": None,
        "createable": f.createable,
        "custom": f.custom,
        "defaultValue": f.default if f.default != "" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": f.default is not None or f.type == "boolean",
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": f.precision if f.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": f.external_id,
        "extraTypeInfo": "plaintextarea" if f.type == "textarea" else None,
        "filterable": filterable(f),
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": groupable(f),
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": f.id_lookup or f.external_id,
        "inlineHelpText": None,
        "label": f.label,
        "length": f.length,
        "mask": None,
        "maskType": None,
        "name": f.name,
        "nameField": f.name == sobject.name_field,
        "namePointing": f.type == "reference" and len(f.reference_to) > 1,
        "nillable": f.nillable,
        "permissionable": f.createable and f.nillable,
        "picklistValues": [
            {"active": True, "defaultValue": value == f.default, "label": value, "validFor": None, "value": value}
            for value in f.picklist
        ],
        "polymorphicForeignKey": f.type == "reference" and len(f.reference_to) > 1,
        "precision": f.precision,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(f.reference_to),
        "relationshipName": f.relationship_name,
        "relationshipOrder": 0 if f.cascade_delete else None,
        "restrictedDelete": False,
        "restrictedPicklist": f.restricted,
        "scale": f.scale,
        "searchPrefilterable": f.type == "reference",
        "soapType": SOAP_TYPES.get(f.type, "xsd:string"),
        "sortable": sortable(f),
        "type": f.type,
        "unique": f.unique,
        "updateable": f.updateable,
        "writeRequiresMasterRead": False,
    }


def summary(sobject: SObject, root: str) -> dict[str, Any]:
    """One item of describeGlobal's `sobjects`."""
    path = f"{root}/sobjects/{sobject.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable,
        "custom": sobject.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": True,
        "mergeable": sobject.name in ("Account", "Contact", "Lead"),
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": sobject.deletable,
        "updateable": sobject.updateable,
        "urls": {
            "sobject": path,
            "describe": f"{path}/describe",
            "rowTemplate": f"{path}/{{ID}}",
        },
    }


def describe(sobject: SObject, root: str, record_types: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The answer of `/sobjects/X/describe`; `record_types` are the items of `recordTypeInfos`."""
    return summary(sobject, root) | {
        "actionOverrides": [],
        "childRelationships": [
            {
                "cascadeDelete": child.cascade_delete,
                "childSObject": child.child_object,
                "deprecatedAndHidden": False,
                "field": child.field,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": child.name,
                "restrictedDelete": False,
            }
            for child in sobject.child_relationships
        ],
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(sobject, f) for f in sobject.fields.values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": list(record_types),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": _scopes(sobject),
    }


def _scopes(sobject: SObject) -> list[dict[str, str]]:
    """What USING SCOPE may name."""
    mine = [{"label": f"My {sobject.label_plural}", "name": "mine"}] if sobject.field("OwnerId") else []
    return [{"label": f"All {sobject.label_plural}", "name": "everything"}, *mine]


def describe_global(schema: Schema, root: str) -> dict[str, Any]:
    """The answer of `/sobjects`."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(o, root) for o in sorted(schema.objects.values(), key=lambda o: o.name)],
    }
