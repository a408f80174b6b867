"""Puts a managed package's objects and fields into the org, as if its vendor had installed it: nothing else of it runs."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject, field_from, system_fields
from fairlead_emulators.salesforce.state.org import Org

fact("old_package_schema")
fact("old_package_namespace")
fact("old_package_texts")

NAMES: Final = ("wbsendit",)


def install(org: Org, name: str) -> None:
    """The package's objects and fields. Raises LookupError for a package that is not known."""
    if name not in NAMES:
        raise LookupError(f"no package is called {name!r}: use one of {NAMES}")
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    schema, prefix = org.storage.whole, f"{told['prefix']}__"
    for own, each in told["objects"].items():
        schema.add(_object(schema, prefix, own, each))
    for sobject, fields in told["fields"].items():
        target = schema.object(sobject)
        if target is None:
            raise LookupError(f"the org has no object {sobject!r}")
        for one in _fields(prefix, fields):
            target.add_field(one)
    schema.relate()
    org.storage.schema_changed()


def _object(schema: Schema, prefix: str, own: str, told: Mapping[str, Any]) -> SObject:
    name = {"name": "Name", "type": "string", "label": told["label"], "length": 80, "id_lookup": True}
    if number := told.get("number"):
        name |= {"auto_number": True, "createable": False, "updateable": False, "display_format": number}
    fields = [*system_fields(), field_from(name), *_fields(prefix, told["fields"])]
    label = told["label"]
    made = SObject(prefix + own, label, f"{label}s", schema.next_custom_prefix(), True)
    made.fields = {one.name.lower(): one for one in fields}
    return made


def _fields(prefix: str, told: Mapping[str, str]) -> Iterator[Field]:
    for own, text in told.items():
        kind, _, rest = text.partition(" ")
        values: dict[str, Any] = {"name": prefix + own, "label": own.removesuffix("__c").replace("_", " ")}
        values |= {"custom": True} | _of_kind(prefix, own, kind, rest)
        yield field_from(values)


def _of_kind(prefix: str, own: str, kind: str, rest: str) -> dict[str, Any]:
    if kind in ("picklist", "multipicklist"):
        return {"type": kind, "picklist": tuple(rest.split("|")), "length": 255}
    if kind in ("lookup", "detail"):
        target, children = rest.split(" ")
        target = prefix + target[1:] if target.startswith("~") else target
        return {
            "type": "reference",
            "reference_to": (target,),
            "relationship_name": prefix + own.removesuffix("__c") + "__r",
            "child_relationship_name": f"{prefix}{children}__r",
            "cascade_delete": kind == "detail",
            "nillable": kind == "lookup",
        }
    if kind == "boolean":
        return {"type": kind, "default": False, "nillable": False}
    words = rest.split(" ")
    values: dict[str, Any] = {"type": kind, "length": int(words[0]) if words[0].isdecimal() else 0}
    values |= {"nillable": "required" not in words, "unique": "unique" in words}
    values |= {"external_id": "key" in words, "id_lookup": "key" in words}
    if kind == "double":
        values |= {"precision": 18, "scale": 0}
    if kind == "url":
        values["length"] = 255
    return values
