"""The describe model of the emulated org: objects and fields as data.

Standard objects are read from `standard/*.toml`; custom objects are added only by deploying metadata.
Field types are Salesforce's own describe types: `string`, `email`, `picklist`, `reference`, `double` …
"""

import tomllib
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as declared
from functools import cache
from importlib import resources
from typing import Any, Final

Json = dict[str, Any]

#: How a value of each describe type is kept in SQLite. Booleans are 0/1; dates are `YYYY-MM-DD`;
#: date-times are `YYYY-MM-DDTHH:MM:SS.mmmZ` in UTC, so that text order is time order. Ids have 18 characters.
#: Text columns are declared COLLATE NOCASE (but for ids and case-sensitive fields), so `=` needs no LOWER().
SQL_TYPES: Final = {
    "boolean": "INTEGER",
    "int": "INTEGER",
    "double": "REAL",
    "currency": "REAL",
    "percent": "REAL",
}

SOAP_TYPES: Final = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "id": "tns:ID",
    "reference": "tns:ID",
}

TEXT_LENGTHS: Final = {"email": 80, "phone": 40, "url": 255, "picklist": 255, "id": 18, "reference": 18}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, as describe tells it. `length` counts characters; 0 means not a text."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    default: Any = None
    calculated: bool = False
    auto_number: bool = False
    custom: bool = False
    precision: int = 0
    scale: int = 0
    cascade_delete: bool = False
    child_relationship_name: str | None = None
    display_format: str | None = None
    formula: str | None = None
    track_history: bool = False
    expression: str | None = None
    """SQL that gives the value of a calculated field from the row's other columns."""

    @property
    def sql_type(self) -> str:
        """The SQLite column type; case does not matter in texts, as in SOQL."""
        if self.type in SQL_TYPES:
            return SQL_TYPES[self.type]
        exact = self.case_sensitive or self.type in ("id", "reference", "date", "datetime")
        return "TEXT" if exact else "TEXT COLLATE NOCASE"

    @property
    def required(self) -> bool:
        """Must be given on create: neither nillable nor filled by the platform."""
        return self.createable and not self.nillable and self.default is None and self.type != "boolean"


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """Seen from the parent: `child_object.field` points here and is queried as `name`."""

    child_object: str
    field: str
    name: str | None
    cascade_delete: bool = False


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """What refuses a record: `expression` is the formula as SQL over the record's own row, true when it is refused.

    `field` is where the message shows, "" for the top of the page.
    """

    name: str
    active: bool
    formula: str
    message: str
    field: str = ""
    expression: str = ""


@dataclass(slots=True)
class SObject:
    """One object. `fields` is keyed by the lower-case field name, in describe order."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    custom: bool = False
    fields: dict[str, Field] = field(default_factory=dict)
    child_relationships: list[ChildRelationship] = field(default_factory=list)
    storage_kb: int = 2
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    name_field: str = "Name"
    sharing_model: str = "ReadWrite"
    """Who sees and edits records that belong to others: `Private`, `Read`, `ReadWrite`, `ControlledByParent`."""
    validation_rules: list[ValidationRule] = field(default_factory=list)

    def field(self, name: str) -> Field | None:
        """The field with that API name, in any case; None when there is none."""
        return self.fields.get(name.lower())

    @property
    def is_person(self) -> bool:
        """Whether its name is made of a first and a last name of its own."""
        last = self.field("LastName")
        return last is not None and last.createable and self.name != "Account"

    def by_relationship(self, name: str) -> Field | None:
        """The lookup field whose parent relationship has that name (`Account`, `List__r`), in any case."""
        wanted = name.lower()
        return next(
            (f for f in self.fields.values() if f.relationship_name and f.relationship_name.lower() == wanted),
            None,
        )

    def child(self, name: str) -> ChildRelationship | None:
        """The child relationship with that name, in any case."""
        wanted = name.lower()
        return next((c for c in self.child_relationships if c.name and c.name.lower() == wanted), None)

    def add_field(self, new: Field) -> None:
        """Adds or replaces a field."""
        self.fields[new.name.lower()] = new


@dataclass(slots=True)
class Schema:
    """All objects of the org, keyed by lower-case name."""

    objects: dict[str, SObject] = field(default_factory=dict)
    person_accounts: bool = False

    def object(self, name: str) -> SObject | None:
        """The object with that API name, in any case; None when there is none."""
        return self.objects.get(name.lower())

    def by_prefix(self, record_id: str) -> SObject | None:
        """The object whose key prefix starts that id; prefixes are case-sensitive."""
        return next((o for o in self.objects.values() if o.key_prefix == record_id[:3]), None)

    def add(self, new: SObject) -> None:
        """Adds or replaces an object, then renews the child relationships of every parent."""
        self.objects[new.name.lower()] = new
        self.relate()

    def relate(self) -> None:
        """Works out `child_relationships` of every object from the reference fields of all objects."""
        for parent in self.objects.values():
            parent.child_relationships = []
        for child in self.objects.values():
            for f in child.fields.values():
                for target in f.reference_to:
                    parent_object = self.object(target)
                    if parent_object is not None:
                        parent_object.child_relationships.append(
                            ChildRelationship(child.name, f.name, f.child_relationship_name, f.cascade_delete)
                        )

    def next_custom_prefix(self) -> str:
        """A key prefix for a new custom object: `a00`, `a01` … in order of deployment."""
        used = {o.key_prefix for o in self.objects.values()}
        for number in range(36 * 36):
            high, low = divmod(number, 36)
            prefix = "a" + _BASE36[high] + _BASE36[low]
            if prefix not in used:
                return prefix
        raise ValueError(f"No key prefix is left: {len(used)} objects exist; reset the emulator")

    def to_json(self) -> Json:
        """Plain data that `from_json` reads back."""
        objects = [_object_json(o) for o in self.objects.values()]
        return {"objects": objects, "person_accounts": self.person_accounts}

    @classmethod
    def from_json(cls, data: Json) -> "Schema":
        """The schema that `to_json` wrote."""
        schema = cls({str(o["name"]).lower(): _object_from(o) for o in data["objects"]})
        schema.person_accounts = bool(data.get("person_accounts"))
        schema.relate()
        return schema


_FIELD_DEFAULTS: Final = tuple((f.name, f.default) for f in declared(Field))
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TUPLES = ("reference_to", "picklist")


def _object_json(o: SObject) -> Json:
    data = asdict(replace(o, fields={}, child_relationships=[]))
    data["fields"] = [_field_json(f) for f in o.fields.values()]
    del data["child_relationships"]
    return data


def _field_json(f: Field) -> Json:
    """What differs from a field's defaults."""
    return {name: value for name, usual in _FIELD_DEFAULTS if (value := getattr(f, name)) != usual}


def field_from(data: Json) -> Field:
    """A Field from plain data (TOML or JSON); text lengths get the platform's defaults."""
    values = dict(data)
    for key in _TUPLES:
        values[key] = tuple(values.get(key, ()))
    values.setdefault("label", values["name"])
    if not values.get("length"):
        values["length"] = TEXT_LENGTHS.get(values["type"], 0)
    return Field(**values)


def _object_from(data: Json) -> SObject:
    values = dict(data)
    fields = [field_from(f) for f in values.pop("fields")]
    values["validation_rules"] = [ValidationRule(**each) for each in values.get("validation_rules", ())]
    return SObject(**values, fields={f.name.lower(): f for f in fields})


def system_fields(*, owner: bool = True) -> list[Field]:
    """The fields that the platform keeps on every record; `owner` is False on detail objects."""

    def kept(name: str, kind: str, label: str, **more: Any) -> Field:
        fixed = {"nillable": False, "createable": False, "updateable": False}
        return field_from({"name": name, "type": kind, "label": label} | fixed | more)

    user = {"reference_to": ("User",)}
    fields = [
        kept("Id", "id", "Record ID", id_lookup=True, default=""),
        kept("IsDeleted", "boolean", "Deleted", default=False),
        kept("CreatedDate", "datetime", "Created Date", default=""),
        kept("CreatedById", "reference", "Created By ID", default="", relationship_name="CreatedBy", **user),
        kept("LastModifiedDate", "datetime", "Last Modified Date", default=""),
        kept(
            "LastModifiedById",
            "reference",
            "Last Modified By ID",
            default="",
            relationship_name="LastModifiedBy",
            **user,
        ),
        kept("SystemModstamp", "datetime", "System Modstamp", default=""),
    ]
    if owner:
        owned = {"name": "OwnerId", "type": "reference", "nillable": False, "relationship_name": "Owner"}
        fields.insert(1, field_from(owned | {"label": "Owner ID", "default": ""} | user))
    return fields


@cache
def _standard_objects() -> tuple[SObject, ...]:
    """The standard objects as the files describe them. `[[more]]` adds fields to objects of other files."""
    folder = resources.files(__package__) / "standard"
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)
    files = [tomllib.loads(e.read_text(encoding="utf-8")) for e in entries]
    objects: dict[str, SObject] = {}
    for data in (each for described in files for each in described.get("objects", ())):
        if data["name"].lower() in objects:
            raise ValueError(f"{data['name']} is described twice: add fields by [[more]]")
        owner = data.pop("owner", False)
        fields = system_fields(owner=owner) + [field_from(f) for f in data.pop("fields")]
        objects[data["name"].lower()] = SObject(**data, fields={f.name.lower(): f for f in fields})
    for more in (each for described in files for each in described.get("more", ())):
        known = objects[more["name"].lower()].fields
        for f in map(field_from, more["fields"]):
            known.setdefault(f.name.lower(), f)
    return tuple(objects.values())


def standard_schema() -> Schema:
    """A fresh schema with the standard objects only."""
    fresh = [
        replace(o, fields=dict(o.fields), child_relationships=[], validation_rules=[]) for o in _standard_objects()
    ]
    schema = Schema({o.name.lower(): o for o in fresh})
    schema.relate()
    return schema
