"""Report types: which object a report reads, and what its columns are called."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.package import deployed
from fairlead_emulators.salesforce.model.schema import Schema, SObject
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables import columns
from fairlead_emulators.salesforce.tables.columns import Column, NoColumn

fact("report_types")
fact("report_column_names")

_STANDARD: Final = {
    "AccountList": ("Account", "Accounts"),
    "ContactList": ("Contact", "Contacts & Accounts"),
    "LeadList": ("Lead", "Leads"),
    "CampaignList": ("Campaign", "Campaigns"),
    "CampaignMember": ("CampaignMember", "Campaigns with Campaign Members"),
    "User": ("User", "Users"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A part of a report type: `Contact.CM_Members__r`, and the path to its object from the one that is read."""

    name: str
    sobject: SObject
    path: str
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportType:
    """What a report can show. The last table is the object that is read; `where` is what its rows must have."""

    name: str
    label: str
    schema: Schema
    tables: tuple[Table, ...]
    where: tuple[str, ...] = ()
    custom: bool = False
    _kept: dict[str, Column] = field(default_factory=dict, compare=False)

    @property
    def sobject(self) -> SObject:
        """The object whose records are the report's rows."""
        return self.tables[-1].sobject

    def column(self, name: str) -> Column:
        """The column of that name. Raises ApiError 400."""
        if name not in self._kept:
            self._kept[name] = self._found(name)
        return self._kept[name]

    def _found(self, name: str) -> Column:
        plain = name.replace("$", ".")
        for table in sorted(self.tables, key=lambda each: -len(each.name)):
            if plain.lower().startswith(table.name.lower() + ".") or len(self.tables) == 1:
                own = plain[len(table.name) + 1 :] if plain.lower().startswith(table.name.lower() + ".") else plain
                try:
                    found = columns.column(self.schema, table.sobject, own)
                except NoColumn:
                    continue
                under = f"{table.path}." if table.path else ""
                return Column(under + found.path, found.field, under + found.shown, found.shown_field)
        raise ApiError(400, "INVALID_REPORT_METADATA", f"The column {name} is not part of the report type {self.name}")


def report_type(org: Org, name: str) -> ReportType:
    """The report type of that API name. Raises ApiError 400."""
    schema = org.storage.schema
    if name in _STANDARD:
        sobject, label = _STANDARD[name]
        table = schema.object(sobject)
        if table is not None:
            return ReportType(name, label, schema, (Table(table.name, table, "", _visible(table)),))
    for full_name, root in _deployed(org):
        if full_name == name.removesuffix("__c"):
            return _from_xml(schema, full_name, root)
    raise ApiError(400, "INVALID_REPORT_METADATA", f"The report type {name} is not available in this org")


def _visible(sobject: SObject) -> tuple[str, ...]:
    return tuple(each.name for each in sobject.fields.values() if each.type != "location")


def report_types(org: Org) -> list[tuple[str, str]]:
    """Name and label of all report types."""
    found = [(name, label) for name, (_, label) in _STANDARD.items()]
    return found + [(f"{name}__c", _text(root, "label") or name) for name, root in _deployed(org)]


def _deployed(org: Org) -> Iterator[tuple[str, Element]]:
    with org.storage.lock:
        components = deployed(org.storage.connection)
    for component in components:
        if component.type == "ReportType":
            yield component.full_name, fromstring(component.xml)


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _text(element: Element, name: str) -> str:
    return next(((child.text or "").strip() for child in _children(element, name)), "")


def _from_xml(schema: Schema, name: str, root: Element) -> ReportType:
    base = schema.object(_text(root, "baseObject"))
    if base is None:
        message = f"The report type {name} is about an object that the org lacks: {_text(root, 'baseObject')}"
        raise ApiError(400, "INVALID_REPORT_METADATA", message)
    chain = [(base.name, base, "")]
    where: list[str] = []
    join = next(iter(_children(root, "join")), None)
    while join is not None:
        relation = chain[-1][1].child(_text(join, "relationship"))
        child = schema.object(relation.child_object) if relation else None
        lookup = child.field(relation.field) if child and relation else None
        if relation is None or child is None or lookup is None or not lookup.relationship_name:
            message = f"The report type {name} joins by an unknown relationship: {_text(join, 'relationship')}"
            raise ApiError(400, "INVALID_REPORT_METADATA", message)
        step = lookup.relationship_name
        chain = [(table, sobject, f"{step}.{path}" if path else step) for table, sobject, path in chain]
        chain.append((f"{chain[-1][0]}.{relation.name}", child, ""))
        where.append(f"{lookup.name} != null")
        join = next(iter(_children(join, "join")), None)
    listed: dict[str, list[str]] = {}
    for section in _children(root, "sections"):
        for each in _children(section, "columns"):
            listed.setdefault(_text(each, "table"), []).append(_text(each, "field"))
    tables = tuple(Table(table, sobject, path, tuple(listed.get(table, ()))) for table, sobject, path in chain)
    return ReportType(f"{name}__c", _text(root, "label") or name, schema, tables, tuple(where[-1:]), custom=True)
