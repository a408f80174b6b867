"""The rights of a user, added up over the profile and the assigned permission sets."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org

fact("rights_add_up")
fact("standard_user")
fact("custom_permissions")

READ, CREATE, EDIT, DELETE, VIEW_ALL, MODIFY_ALL = "read", "create", "edit", "delete", "view all", "modify all"
_COLUMNS: Final = {
    "PermissionsRead": READ,
    "PermissionsCreate": CREATE,
    "PermissionsEdit": EDIT,
    "PermissionsDelete": DELETE,
    "PermissionsViewAllRecords": VIEW_ALL,
    "PermissionsModifyAllRecords": MODIFY_ALL,
}
#: What the profile Standard User may do; permission sets add to it.
_STANDARD: Final = ("Account", "Contact", "Lead", "Campaign", "Individual", "Opportunity", "Case")
_STANDARD_RIGHTS: Final = frozenset({READ, CREATE, EDIT, DELETE})


@dataclass(slots=True)
class Rights:
    """What one user may do. Names are lower-case; `fields` by `object.field`: (may read, may edit)."""

    user_id: str
    everything: bool = False
    api: bool = True
    objects: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, tuple[bool, bool]] = field(default_factory=dict)

    def may(self, right: str, sobject: str) -> bool:
        """Whether the user has that right on the object."""
        has = self.objects.get(sobject.lower(), set())
        return self.everything or right in has or MODIFY_ALL in has or (right == READ and VIEW_ALL in has)


def rights_of(org: Org, user_id: str) -> Rights:
    """The rights of an active user; none at all for others."""
    with org.storage.lock:
        connection = org.storage.connection
        row = connection.execute(
            "SELECT u.IsActive, p.PermissionsModifyAllData, p.PermissionsApiEnabled, p.Id, p.Name FROM User AS u "
            "JOIN Profile AS p ON p.Id = u.ProfileId WHERE u.Id = ? AND u.IsDeleted = 0",
            (user_id,),
        ).fetchone()
        if row is None or not row[0]:
            return Rights(user_id, api=False)
        rights = Rights(user_id, bool(row[1]), bool(row[2]))
        if row[4] == "Standard User":
            rights.objects = {name.lower(): set(_STANDARD_RIGHTS) for name in _STANDARD}
        _add(connection, rights, permission_sets(connection, user_id, row[3]))
    return rights


def permission_sets(connection: sqlite3.Connection, user_id: str, profile_id: str) -> list[str]:
    """The ids of the permission sets that a user has, the profile's own among them."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = ? AND IsDeleted = 0 "
            "UNION SELECT Id FROM PermissionSet WHERE ProfileId = ? AND IsOwnedByProfile = 1 AND IsDeleted = 0",
            (user_id, profile_id),
        )
    ]


def _add(connection: sqlite3.Connection, rights: Rights, sets: Iterable[str]) -> None:
    asked = json.dumps(list(sets))
    among = "WHERE IsDeleted = 0 AND ParentId IN (SELECT value FROM json_each(?))"
    columns = ", ".join(_COLUMNS)
    for name, *given in connection.execute(f"SELECT SobjectType, {columns} FROM ObjectPermissions {among}", (asked,)):
        has = rights.objects.setdefault(name.lower(), set())
        has.update(right for right, yes in zip(_COLUMNS.values(), given, strict=True) if yes)
    for name, read, edit in connection.execute(
        f"SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions {among}", (asked,)
    ):
        had = rights.fields.get(name.lower(), (False, False))
        rights.fields[name.lower()] = (had[0] or bool(read) or bool(edit), had[1] or bool(edit))
