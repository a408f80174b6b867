"""Avro schemas of topics, made from the describe model; the bitmaps of changed fields."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.compounds import ADDRESS_PARTS, NAME_PARTS
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject

fact("change_header")
fact("change_compounds")

_TEXTS: Final = {"type": "array", "items": "string"}
_LIMIT_TO_AVRO: Final = {
    "boolean": "boolean",
    "int": "int",
    "double": "double",
    "currency": "double",
    "percent": "double",
}
_ADDRESSES: Final = ("Mailing", "Other", "Billing", "Shipping", "")
_HEADER_KINDS: Final = {"recordIds": _TEXTS, "sequenceNumber": "int", "commitTimestamp": "long", "commitNumber": "long"}
HEADER: Final = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": name, "type": _HEADER_KINDS.get(name, "string")}
        for name in (
            *("entityName", "recordIds", "changeType", "changeOrigin", "transactionKey"),
            *("sequenceNumber", "commitTimestamp", "commitNumber", "commitUser"),
        )
    ]
    + [{"name": name, "type": _TEXTS} for name in ("nulledFields", "diffFields", "changedFields")],
}


@dataclass(frozen=True)
class Shape:
    """The schema of one topic. `paths`: where each API field lies, such as LastName → ("Name", "LastName")."""

    schema: dict[str, Any]
    paths: Mapping[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        """The schema as JSON."""
        return json.dumps(self.schema)

    @property
    def identity(self) -> str:
        """The schema id: a hash of the schema."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:22]

    def nested(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """API fields laid into their compounds."""
        body: dict[str, Any] = {}
        for name, value in values.items():
            path = self.paths.get(name)
            if path is None:
                continue
            inner = body
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = value
        return body

    def bitmaps(self, names: Iterable[str]) -> list[str]:
        """The hex bitmaps of API fields: the top level first, then `position-0x…` for each compound."""
        own: dict[tuple[str, ...], int] = {}
        for name in names:
            if name not in self.paths:
                continue
            path = self.paths[name]
            own[path[:-1]] = own.get(path[:-1], 0) | 1 << _position(self.schema, path)
        found = [_hex(own.pop(()))] if () in own else []
        return found + [f"{_position(self.schema, path)}-{_hex(bits)}" for path, bits in sorted(own.items())]


def _hex(bits: int) -> str:
    digits = f"{bits:X}"
    return "0x" + digits.zfill(len(digits) + len(digits) % 2)


def _record_of(schema: Any) -> Any:
    if isinstance(schema, list):
        return next(each for each in schema if each != "null")
    return schema


def _position(schema: Mapping[str, Any], path: tuple[str, ...]) -> int:
    fields = _record_of(schema)["fields"]
    place = next(i for i, each in enumerate(fields) if each["name"] == path[0])
    return place if len(path) == 1 else _position(fields[place]["type"], path[1:])


def _optional(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", kind], "default": None}


def _plain(field: Field) -> Any:
    return "long" if field.type == "datetime" else _LIMIT_TO_AVRO.get(field.type, "string")


def _compounds(sobject: SObject) -> dict[str, tuple[str, str]]:
    """API field → (compound, part)."""
    found: dict[str, tuple[str, str]] = {}
    if sobject.is_person:
        found |= {part: ("Name", part) for part in NAME_PARTS if sobject.field(part)}
    for prefix in _ADDRESSES:
        parts = [part for part in ADDRESS_PARTS if sobject.field(prefix + part)]
        if "Street" in parts:
            found |= {prefix + part: (f"{prefix}Address", part) for part in parts}
    return found


def change_shape(sobject: SObject) -> Shape:
    """The schema of an object's change events."""
    compounds = _compounds(sobject)
    paths: dict[str, tuple[str, ...]] = {}
    fields: list[dict[str, Any]] = [{"name": "ChangeEventHeader", "type": HEADER}]
    records: dict[str, list[dict[str, Any]]] = {}
    whole = {compound for compound, _ in compounds.values()}
    for field in sobject.fields.values():
        if field.name in ("Id", "IsDeleted", "SystemModstamp") or field.name in whole or field.calculated:
            continue
        if field.name in compounds:
            compound, part = compounds[field.name]
            if compound not in records:
                records[compound] = []
                kind = {"type": "record", "name": f"{sobject.name}{compound}", "fields": records[compound]}
                fields.append(_optional(compound, kind))
            records[compound].append(_optional(part, _plain(field)))
            paths[field.name] = (compound, part)
        else:
            fields.append(_optional(field.name, _plain(field)))
            paths[field.name] = (field.name,)
    return Shape(_record(change_name(sobject.name), fields), paths)


def event_shape(sobject: SObject) -> Shape:
    """The schema of a platform event."""
    own = [f for f in sobject.fields.values() if f.custom or f.name.endswith("__c")]
    fields: list[dict[str, Any]] = [{"name": "CreatedDate", "type": "long"}, {"name": "CreatedById", "type": "string"}]
    fields += [_optional(f.name, _plain(f)) for f in own]
    names = ["CreatedDate", "CreatedById", *(f.name for f in own)]
    return Shape(_record(sobject.name, fields), {name: (name,) for name in names})


def _record(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "com.sforce.eventbus", "fields": fields}


def change_name(object_name: str) -> str:
    """`Contact` → `ContactChangeEvent`, `X__c` → `X__ChangeEvent`."""
    return f"{object_name[:-1]}ChangeEvent" if object_name.endswith("__c") else f"{object_name}ChangeEvent"


def shape_of(sobject: SObject) -> Shape:
    """The schema of the events that an object gives."""
    return event_shape(sobject) if sobject.name.endswith("__e") else change_shape(sobject)


def objects_of(
    schema: Schema, topic: str, channels: Mapping[str, Iterable[str]] = MappingProxyType({})
) -> list[SObject] | None:
    """The objects whose events a topic carries; None for an unknown topic. Names are case-sensitive.

    `channels` are custom ones: `{"Sales__chn": ["Account", "Contact"]}`, asked for as `/data/Sales__chn`.
    """
    if topic == "/data/ChangeEvents":
        return [o for o in schema.objects.values() if not o.name.endswith("__e")]
    folder, _, name = topic.removeprefix("/").partition("/")
    if name.endswith("__chn") and name in channels:
        found = [o for each in channels[name] if (o := schema.object(each)) is not None]
        kept = [o for o in found if o.name.endswith("__e") == (folder == "event")]
        return kept if folder in ("data", "event") and kept else None
    for sobject in schema.objects.values():
        is_event = sobject.name.endswith("__e")
        if topic == (f"/event/{sobject.name}" if is_event else f"/data/{change_name(sobject.name)}"):
            return [sobject]
    return None
