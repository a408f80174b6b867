"""Deployed components that are rows as well: permission sets with their rights, record types, notification types."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.access import record_types
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import store
from fairlead_emulators.salesforce.metadata.contents import Component
from fairlead_emulators.salesforce.metadata.markup import child_text, children, parse
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("permission_set_rows")
fact("setup_rows")
fact("setup_entity_access")

_ON_OBJECTS = {
    "PermissionsRead": "allowRead",
    "PermissionsCreate": "allowCreate",
    "PermissionsEdit": "allowEdit",
    "PermissionsDelete": "allowDelete",
    "PermissionsViewAllRecords": "viewAllRecords",
    "PermissionsModifyAllRecords": "modifyAllRecords",
}
_ON_FIELDS = {"PermissionsRead": "readable", "PermissionsEdit": "editable"}


def _permission_set(full_name: str, root: Element) -> dict[str, Any]:
    label = child_text(root, "label") or full_name
    return {"Name": full_name, "Label": label, "Description": child_text(root, "description")[:255] or None}


def _record_type(full_name: str, root: Element) -> dict[str, Any]:
    sobject, _, name = full_name.partition(".")
    return {
        "DeveloperName": name,
        "SobjectType": sobject,
        "Name": child_text(root, "label"),
        "Description": child_text(root, "description")[:255] or None,
        "IsActive": child_text(root, "active") == "true",
    }


def _custom_permission(full_name: str, root: Element) -> dict[str, Any]:
    return {"DeveloperName": full_name, "MasterLabel": child_text(root, "label") or full_name}


def _notification_type(full_name: str, root: Element) -> dict[str, Any]:
    return {
        "DeveloperName": full_name,
        "MasterLabel": child_text(root, "masterLabel"),
        "Description": child_text(root, "description")[:255] or None,
        "Desktop": child_text(root, "desktop") == "true",
        "Mobile": child_text(root, "mobile") == "true",
    }


_Row = Callable[[str, Element], dict[str, Any]]
_ROWS: Final[dict[str, tuple[tuple[str, ...], _Row]]] = {
    "PermissionSet": (("Name",), _permission_set),
    "RecordType": (("DeveloperName", "SobjectType"), _record_type),
    "CustomNotificationType": (("DeveloperName",), _notification_type),
    "CustomPermission": (("DeveloperName",), _custom_permission),
}
"""By type: the fields that name its row, and what the row is made from."""
_SHOWN: Final = ("ListView", "Report", "Dashboard")


def follow(org: Org, removed: Iterable[tuple[str, str]]) -> None:
    """Makes the rows follow what was deployed and removed: a component keeps its id, its rights are written anew."""
    with org.storage.transaction() as connection:
        for kind, full_name in removed:
            if kind in _ROWS:
                _erase(org, kind, full_name)
        for kind in _ROWS:
            for component in store.of_type(connection, kind):
                root = parse(component.content).root
                identity = _keep(org, component, root)
                if kind == "PermissionSet":
                    _write_rights(org, identity, root)
        _keep_custom_permissions(org)
        _keep_record_types(org)
        for each in org.followers:
            each(org)
        for kind in _SHOWN:
            _take_ids(org, kind)


def _keep_custom_permissions(org: Org) -> None:
    """Notes which custom permissions each permission set gives, by its name."""
    given = {}
    for component in store.of_type(org.storage.connection, "PermissionSet"):
        parts = children(parse(component.content).root, "customPermissions")
        given[component.full_name] = [child_text(p, "name") for p in parts if child_text(p, "enabled") == "true"]
    org.storage.set_meta("custom_permissions", given)
    _write_custom_permissions(org, given)


def _write_custom_permissions(org: Org, given: Mapping[str, list[str]]) -> None:
    """The rows that tell which permission set gives which custom permission."""
    connection = org.storage.connection
    sets = dict(connection.execute("SELECT Name, Id FROM PermissionSet WHERE IsDeleted = 0").fetchall())
    named = dict(connection.execute("SELECT DeveloperName, Id FROM CustomPermission WHERE IsDeleted = 0").fetchall())
    connection.execute("DELETE FROM SetupEntityAccess")
    org.storage.recount("SetupEntityAccess")
    pairs = [
        {"ParentId": sets[parent], "SetupEntityId": named[name], "SetupEntityType": "CustomPermission"}
        for parent, names in given.items()
        for name in names
        if parent in sets and name in named
    ]
    _write(org, "insert", "SetupEntityAccess", pairs)


def _keep_record_types(org: Org) -> None:
    """Notes which record types each permission set and profile makes visible, and which is the default."""
    given: dict[str, dict[str, bool]] = {}
    for kind in ("PermissionSet", "Profile"):
        for component in store.of_type(org.storage.connection, kind):
            parts = children(parse(component.content).root, "recordTypeVisibilities")
            given[f"{kind}:{component.full_name}"] = {
                child_text(part, "recordType"): child_text(part, "default") == "true"
                for part in parts
                if child_text(part, "visible") == "true"
            }
    org.storage.set_meta(record_types.KEPT, given)


def _take_ids(org: Org, kind: str) -> None:
    """Components whose rows others keep have the ids of these rows, where the org has such rows."""
    sobject = org.storage.whole.object(kind)
    if sobject is None or sobject.field("DeveloperName") is None:
        return
    of_object = ", SobjectType" if sobject.field("SobjectType") else ", ''"
    query = f"SELECT Id, DeveloperName{of_object} FROM {quoted(sobject.name)} WHERE IsDeleted = 0"
    for identity, name, owner in org.storage.connection.execute(query).fetchall():
        for component in store.of_type(org.storage.connection, kind):
            whole, _, short = component.full_name.replace("/", ".").rpartition(".")
            if short.lower() == name.lower() and owner.lower() in ("", whole.lower()):
                store.rename(org.storage.connection, kind, component.full_name, identity)


def _named(org: Org, kind: str, full_name: str) -> str | None:
    """The id of the component's row."""
    keys, _ = _ROWS[kind]
    values = [full_name] if len(keys) == 1 else [full_name.partition(".")[2], full_name.partition(".")[0]]
    where = " AND ".join(f"{quoted(key)} = ?" for key in keys)
    query = f"SELECT Id FROM {quoted(kind)} WHERE {where} AND IsDeleted = 0"
    row = org.storage.connection.execute(query, values).fetchone()
    return row[0] if row else None


def _keep(org: Org, component: Component, root: Element) -> str:
    row = _ROWS[component.type][1](component.full_name, root)
    identity = _named(org, component.type, component.full_name)
    if identity is None:
        identity = _write(org, "insert", component.type, [row])[0]
    else:
        _write(org, "update", component.type, [row | {"Id": identity}])
    if component.id != identity:
        store.rename(org.storage.connection, component.type, component.full_name, identity)
    return identity


def _erase(org: Org, kind: str, full_name: str) -> None:
    identity = _named(org, kind, full_name)
    sobject = org.storage.whole.object(kind)
    if identity is not None and sobject is not None:
        writes.erase(org, org.storage.connection, sobject, [identity])


def _write_rights(org: Org, parent: str, root: Element) -> None:
    connection = org.storage.connection
    for sobject in ("ObjectPermissions", "FieldPermissions"):
        connection.execute(f"DELETE FROM {quoted(sobject)} WHERE ParentId = ?", (parent,))
        org.storage.recount(sobject)
    objects = [
        _right(parent, child_text(right, "object"), right, _ON_OBJECTS) for right in children(root, "objectPermissions")
    ]
    fields = [
        _right(parent, child_text(right, "field").partition(".")[0], right, _ON_FIELDS)
        | {"Field": child_text(right, "field")}
        for right in children(root, "fieldPermissions")
    ]
    _write(org, "insert", "ObjectPermissions", objects)
    _write(org, "insert", "FieldPermissions", fields)


def _right(parent: str, sobject: str, right: Element, names: Mapping[str, str]) -> dict[str, Any]:
    given = {column: child_text(right, tag) == "true" for column, tag in names.items()}
    return {"ParentId": parent, "SobjectType": sobject, **given}


def _write(org: Org, operation: str, sobject: str, rows: list[dict[str, Any]]) -> list[str]:
    target = org.storage.whole.objects[sobject.lower()]
    written = writes.write(org, operation, from_json(org.storage.whole, target, rows), seeding=True)
    return [i for i in written.ids if i is not None]
