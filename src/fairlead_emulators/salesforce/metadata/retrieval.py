"""Gives back what is deployed: as a zip with its `package.xml`, as a list, or as one component's XML."""

import io
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import store
from fairlead_emulators.salesforce.metadata.contents import Component
from fairlead_emulators.salesforce.metadata.kinds import BY_TYPE, PARENTS, TAGS
from fairlead_emulators.salesforce.metadata.manifest import Manifest, write_manifest
from fairlead_emulators.salesforce.metadata.markup import document, named, parse
from fairlead_emulators.salesforce.state.org import Org

fact("retrieve_zip")
fact("list_metadata")

_FOLDERS: Final = {"ReportFolder": "Report", "DashboardFolder": "Dashboard"}


@dataclass(slots=True)
class Retrieved:
    """A zip, what is in it, and what was asked for and is not there."""

    zip: bytes = b""
    properties: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)


def retrieve(org: Org, asked: Manifest, version: str, *, single_package: bool) -> Retrieved:
    """The components that a manifest names, as they would be deployed again."""
    found = Retrieved()
    for name in asked.unknown:
        problem = f"Entity type: '{name}' is unknown"
        found.messages.append({"fileName": "unpackaged/package.xml", "problem": problem})
    with org.storage.lock:
        wanted = _wanted(org, asked, found)
    root = "" if single_package else "unpackaged/"
    members: defaultdict[str, set[str]] = defaultdict(set)
    for one in wanted:
        members[one.type].add(one.full_name)
        if one.type not in PARENTS:
            found.properties.append(properties(org, one, root))
    files = _files(wanted)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(root + path, content)
        archive.writestr(root + "package.xml", write_manifest(members, version))
    now = org.now()
    found.properties.append(
        properties(org, Component("Package", "unpackaged/package.xml", "package.xml", b"", "", now, now), root)
    )
    found.zip = buffer.getvalue()
    return found


def _wanted(org: Org, asked: Manifest, found: Retrieved) -> list[Component]:
    connection, picked = org.storage.connection, {}
    for kind, members in asked.types.items():
        for member in members:
            files = store.of_type(connection, kind) if member == "*" else store.find(connection, kind, member)
            if kind == "CustomObject":
                files = [*files, *_parts_of_objects(org, member, files)]
            if not files and member != "*" and not _standard(org, kind, member):
                problem = f"Entity of type '{kind}' named '{member}' cannot be found"
                found.messages.append({"fileName": "unpackaged/package.xml", "problem": problem})
            for one in files:
                picked[one.type, one.full_name.lower(), one.path] = one
    return list(picked.values())


def _standard(org: Org, kind: str, member: str) -> bool:
    return kind == "CustomObject" and org.storage.whole.object(member) is not None


def _parts_of_objects(org: Org, member: str, objects: Iterable[Component]) -> list[Component]:
    """Everything in the files of the objects: an object comes whole."""
    names = {one.full_name.lower() for one in objects} or {member.lower()}
    tags = BY_TYPE["CustomObject"].children.values()
    return [
        one
        for one in store.deployed(org.storage.connection)
        if one.type in tags and one.full_name.partition(".")[0].lower() in names
    ]


def deployed(connection: sqlite3.Connection) -> list[Component]:
    """Everything that is deployed, file by file: an object with its fields, views and rules in its XML."""
    parts = store.deployed(connection)
    whole = {one.path: one for one in parts if one.type not in PARENTS}
    first: dict[str, Component] = {}
    for one in parts:
        first.setdefault(one.path, whole.get(one.path, one))
    found = []
    for path, content in _files(parts).items():
        one = first[path]
        parent = PARENTS.get(one.type)
        if parent is not None:
            name = one.full_name.partition(".")[0] if "." in one.full_name else parent.type
            one = replace(one, type=parent.type, full_name=name, id="")
        found.append(replace(one, content=content))
    return sorted(found, key=lambda one: (one.type, one.full_name, one.path))


def _files(components: Iterable[Component]) -> dict[str, bytes]:
    """The files of a zip; parts of an object stand in its file, sorted by tag."""
    files: dict[str, bytes] = {}
    together: defaultdict[str, list[Component]] = defaultdict(list)
    for one in components:
        if one.type in PARENTS or BY_TYPE[one.type].children:
            together[one.path].append(one)
        else:
            files[one.path] = one.content
    for path, parts in together.items():
        files[path] = document(compose(parts)).encode()
    return files


def compose(parts: Iterable[Component]) -> Element:
    """One file's root out of what stands in it."""
    listed = list(parts)
    kind = PARENTS.get(listed[0].type) or BY_TYPE[listed[0].type]
    root = Element(named(kind.type))
    for one in listed:
        element = parse(one.content).root
        if one.type in PARENTS:
            element.tag = named(TAGS[one.type])
            root.append(element)
        else:
            root.extend(element)
    root[:] = sorted(root, key=lambda element: element.tag)
    return root


def properties(org: Org, one: Component, root: str = "", kind: str = "") -> dict[str, Any]:
    """FileProperties of a component, in the order of their schema."""
    me = org.identity
    shown = {
        "createdById": me.user_id,
        "createdByName": me.username,
        "createdDate": one.created,
        "fileName": root + one.path,
        "fullName": one.full_name,
        "id": one.id,
        "lastModifiedById": me.user_id,
        "lastModifiedByName": me.username,
        "lastModifiedDate": one.modified,
    }
    return shown | {"manageableState": "unmanaged", "type": kind or one.type}


def listed(org: Org, kind: str, folder: str | None) -> list[dict[str, Any]]:
    """FileProperties of the components of a type; those in folders are listed folder by folder."""
    with org.storage.lock:
        files = store.of_type(org.storage.connection, _FOLDERS.get(kind, kind))
    seen: dict[str, Component] = {}
    for one in files:
        seen.setdefault(one.full_name.lower(), one)
    components = list(seen.values())
    in_folders = kind in BY_TYPE and BY_TYPE[kind].in_folder
    if kind in _FOLDERS or in_folders:
        components = [one for one in components if ("/" in one.full_name) != (kind in _FOLDERS)]
    if in_folders:
        components = [one for one in components if one.full_name.rpartition("/")[0].lower() == (folder or "").lower()]
    if kind == "CustomObject":
        components += _standard_objects(org, seen)
    return [properties(org, one, kind=kind) for one in components]


def _standard_objects(org: Org, known: dict[str, Component]) -> list[Component]:
    names = [o.name for o in org.storage.whole.objects.values() if not o.custom and o.name.lower() not in known]
    moment = "1970-01-01T00:00:00.000Z"
    return [Component("CustomObject", n, f"objects/{n}.object", b"", "", moment, moment) for n in sorted(names)]
