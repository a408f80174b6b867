"""Metadata deployments: a Metadata API zip is read into components, and objects and fields are applied to the org.

Other components (permission sets, layouts, tabs, apps …) are checked for what they refer to and kept as deployed.
"""

import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.objects import BadComponent, apply_field, apply_object, child_text
from fairlead_emulators.salesforce.model.schema import Schema, SObject

fact("metadata_zip")
fact("metadata_components")

MAX_FILES: Final = 10_000
MAX_UNPACKED: Final = 600 * 1024 * 1024

FOLDERS: Final = {
    "objects": "CustomObject",
    "layouts": "Layout",
    "tabs": "CustomTab",
    "applications": "CustomApplication",
    "permissionsets": "PermissionSet",
    "customPermissions": "CustomPermission",
    "notificationtypes": "CustomNotificationType",
    "flows": "Flow",
    "reports": "Report",
    "reportTypes": "ReportType",
    "dashboards": "Dashboard",
    "flexipages": "FlexiPage",
    "lwc": "LightningComponentBundle",
    "classes": "ApexClass",
    "remoteSiteSettings": "RemoteSiteSetting",
    "quickActions": "QuickAction",
    "labels": "CustomLabels",
    "staticresources": "StaticResource",
    "namedCredentials": "NamedCredential",
    "externalCredentials": "ExternalCredential",
}
"""Folders of a package, in the order in which their components are applied."""


class BadPackage(ValueError):
    """The zip cannot be read as a package; the text says why."""


@dataclass(frozen=True, slots=True)
class Component:
    """One file of a package."""

    type: str
    full_name: str
    path: str
    xml: str


@dataclass(frozen=True, slots=True)
class Package:
    """What a zip holds."""

    components: list[Component]


@dataclass(frozen=True, slots=True)
class ComponentResult:
    """What became of one component."""

    component_type: str
    full_name: str
    file_name: str
    created: bool = False
    changed: bool = True
    problem: str | None = None
    problem_type: str | None = None
    line_number: int | None = None


@dataclass(slots=True)
class DeployResult:
    """Component by component, what was applied and what was not."""

    successes: list[ComponentResult] = field(default_factory=list)
    failures: list[ComponentResult] = field(default_factory=list)


def read_package(data: bytes) -> Package:
    """The components of a zip in Metadata API format. Raises BadPackage."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise BadPackage("The package is not a zip file") from error
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MAX_FILES:
        raise BadPackage(f"The package has {len(files)} files; at most {MAX_FILES} are allowed")
    if sum(info.file_size for info in files) > MAX_UNPACKED:
        raise BadPackage(f"The package is larger than {MAX_UNPACKED} bytes when it is unpacked")
    paths = {info.filename: info for info in files}
    deletions = next((path for path in paths if path.rpartition("/")[2].startswith("destructiveChanges")), None)
    if deletions is not None:
        raise BadPackage(f"{deletions}: this org does not delete components; reset it to begin anew")
    manifest = next((path for path in paths if path.rpartition("/")[2] == "package.xml"), None)
    if manifest is None:
        raise BadPackage("No package.xml found")
    root = manifest.removesuffix("package.xml")
    try:
        found = [
            _component(path.removeprefix(root), archive.read(info)) for path, info in paths.items() if path != manifest
        ]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise BadPackage(f"The package cannot be unpacked: {error}") from error
    order = list(FOLDERS.values())
    return Package(sorted((c for c in found if c is not None), key=lambda c: (order.index(c.type), c.full_name)))


def _component(path: str, content: bytes) -> Component | None:
    folder, _, name = path.partition("/")
    if name and folder not in FOLDERS:
        raise BadPackage(f"{path}: this org does not serve components of the folder {folder!r}")
    if not name or (name.endswith("-meta.xml") and folder not in {"lwc", "staticresources"}):
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""  # an asset: kept by name
    stem = name.rpartition(".")[0] or name
    return Component(FOLDERS[folder], stem, path, text)


def apply(package: Package, schema: Schema, connection: sqlite3.Connection) -> DeployResult:
    """Apply the components to the describe model and keep them; the caller's transaction decides whether they stay."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS emulator_components "
        "(type TEXT, full_name TEXT, path TEXT, xml TEXT, PRIMARY KEY (type, full_name, path)) WITHOUT ROWID"
    )
    result = DeployResult()
    parts = [(component, *part) for component in package.components for part in _parts(component, schema)]
    # Objects, fields, formulas: what refers to others comes after them.
    for component, name, kind, work, _ in sorted(parts, key=lambda part: part[4]):
        try:
            created = work()
        except BadComponent as error:
            result.failures.append(
                ComponentResult(kind, name, component.path, changed=False, problem=str(error), problem_type="Error")
            )
        else:
            result.successes.append(ComponentResult(kind, name, component.path, created=created))
    refused = {(one.component_type, one.full_name) for one in result.failures}
    kept = [one for one in package.components if (one.type, one.full_name) not in refused]
    connection.executemany(
        "INSERT OR REPLACE INTO emulator_components VALUES (?, ?, ?, ?)",
        [(one.type, one.full_name, one.path, one.xml) for one in kept],
    )
    schema.relate()
    _keep_permission_sets(kept, connection)
    return result


def deployed(connection: sqlite3.Connection) -> list[Component]:
    """Everything that was deployed, by type and name."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'emulator_components'").fetchone()
    if found is None:
        return []
    rows = connection.execute("SELECT type, full_name, path, xml FROM emulator_components ORDER BY type, full_name")
    return [Component(*row) for row in rows]


Part = tuple[str, str, Callable[[], bool], int]
_OBJECT, _FIELD, _FORMULA, _REST = range(4)


def _parts(component: Component, schema: Schema) -> Iterator[Part]:
    """A component as parts that succeed or fail on their own: an object's fields are components too."""
    if component.type in {"LightningComponentBundle", "StaticResource", "ApexClass"} and not component.path.endswith(
        "xml"
    ):
        yield component.full_name, component.type, lambda: True, _REST
        return
    try:
        root = fromstring(component.xml)
    except (ParseError, DefusedXmlException) as error:
        problem = f"Error parsing file: {error}"
        yield component.full_name, component.type, lambda: _refuse(problem), _OBJECT
        return
    if component.type != "CustomObject":
        yield component.full_name, component.type, lambda: _checked(component, root, schema), _REST
        return
    if child_text(root, "label") or schema.object(component.full_name) is None:
        yield component.full_name, "CustomObject", lambda: apply_object(schema, component.full_name, root), _OBJECT
    seen: set[str] = set()
    for element in root:
        if _tag(element) == "fields":
            name = f"{component.full_name}.{child_text(element, 'fullName')}"
            if name.lower() in seen:
                problem = f"Duplicate field: {name} stands twice in {component.path}"
                yield name, "CustomField", partial(_refuse, problem), _FIELD
                continue
            seen.add(name.lower())
            rank = _FORMULA if child_text(element, "formula") else _FIELD
            yield name, "CustomField", partial(apply_field, schema, component.full_name, element), rank
        elif _tag(element) == "listViews":
            name = f"{component.full_name}.{child_text(element, 'fullName')}"
            yield name, "ListView", partial(_list_view, schema, component.full_name, element), _REST


def _refuse(problem: str) -> bool:
    raise BadComponent(problem)


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _checked(component: Component, root: Element, schema: Schema) -> bool:
    """Refuse references to objects and fields that the org does not have."""
    if component.type == "PermissionSet":
        _check_permission_set(root, schema)
    elif component.type == "CustomTab" and child_text(root, "customObject") == "true":
        _object(schema, component.full_name)
    elif component.type == "Layout":
        _check_layout(component.full_name, root, schema)
    return True


def _check_permission_set(root: Element, schema: Schema) -> None:
    if not child_text(root, "label"):
        raise BadComponent("Required field is missing: label")
    for element in root:
        if _tag(element) == "objectPermissions":
            _object(schema, child_text(element, "object"))
        elif _tag(element) == "fieldPermissions":
            object_name, _, field_name = child_text(element, "field").partition(".")
            found = _object(schema, object_name).field(field_name)
            if found is None:
                raise BadComponent(f"In field: field - no CustomField named {object_name}.{field_name} found")
            if found.required:
                raise BadComponent(f"You cannot deploy to a required field: {object_name}.{field_name}")


def _check_layout(full_name: str, root: Element, schema: Schema) -> None:
    sobject = _object(schema, full_name.partition("-")[0])
    for element in root.iter():
        if _tag(element) == "layoutItems":
            name = child_text(element, "field")
            if name and sobject.field(name) is None:
                raise BadComponent(f"In field: field - no CustomField named {sobject.name}.{name} found")


def _list_view(schema: Schema, object_name: str, element: Element) -> bool:
    sobject = _object(schema, object_name)
    for column in element:
        name = column.text or ""
        if _tag(column) == "columns" and name.endswith("__c") and sobject.field(name) is None:
            raise BadComponent(f"Could not resolve list view column: {name}")
    return True


def _object(schema: Schema, name: str) -> SObject:
    found = schema.object(name)
    if found is None:
        raise BadComponent(f"In field: object - no CustomObject named {name} found")
    return found


def _keep_permission_sets(components: list[Component], connection: sqlite3.Connection) -> None:
    """Note the rights that permission sets give, for the org's own records of them."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS emulator_rights (name TEXT PRIMARY KEY, label TEXT, rights TEXT) WITHOUT ROWID"
    )
    for component in components:
        if component.type == "PermissionSet":
            root = fromstring(component.xml)
            rights = [
                {_tag(part): part.text for part in element}
                for element in root
                if _tag(element) in {"objectPermissions", "fieldPermissions"}
            ]
            connection.execute(
                "INSERT OR REPLACE INTO emulator_rights VALUES (?, ?, ?)",
                (component.full_name, child_text(root, "label"), json.dumps(rights)),
            )
