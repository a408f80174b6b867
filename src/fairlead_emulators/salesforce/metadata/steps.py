"""A package as steps that succeed or fail on their own: an object's fields, rules and views are components too."""

import sqlite3
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.metadata import store
from fairlead_emulators.salesforce.metadata.checks import check
from fairlead_emulators.salesforce.metadata.contents import Component, Package
from fairlead_emulators.salesforce.metadata.kinds import BY_TYPE
from fairlead_emulators.salesforce.metadata.markup import BadXml, Parsed, child_text, document, parse, tag_of
from fairlead_emulators.salesforce.metadata.object_parts import (
    apply_list_view,
    apply_record_type,
    apply_rule,
    holders,
)
from fairlead_emulators.salesforce.metadata.objects import BadComponent, apply_field, apply_object
from fairlead_emulators.salesforce.model.schema import Schema

_OBJECT, _FIELD, _FORMULA, _REST = range(4)
_APPLIED: Final[dict[str, Callable[[Schema, str, Element], bool]]] = {
    "CustomField": apply_field,
    "ListView": apply_list_view,
    "RecordType": apply_record_type,
    "ValidationRule": apply_rule,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One component to take: `work` checks and applies it, or raises BadComponent, and tells whether it is new."""

    type: str
    full_name: str
    path: str
    files: list[Component]
    work: Callable[[], bool]
    rank: int
    new: bool
    line: int | None = None


def steps_of(package: Package, schema: Schema, connection: sqlite3.Connection) -> list[Step]:
    """The steps of a package, in the order of its components."""
    known = {(one.type, one.full_name.lower()) for one in store.deployed(connection)}
    found: list[Step] = []
    for (kind, full_name), group in groupby(package.components, key=lambda one: (one.type, one.full_name)):
        files = list(group)
        for step in _steps(package, kind, full_name, files, schema, connection):
            new = (step.type, step.full_name.lower()) not in known
            found.append(Step(step.type, step.full_name, step.path, step.files, step.work, step.rank, new, step.line))
    return found


def _steps(
    package: Package, kind: str, full_name: str, files: list[Component], schema: Schema, connection: sqlite3.Connection
) -> Iterator[Step]:
    first = next((one for one in files if one.path.endswith("-meta.xml")), files[0])
    whole = partial(Step, kind, full_name, first.path, files, new=True)
    if BY_TYPE[kind].meta_file and len(files) < 2:
        pair = first.path if not first.path.endswith("-meta.xml") else first.path.removesuffix("-meta.xml")
        problem = f"No metadata file found for: {pair}" if first.path == pair else f"No content file found for: {pair}"
        yield whole(work=partial(_refuse, problem, None), rank=_REST)
        return
    try:
        parsed = parse(first.content) if first.path.endswith("xml") or len(files) == 1 else None
    except BadXml as error:
        yield whole(work=partial(_refuse, f"Error parsing file: {error}", error.line), rank=_OBJECT, line=error.line)
        return
    if parsed is None:
        yield whole(work=lambda: False, rank=_REST)
    elif BY_TYPE[kind].children:
        yield from _of_file(package, full_name, first, parsed, schema)
    else:
        work = partial(check, kind, full_name, parsed, schema, connection)
        yield whole(work=work, rank=_REST, line=parsed.line(parsed.root))


def _refuse(problem: str, line: int | None) -> bool:
    raise BadComponent(problem, line)


def _of_file(package: Package, full_name: str, file: Component, parsed: Parsed, schema: Schema) -> Iterator[Step]:
    """The steps of a file that holds other components: of an object's, or of the labels'."""
    kind = BY_TYPE[file.type]
    if _own(package, full_name, file, parsed, schema):
        own = copy(parsed.root)
        own[:] = [element for element in parsed.root if tag_of(element) not in kind.children]
        content = document(own).encode()
        work = partial(apply_object, schema, full_name, parsed.root) if kind.type == "CustomObject" else lambda: False
        line = parsed.line(parsed.root)
        yield Step(
            kind.type, full_name, file.path, [_part(file, kind.type, full_name, content)], work, _OBJECT, True, line
        )
    seen: set[tuple[str, str]] = set()
    for element in parsed.root:
        child = kind.children.get(tag_of(element))
        if child is None:
            continue
        short = child_text(element, "fullName")
        name = f"{full_name}.{short}" if kind.type == "CustomObject" else short
        yield _of_part(file, child, full_name, name, element, parsed, schema, twice=(child, name.lower()) in seen)
        seen.add((child, name.lower()))


def _own(package: Package, full_name: str, file: Component, parsed: Parsed, schema: Schema) -> bool:
    """Whether the file tells about the object itself, or only about parts of it."""
    if file.type != "CustomObject":
        return bool(package.manifest.types.get(file.type))
    named = {member.lower() for member in package.manifest.types.get("CustomObject", ())}
    if full_name.lower() in named or not holders(schema, full_name):
        return True
    return "*" in named and bool(child_text(parsed.root, "label"))


def _of_part(
    file: Component,
    kind: str,
    object_name: str,
    name: str,
    element: Element,
    parsed: Parsed,
    schema: Schema,
    *,
    twice: bool,
) -> Step:
    line = parsed.line(element)
    files = [_part(file, kind, name, document(element).encode())]
    work: Callable[[], bool]
    if twice:
        work = partial(_refuse, f"Duplicate {kind}: {name} stands twice in {file.path}", line)
    elif name.endswith(".") or not name:
        work = partial(_refuse, "Required field is missing: fullName", line)
    elif kind in _APPLIED:
        work = partial(_APPLIED[kind], schema, object_name, element)
    else:
        work = partial(_of_known_object, schema, file.type, object_name)
    rank = {"CustomField": _FORMULA if child_text(element, "formula") else _FIELD}.get(kind, _REST)
    return Step(kind, name, file.path, files, work, rank, True, line)


def _of_known_object(schema: Schema, kind: str, object_name: str) -> bool:
    if kind == "CustomObject" and not holders(schema, object_name):
        raise BadComponent(f"Entity of type {object_name} is not available in this organization")
    return False


def _part(file: Component, kind: str, full_name: str, content: bytes) -> Component:
    return Component(kind, full_name, file.path, content)
