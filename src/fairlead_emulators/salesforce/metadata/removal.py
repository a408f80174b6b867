"""Destructive changes: components are deleted, fields and objects with their data."""

import re
import sqlite3
from collections.abc import Callable, Iterator

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import flow_versions, store
from fairlead_emulators.salesforce.metadata.contents import Component
from fairlead_emulators.salesforce.metadata.kinds import KINDS, PARENTS
from fairlead_emulators.salesforce.metadata.manifest import Manifest
from fairlead_emulators.salesforce.metadata.markup import BadXml, child_text, document, parse, tag_of
from fairlead_emulators.salesforce.metadata.object_parts import holders, without_field, without_rule
from fairlead_emulators.salesforce.metadata.objects import BadComponent
from fairlead_emulators.salesforce.metadata.results import ComponentResult, refused
from fairlead_emulators.salesforce.model.schema import Schema, SObject
from fairlead_emulators.salesforce.state.storage import quoted

fact("destructive_changes")
fact("destructive_missing")
fact("destructive_references")

Going = set[tuple[str, str]]


def remove(
    manifest: Manifest, path: str, schema: Schema, connection: sqlite3.Connection
) -> Iterator[tuple[ComponentResult, bool]]:
    """Deletes what the manifest names: each result, and whether it is a success. What is not there is a warning."""
    listed = manifest.listed()
    for kind, members in manifest.types.items():
        if "*" in members:
            problem = "Wildcards are not supported in destructiveChanges.xml"
            yield refused(kind, "*", path, problem), False
    going = {(kind, (flow_versions.flow_of(name) if kind == "Flow" else name).lower()) for kind, name in listed}
    order = {kind.type: place for place, kind in enumerate(KINDS)}

    # What refers to others goes before them: parts before whole objects, and last what is applied first.
    def turn(pair: tuple[str, str]) -> tuple[int, bool, bool]:
        parent = PARENTS.get(pair[0])
        return -order[parent.type if parent else pair[0]], parent is None, not _worked_out(schema, *pair)

    listed.sort(key=turn)
    for kind, name in listed:
        try:
            found = _remove_one(kind, name, schema, connection, going)
        except BadComponent as error:
            yield refused(kind, name, path, str(error)), False
            continue
        if found is None:
            yield refused(kind, name, path, f"No {kind} named: {name} found", warning=True), True
        else:
            yield ComponentResult(kind, name, path, deleted=True, id=found), True


def _worked_out(schema: Schema, kind: str, name: str) -> bool:
    """Whether the component is a field that is worked out from others, and so goes before them."""
    sobject = schema.object(name.partition(".")[0])
    found = sobject.field(name.partition(".")[2]) if sobject and kind == "CustomField" else None
    return found is not None and found.formula is not None


def _remove_one(kind: str, name: str, schema: Schema, connection: sqlite3.Connection, going: Going) -> str | None:
    """The id of what was deleted; None when there was none."""
    if kind == "Flow":
        return flow_versions.remove(connection, name)
    kept = store.find(connection, kind, name)
    sobject = schema.object(name.partition(".")[0])
    if kind == "CustomObject" and sobject is not None:
        if not sobject.custom:
            raise BadComponent(f"Cannot delete standard object: {sobject.name}")
        _remove_object(sobject, schema, connection, going)
    elif kind == "CustomField" and any(
        o.field(name.partition(".")[2]) for o in holders(schema, name.partition(".")[0])
    ):
        for holder in holders(schema, name.partition(".")[0]):
            _remove_field(holder, name.partition(".")[2], schema, connection, going)
    elif not kept:
        return None
    elif kind == "ValidationRule" and sobject is not None:
        without_rule(sobject, name.partition(".")[2])
    store.forget(connection, kind, name)
    return kept[0].id if kept else ""


def _remove_object(sobject: SObject, schema: Schema, connection: sqlite3.Connection, going: Going) -> None:
    for other in schema.objects.values():
        for each in other.fields.values():
            name = f"{other.name}.{each.name}"
            if other is not sobject and sobject.name in each.reference_to and not _goes(going, other, name):
                raise BadComponent(
                    f"This custom object is referenced elsewhere in salesforce.com.: Custom Field - {name}"
                )
    _refuse_in_flows(connection, going, sobject.name, sobject.name)
    del schema.objects[sobject.name.lower()]
    connection.execute(f"DROP TABLE IF EXISTS {quoted(sobject.name)}")
    for one in store.deployed(connection):
        of_it = PARENTS.get(one.type) is not None and one.full_name.lower().startswith(sobject.name.lower() + ".")
        layout = one.type == "Layout" and one.full_name.lower().startswith(sobject.name.lower() + "-")
        tab = one.type == "CustomTab" and one.full_name.lower() == sobject.name.lower()
        if of_it or layout or tab:
            store.forget(connection, one.type, one.full_name)
    _strip_rights(connection, lambda name: name.partition(".")[0].lower() == sobject.name.lower())
    schema.relate()


def _goes(going: Going, other: SObject, field_name: str) -> bool:
    return ("CustomField", field_name.lower()) in going or ("CustomObject", other.name.lower()) in going


def _remove_field(sobject: SObject, name: str, schema: Schema, connection: sqlite3.Connection, going: Going) -> None:
    found = sobject.field(name)
    if found is None:
        return
    if not found.custom:
        raise BadComponent(f"Cannot delete standard field: {sobject.name}.{found.name}")
    word = re.compile(rf"\b{re.escape(found.name)}\b", re.IGNORECASE)
    users = [
        ("Formula Field", "CustomField", f.name)
        for f in sobject.fields.values()
        if f.formula and word.search(f.formula)
    ]
    users += [("Validation Rule", "ValidationRule", r.name) for r in sobject.validation_rules if word.search(r.formula)]
    for what, kind, user in users:
        if (kind, f"{sobject.name}.{user}".lower()) not in going:
            problem = f"This custom field is referenced elsewhere in salesforce.com.: {what} - {user}"
            raise BadComponent(problem)
    _refuse_in_flows(connection, going, sobject.name, found.name)
    for column in [found.name, *_coordinates(sobject, found.name)]:
        _drop_column(connection, sobject, column)
        without_field(sobject, column)
    _strip_rights(connection, lambda right: right.lower() == f"{sobject.name}.{found.name}".lower())
    _strip_layouts(connection, sobject, found.name)
    schema.relate()


def _coordinates(sobject: SObject, name: str) -> list[str]:
    stem = name.removesuffix("__c")
    return [f"{stem}__{part}__s" for part in ("Latitude", "Longitude") if sobject.field(f"{stem}__{part}__s")]


def _drop_column(connection: sqlite3.Connection, sobject: SObject, column: str) -> None:
    table = quoted(sobject.name)
    there = {row[1].lower() for row in connection.execute(f"PRAGMA table_xinfo({table})")}
    if column.lower() not in there:
        return  # came with this package
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (sobject.name,)
    ).fetchall():
        if any(row[2] == column for row in connection.execute(f"PRAGMA index_info({quoted(name)})")):
            connection.execute(f"DROP INDEX {quoted(name)}")
    connection.execute(f"ALTER TABLE {table} DROP COLUMN {quoted(column)}")


def _refuse_in_flows(connection: sqlite3.Connection, going: Going, object_name: str, name: str) -> None:
    """A flow that works on the object, or names the field beside it, holds it."""
    for flow in store.of_type(connection, "Flow"):
        if ("Flow", flow.full_name.lower()) in going:
            continue
        try:
            texts = {(element.text or "").strip().lower() for element in parse(flow.content).root.iter()}
        except BadXml:
            continue
        if object_name.lower() in texts and name.lower() in texts:
            raise BadComponent(f"{name} is referenced elsewhere in salesforce.com.: Flow - {flow.full_name}")


def _strip_rights(connection: sqlite3.Connection, gone: Callable[[str], bool]) -> None:
    for one in store.of_type(connection, "PermissionSet"):
        root = parse(one.content).root
        rest = [
            element
            for element in root
            if not gone(child_text(element, "object") or child_text(element, "field"))
            or tag_of(element) not in ("objectPermissions", "fieldPermissions")
        ]
        if len(rest) < len(root):
            root[:] = rest
            _rewrite(connection, one, document(root))


def _strip_layouts(connection: sqlite3.Connection, sobject: SObject, field: str) -> None:
    for one in store.of_type(connection, "Layout"):
        if one.full_name.partition("-")[0].lower() != sobject.name.lower():
            continue
        root, changed = parse(one.content).root, False
        for parent in list(root.iter()):
            items = [
                e for e in parent if tag_of(e) == "layoutItems" and child_text(e, "field").lower() == field.lower()
            ]
            for item in items:
                parent.remove(item)
                changed = True
        if changed:
            _rewrite(connection, one, document(root))


def _rewrite(connection: sqlite3.Connection, one: Component, text: str) -> None:
    connection.execute(
        "UPDATE emulator_components SET content = ? WHERE type = ? AND full_name = ? AND path = ?",
        (text.encode(), one.type, one.full_name, one.path),
    )
