"""The describe model of the Tooling API."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject, field_from, system_fields

fact("tooling_objects")

_LENGTHS = {"string": 255}
_UNSTAMPED = frozenset({"Id"})
_LONG = frozenset({"Body", "Description", "ErrorMessage"})


@cache
def tooling_schema() -> Schema:
    """All objects of the Tooling API that this org serves."""
    schema = Schema()
    text = (resources.files(__package__) / "objects.toml").read_text(encoding="utf-8")
    for data in tomllib.loads(text)["objects"]:
        stamped = data.get("stamped", False)
        fields = [f for f in system_fields(owner=False) if _kept(f, stamped=stamped)]
        fields += [_field(each) for each in data["fields"]]
        names = {f.name for f in fields}
        schema.objects[data["name"].lower()] = SObject(
            data["name"],
            data["name"],
            data["name"],
            data["key_prefix"],
            fields={f.name.lower(): f for f in fields},
            storage_kb=0,
            createable=False,
            updateable=False,
            deletable=False,
            name_field=next(n for n in ("Name", "DeveloperName", "MasterLabel", "Id") if n in names),
        )
    schema.relate()
    return schema


def _kept(field: Field, *, stamped: bool) -> bool:
    return field.name in _UNSTAMPED or (stamped and field.type == "datetime")


def _field(text: str) -> Field:
    """`Name:type`, or `ParentId:Parent:Children` for a look-up."""
    name, kind, *children = text.split(":")
    values: dict[str, Any] = {"name": name, "createable": False, "updateable": False}
    if children:
        relation = {"reference_to": [kind], "relationship_name": name.removesuffix("Id")}
        return field_from(values | relation | {"type": "reference", "child_relationship_name": children[0] or None})
    long = {"type": "textarea", "length": 1_000_000} if name in _LONG and name != "Description" else {}
    return field_from(values | {"type": kind, "length": _LENGTHS.get(kind, 0)} | long)
