"""From an SFDX source project to the zip that the Metadata API takes: decomposed files are put together again."""

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from defusedxml.ElementTree import ParseError, fromstring

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
_META: Final = "-meta.xml"
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the same sources give the same bytes


class PackageError(Exception):
    """The source project cannot be packed. `.next_step` says what to correct."""

    def __init__(self, text: str, next_step: str) -> None:
        self.next_step = next_step
        super().__init__(f"{text} {next_step}")


class _Kind(NamedTuple):
    type: str
    suffix: str


# folder → type; each file `folder/Name.suffix-meta.xml` goes into the zip as `folder/Name.suffix`
_PLAIN: Final = {
    "applications": _Kind("CustomApplication", "app"),
    "cspTrustedSites": _Kind("CspTrustedSite", "cspTrustedSite"),
    "customPermissions": _Kind("CustomPermission", "customPermission"),
    "externalCredentials": _Kind("ExternalCredential", "externalCredential"),
    "flexipages": _Kind("FlexiPage", "flexipage"),
    "flows": _Kind("Flow", "flow"),
    "globalValueSets": _Kind("GlobalValueSet", "globalValueSet"),
    "groups": _Kind("Group", "group"),
    "labels": _Kind("CustomLabels", "labels"),
    "layouts": _Kind("Layout", "layout"),
    "namedCredentials": _Kind("NamedCredential", "namedCredential"),
    "notificationtypes": _Kind("CustomNotificationType", "notiftype"),
    "permissionsetgroups": _Kind("PermissionSetGroup", "permissionsetgroup"),
    "permissionsets": _Kind("PermissionSet", "permissionset"),
    "platformEventChannelMembers": _Kind("PlatformEventChannelMember", "platformEventChannelMember"),
    "platformEventChannels": _Kind("PlatformEventChannel", "platformEventChannel"),
    "quickActions": _Kind("QuickAction", "quickAction"),
    "remoteSiteSettings": _Kind("RemoteSiteSetting", "remoteSite"),
    "reportTypes": _Kind("ReportType", "reportType"),
    "standardValueSets": _Kind("StandardValueSet", "standardValueSet"),
    "tabs": _Kind("CustomTab", "tab"),
}
# content and its description side by side, both kept
_PAIRED: Final = {
    "classes": _Kind("ApexClass", "cls"),
    "triggers": _Kind("ApexTrigger", "trigger"),
    "pages": _Kind("ApexPage", "page"),
}
# a folder a component, kept as it is
_BUNDLES: Final = {"lwc": "LightningComponentBundle", "aura": "AuraDefinitionBundle"}
# a folder of the org with its own description
_FOLDERED: Final = {"reports": _Kind("Report", "report"), "dashboards": _Kind("Dashboard", "dashboard")}
# folder below an object → tag inside the object's file, type in package.xml
_OBJECT_PARTS: Final = {
    "businessProcesses": ("businessProcesses", "BusinessProcess"),
    "compactLayouts": ("compactLayouts", "CompactLayout"),
    "fieldSets": ("fieldSets", "FieldSet"),
    "fields": ("fields", "CustomField"),
    "indexes": ("indexes", "Index"),
    "listViews": ("listViews", "ListView"),
    "recordTypes": ("recordTypes", "RecordType"),
    "sharingReasons": ("sharingReasons", "SharingReason"),
    "validationRules": ("validationRules", "ValidationRule"),
    "webLinks": ("webLinks", "WebLink"),
}
_NOT_SOURCE: Final = re.compile(r"(^|/)(\.[^/]*|__tests__|__mocks__|jsconfig\.json|node_modules|README\.md)(/|$)")


class _Package:
    """What the zip will hold: files by path, and members by type for package.xml."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.members: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, type: str, member: str, path: str, content: bytes) -> None:
        if path in self.files:
            raise PackageError(f"Two sources make {path}.", "Remove one of them.")
        self.members[type].add(member)
        self.files[path] = content

    def manifest(self, api_version: str) -> bytes:
        root = Element("Package", xmlns=NAMESPACE)
        for kind in sorted(self.members):
            types = SubElement(root, "types")
            for member in sorted(self.members[kind]):
                SubElement(types, "members").text = member
            SubElement(types, "name").text = kind
        SubElement(root, "version").text = api_version
        return _xml(root)

    def zip(self, api_version: str) -> bytes:
        return rezipped({**self.files, "package.xml": self.manifest(api_version)})


def rezipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by path, `package.xml` among them; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(path, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, compresslevel=9)
    return buffer.getvalue()


def package_from_source(sfdx_dir: Path, api_version: str) -> bytes:
    """The Metadata API zip (`package.xml` at its root) of an SFDX project; the same sources give the same bytes.

    `sfdx_dir` holds `sfdx-project.json`, or is itself a folder of sources. Raises PackageError naming the file.
    """
    package = _Package()
    for root in _source_roots(sfdx_dir):
        for folder in _component_folders(root):
            _add_folder(package, folder)
    if not package.files:
        raise PackageError(f"{sfdx_dir} holds no Salesforce sources.", "Name the folder that holds sfdx-project.json.")
    return package.zip(api_version if "." in api_version else f"{api_version}.0")


def package_of(
    files: Mapping[str, bytes],
    members: Mapping[str, Iterable[str]],
    api_version: str,
    *,
    deletions: Mapping[str, Iterable[str]] | None = None,
) -> bytes:
    """The zip of files by their path in a package, with a `package.xml` that names these components by type.

    `deletions` go after the files have been taken. What the org does not have is passed over with a warning.
    """
    package = _named(members)
    package.files.update(files)
    if deletions is not None:
        package.files["destructiveChangesPost.xml"] = _named(deletions).manifest(api_version)
    return package.zip(api_version)


def _named(members: Mapping[str, Iterable[str]]) -> _Package:
    package = _Package()
    for kind, names in members.items():
        package.members[kind].update(names)
    return package


def _source_roots(sfdx_dir: Path) -> list[Path]:
    project = sfdx_dir / "sfdx-project.json"
    if not project.is_file():
        return [sfdx_dir]
    try:
        directories = [sfdx_dir / entry["path"] for entry in json.loads(project.read_bytes())["packageDirectories"]]
    except (ValueError, KeyError, TypeError):
        raise PackageError(f"{project} names no packageDirectories.", "Correct the project file.") from None
    for directory in directories:
        if not directory.is_dir():
            raise PackageError(f"{project} names {directory.name}, which is not there.", "Correct the project file.")
    return directories


def _known(name: str) -> bool:
    return name in {"objects", "staticresources", *_PLAIN, *_PAIRED, *_BUNDLES, *_FOLDERED}


def _component_folders(root: Path) -> Iterator[Path]:
    """Folders whose names are metadata folders, at any depth; files outside of them are refused."""
    for entry in sorted(root.iterdir()):
        if _NOT_SOURCE.search(entry.name):
            continue
        if entry.is_dir():
            yield from [entry] if _known(entry.name) else _component_folders(entry)
        elif entry.name.endswith(_META):
            raise PackageError(
                f"{entry} lies in no metadata folder that is known here.", "Move it, or teach package.py."
            )


def _add_folder(package: _Package, folder: Path) -> None:
    if folder.name == "objects":
        for directory in sorted(p for p in folder.iterdir() if p.is_dir()):
            _add_object(package, directory)
    elif folder.name in _BUNDLES:
        _add_bundles(package, folder, _BUNDLES[folder.name])
    elif folder.name in _FOLDERED:
        _add_foldered(package, folder, _FOLDERED[folder.name])
    elif folder.name in _PAIRED:
        _add_paired(package, folder, _PAIRED[folder.name])
    elif folder.name == "staticresources":
        _add_resources(package, folder)
    else:
        _add_plain(package, folder, _PLAIN[folder.name])


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _NOT_SOURCE.search(path.relative_to(folder).as_posix())
    ]


def _name(path: Path, suffix: str) -> str:
    """The component's name of `Name.suffix-meta.xml`."""
    ending = f".{suffix}{_META}"
    if not path.name.endswith(ending):
        raise PackageError(f"{path} should end in {ending}.", "Rename it.")
    return path.name.removesuffix(ending)


def _add_plain(package: _Package, folder: Path, kind: _Kind) -> None:
    for path in _files(folder):
        name = _name(path, kind.suffix)
        _parse(path)
        package.add(kind.type, name, f"{folder.name}/{name}.{kind.suffix}", path.read_bytes())


def _add_paired(package: _Package, folder: Path, kind: _Kind) -> None:
    for path in _files(folder):
        name = path.name.removesuffix(_META).removesuffix(f".{kind.suffix}")
        package.add(kind.type, name, f"{folder.name}/{path.name}", path.read_bytes())


def _add_bundles(package: _Package, folder: Path, type: str) -> None:
    for path in _files(folder):
        inside = path.relative_to(folder)
        if len(inside.parts) > 1:
            package.add(type, inside.parts[0], f"{folder.name}/{inside.as_posix()}", path.read_bytes())


def _add_foldered(package: _Package, folder: Path, kind: _Kind) -> None:
    for path in _files(folder):
        inside = path.relative_to(folder).as_posix()
        ending = f".{kind.suffix}Folder{_META}"
        if inside.endswith(ending):
            name = inside.removesuffix(ending)
            package.add(kind.type, name, f"{folder.name}/{name}{_META}", path.read_bytes())
        else:
            _parse(path)
            name = f"{inside.rpartition('/')[0]}/{_name(path, kind.suffix)}"
            package.add(kind.type, name, f"{folder.name}/{name}.{kind.suffix}", path.read_bytes())


def _add_resources(package: _Package, folder: Path) -> None:
    """`Name.resource-meta.xml` beside `Name.<any ending>`, which becomes `Name.resource`."""
    for path in _files(folder):
        name = path.name.removesuffix(f".resource{_META}") if path.name.endswith(_META) else path.stem
        target = path.name if path.name.endswith(_META) else f"{name}.resource"
        package.add("StaticResource", name, f"staticresources/{target}", path.read_bytes())


def _add_object(package: _Package, directory: Path) -> None:
    """One object's description with its fields, list views and so on put back into one file."""
    own = directory / f"{directory.name}.object{_META}"
    root = _parse(own) if own.is_file() else Element(f"{{{NAMESPACE}}}CustomObject")
    if own.is_file():
        package.members["CustomObject"].add(directory.name)
    for path in _files(directory):
        if path == own:
            continue
        part = _OBJECT_PARTS.get(path.parent.name)
        if part is None or path.parent.parent != directory or not path.name.endswith(_META):
            raise PackageError(f"{path} is no part of an object that is known here.", "Move it, or teach package.py.")
        tag, kind = part
        child = _parse(path)
        child.tag = f"{{{NAMESPACE}}}{tag}"
        root.append(child)
        package.members[kind].add(f"{directory.name}.{path.name.split('.')[0]}")
    # the API's schema is a sequence by name; sorting is stable, so files keep their order within a tag
    root[:] = sorted(root, key=lambda element: element.tag)
    package.files[f"objects/{directory.name}.object"] = _xml(root)


def _parse(path: Path) -> Element:
    try:
        root: Element = fromstring(path.read_bytes())
    except ParseError as error:
        raise PackageError(f"{path} is not XML: {error}.", "Correct it.") from None
    if not root.tag.startswith(f"{{{NAMESPACE}}}"):
        raise PackageError(f"{path} is not in the namespace {NAMESPACE}.", "Add xmlns to its root element.")
    return root


def _xml(root: Element) -> bytes:
    register_namespace("", NAMESPACE)
    indent(root, "    ")
    body: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()
