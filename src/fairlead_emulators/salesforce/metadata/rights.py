"""Deployed permission sets as rows: PermissionSet, ObjectPermissions, FieldPermissions."""

import json
from collections.abc import Mapping
from typing import Any

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("permission_set_rows")

_ON_OBJECTS = {
    "PermissionsRead": "allowRead",
    "PermissionsCreate": "allowCreate",
    "PermissionsEdit": "allowEdit",
    "PermissionsDelete": "allowDelete",
    "PermissionsViewAllRecords": "viewAllRecords",
    "PermissionsModifyAllRecords": "modifyAllRecords",
}
_ON_FIELDS = {"PermissionsRead": "readable", "PermissionsEdit": "editable"}


def keep_rights(org: Org) -> None:
    """Makes the rows follow what was deployed: a set keeps its id, its rights are written anew."""
    with org.storage.transaction() as connection:
        found = connection.execute("SELECT name, label, rights FROM emulator_rights ORDER BY name").fetchall()
        known = dict(connection.execute("SELECT Name, Id FROM PermissionSet WHERE IsDeleted = 0").fetchall())
        for name, label, rights in found:
            if name not in known:
                known[name] = _insert(org, "PermissionSet", [{"Name": name, "Label": label or name}])[0]
            for sobject in ("ObjectPermissions", "FieldPermissions"):
                connection.execute(f"DELETE FROM {quoted(sobject)} WHERE ParentId = ?", (known[name],))
            _write_rights(org, known[name], json.loads(rights))
        for sobject in ("ObjectPermissions", "FieldPermissions"):
            org.storage.recount(sobject)
        for follow in org.followers:
            follow(org)


def _write_rights(org: Org, parent: str, rights: list[Mapping[str, str]]) -> None:
    objects, fields = [], []
    for right in rights:
        if "object" in right:
            objects.append(_row(parent, right["object"], right, _ON_OBJECTS))
        elif "field" in right:
            row = _row(parent, right["field"].partition(".")[0], right, _ON_FIELDS)
            fields.append(row | {"Field": right["field"]})
    _insert(org, "ObjectPermissions", objects)
    _insert(org, "FieldPermissions", fields)


def _row(parent: str, sobject: str, right: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    given = {column: right.get(tag) == "true" for column, tag in names.items()}
    return {"ParentId": parent, "SobjectType": sobject, **given}


def _insert(org: Org, sobject: str, rows: list[dict[str, Any]]) -> list[str]:
    target = org.storage.schema.objects[sobject.lower()]
    written = writes.write(org, "insert", from_json(org.storage.schema, target, rows), seeding=True)
    return [i for i in written.ids if i is not None]
