"""A Metadata API zip, read within bounds into components and the wishes of its manifests."""

import io
import zipfile
import zlib
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.apply import ComponentResult, DeployResult, apply
from fairlead_emulators.salesforce.metadata.contents import BadPackage, Component, Package
from fairlead_emulators.salesforce.metadata.kinds import BY_FOLDER, KINDS, Kind
from fairlead_emulators.salesforce.metadata.manifest import BadManifest, Manifest
from fairlead_emulators.salesforce.metadata.markup import BadXml
from fairlead_emulators.salesforce.metadata.retrieval import deployed

__all__ = ["BadPackage", "Component", "ComponentResult", "DeployResult", "Package", "apply", "deployed", "read_package"]

fact("metadata_zip")
fact("manifest_missing")

MAX_FILES: Final = 10_000
MAX_ZIP: Final = 39 * 1024 * 1024
MAX_UNPACKED: Final = 600 * 1024 * 1024
_DELETIONS: Final = {
    "destructiveChangesPre.xml": True,
    "destructiveChanges.xml": True,
    "destructiveChangesPost.xml": False,
}
"""Whether what a file of this name lists goes before what the package adds."""


def read_package(data: bytes) -> Package:
    """The components of a zip in Metadata API format. Raises BadPackage."""
    if len(data) > MAX_ZIP:
        raise BadPackage(f"The package has {len(data)} bytes; at most {MAX_ZIP} are allowed")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OverflowError) as error:
        raise BadPackage("The package is not a zip file") from error
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MAX_FILES:
        raise BadPackage(f"The package has {len(files)} files; at most {MAX_FILES} are allowed")
    if sum(info.file_size for info in files) > MAX_UNPACKED:
        raise BadPackage(f"The package is larger than {MAX_UNPACKED} bytes when it is unpacked")
    root = _root([info.filename for info in files])
    try:
        contents = {info.filename.removeprefix(root): _unpacked(archive, info) for info in files}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise BadPackage(f"The package cannot be unpacked: {error}") from error
    return _package(contents)


def _root(paths: list[str]) -> str:
    """The folder in which `package.xml` lies: the zip's own root, or the one folder at its top."""
    found = sorted((p for p in paths if p.rpartition("/")[2] == "package.xml"), key=lambda path: path.count("/"))
    if not found or found[0].count("/") > 1:
        top = paths[0].partition("/")[0] + "/" if paths and "/" in paths[0] else ""
        raise BadPackage("No package.xml found", f"{top}package.xml")
    return found[0].removesuffix("package.xml")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A file's content, never more than the zip's directory says: a bomb lies about that."""
    with archive.open(info) as file:
        content = file.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename} has another size than its directory says")
    return content


def _package(contents: dict[str, bytes]) -> Package:
    manifest = _manifest("package.xml", contents.pop("package.xml"))
    listed = {name: _manifest(name, contents.pop(name)) for name in _DELETIONS if name in contents}
    early = {name: one for name, one in listed.items() if _DELETIONS[name]}
    late = {name: one for name, one in listed.items() if not _DELETIONS[name]}
    found: list[Component] = []
    strange: list[str] = []
    for path, content in contents.items():
        component = _component(path, content)
        if component is None:
            if "/" in path and path.partition("/")[0] not in BY_FOLDER:
                strange.append(path)
        else:
            found.append(component)
    order = {kind.type: place for place, kind in enumerate(KINDS)}
    found.sort(key=lambda one: (order[one.type], one.full_name, one.path))
    return Package(found, manifest, early, late, strange)


def _manifest(name: str, content: bytes) -> Manifest:
    try:
        return Manifest.parse(content)
    except (BadXml, BadManifest) as error:
        raise BadPackage(f"Error parsing file: {error}", name) from None


def _component(path: str, content: bytes) -> Component | None:
    folder, _, name = path.partition("/")
    kind = BY_FOLDER.get(folder)
    if kind is None or not name:
        return None
    if name.endswith("-meta.xml") and not (kind.bundle or kind.meta_file):
        return _folder(kind, path, name, content)
    return Component(kind.type, _full_name(kind, name), path, content)


def _folder(kind: Kind, path: str, name: str, content: bytes) -> Component | None:
    """The description of a folder of reports or dashboards: a component of the same type, without a suffix."""
    if not kind.in_folder:
        return None
    return Component(kind.type, name.removesuffix("-meta.xml").removesuffix(f".{kind.suffix}Folder"), path, content)


def _full_name(kind: Kind, name: str) -> str:
    if kind.bundle:
        return name.partition("/")[0]
    return name.removesuffix("-meta.xml").removesuffix(f".{kind.suffix}")
