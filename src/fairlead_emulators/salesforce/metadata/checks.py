"""What components refer to must be in the org: objects and fields, tabs, apps, report types, reports …"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.metadata import store
from fairlead_emulators.salesforce.metadata.markup import Parsed, child_text, children, tag_of
from fairlead_emulators.salesforce.metadata.object_parts import object_named
from fairlead_emulators.salesforce.metadata.objects import BadComponent
from fairlead_emulators.salesforce.model.schema import Schema

REQUIRED: Final = {
    "PermissionSet": ("label",),
    "CustomNotificationType": ("customNotifTypeName", "masterLabel", "desktop", "mobile"),
    "CustomPermission": ("label",),
    "CustomApplication": ("label",),
    "ReportType": ("label", "baseObject"),
    "Flow": ("label",),
    "GlobalValueSet": ("masterLabel",),
    "Queue": ("name",),
}
"""Elements without which a component is refused."""
_IN_PERMISSION_SETS: Final = (
    ("applicationVisibilities", "application", "CustomApplication"),
    ("classAccesses", "apexClass", "ApexClass"),
    ("customPermissions", "name", "CustomPermission"),
    ("recordTypeVisibilities", "recordType", "RecordType"),
    ("tabSettings", "tab", "CustomTab"),
)
_STANDARD: Final = ("standard-", "standard__")


@dataclass(frozen=True, slots=True)
class Org:
    """Where references are looked up."""

    schema: Schema
    connection: sqlite3.Connection

    def need(self, element: Element, parsed: Parsed, field: str, kind: str, name: str) -> None:
        """Refuse a reference to a component that is not deployed; standard ones are taken as there."""
        if not name or name.startswith(_STANDARD):
            return
        if not store.find(self.connection, kind, name):
            raise BadComponent(f"In field: {field} - no {kind} named {name} found", parsed.line(element))


def check(kind: str, full_name: str, parsed: Parsed, schema: Schema, connection: sqlite3.Connection) -> bool:
    """Refuse a component that lacks what it needs; False, as being new is told by what is kept."""
    if tag_of(parsed.root) not in (kind, "ReportFolder", "DashboardFolder", "DocumentFolder"):
        raise BadComponent(f"Error parsing file: Element {tag_of(parsed.root)} invalid at this location in type {kind}")
    if tag_of(parsed.root) == kind:
        for name in REQUIRED.get(kind, ()):
            if not child_text(parsed.root, name):
                raise BadComponent(f"Required field is missing: {name}")
        found = _CHECKS.get(kind)
        if found is not None:
            found(full_name, parsed, Org(schema, connection))
    return False


def _permission_set(_name: str, parsed: Parsed, org: Org) -> None:
    for right in children(parsed.root, "objectPermissions"):
        _located(parsed, right, partial(object_named, org.schema, child_text(right, "object")))
    for right in children(parsed.root, "fieldPermissions"):
        object_name, _, field_name = child_text(right, "field").partition(".")
        _located(parsed, right, partial(_permitted, org.schema, object_name, field_name))
    for tag, part, kind in _IN_PERMISSION_SETS:
        for element in children(parsed.root, tag):
            org.need(element, parsed, part, kind, child_text(element, part))


def _permitted(schema: Schema, object_name: str, field_name: str) -> None:
    found = object_named(schema, object_name).field(field_name)
    if found is None:
        raise BadComponent(f"In field: field - no CustomField named {object_name}.{field_name} found")
    if found.required or found.cascade_delete:
        raise BadComponent(f"You cannot deploy to a required field: {object_name}.{field_name}")


def _located(parsed: Parsed, element: Element, work: Callable[[], object]) -> None:
    try:
        work()
    except BadComponent as error:
        raise BadComponent(str(error), parsed.line(element)) from None


def _layout(full_name: str, parsed: Parsed, org: Org) -> None:
    sobject = object_named(org.schema, full_name.partition("-")[0])
    for element in _named(parsed.root, "layoutItems"):
        name = child_text(element, "field")
        if name and sobject.field(name) is None:
            problem = f"In field: field - no CustomField named {sobject.name}.{name} found"
            raise BadComponent(problem, parsed.line(element))
    for button in children(parsed.root, "customButtons"):
        org.need(button, parsed, "customButtons", "WebLink", f"{sobject.name}.{(button.text or '').strip()}")


def _named(root: Element, name: str) -> Iterator[Element]:
    return (element for element in root.iter() if tag_of(element) == name)


def _tab(full_name: str, parsed: Parsed, org: Org) -> None:
    if child_text(parsed.root, "customObject") == "true":
        object_named(org.schema, full_name)


def _application(_name: str, parsed: Parsed, org: Org) -> None:
    for tab in children(parsed.root, "tabs"):
        name = (tab.text or "").strip()
        org.need(tab, parsed, "tab", "CustomTab", name)


def _report_type(_name: str, parsed: Parsed, org: Org) -> None:
    object_named(org.schema, child_text(parsed.root, "baseObject"), "baseObject")


def _report(_name: str, parsed: Parsed, org: Org) -> None:
    name = child_text(parsed.root, "reportType")
    if not name:
        raise BadComponent("Required field is missing: reportType")
    if name.endswith("__c"):
        org.need(parsed.root, parsed, "reportType", "ReportType", name.removesuffix("__c"))


def _dashboard(_name: str, parsed: Parsed, org: Org) -> None:
    for element in _named(parsed.root, "report"):
        org.need(element, parsed, "report", "Report", (element.text or "").strip())


def _flow_definition(full_name: str, parsed: Parsed, org: Org) -> None:
    """It says which version of a flow is active; 0 is none."""
    version = child_text(parsed.root, "activeVersionNumber")
    if version and not version.isdecimal():
        raise BadComponent(f"activeVersionNumber: '{version}' is not a number")
    org.need(parsed.root, parsed, "fullName", "Flow", full_name)


_CHECKS: Final[dict[str, Callable[[str, Parsed, Org], None]]] = {
    "PermissionSet": _permission_set,
    "Layout": _layout,
    "CustomTab": _tab,
    "CustomApplication": _application,
    "ReportType": _report_type,
    "FlowDefinition": _flow_definition,
    "Report": _report,
    "Dashboard": _dashboard,
}
