"""Which record types of an object the acting user may give to records."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.access.rights import permission_sets
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import acting
from fairlead_emulators.salesforce.state.org import Org

fact("record_type_infos")

KEPT: Final = "record_type_visibilities"
"""Where deployments keep `{"PermissionSet:name": {"Account.Big": is_default}}`, names of sets and profiles as deployed."""
MASTER: Final = "012000000000000AAA"
_PROFILES: Final = {"System Administrator": "Admin", "Standard User": "Standard"}
"""What metadata calls the standard profiles."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type. `default`: new records have it unless another is given."""

    id: str
    name: str
    developer_name: str
    active: bool
    available: bool
    default: bool
    master: bool = False


def record_types(org: Org, sobject: str) -> list[RecordType]:
    """The object's record types by name, the master last."""
    with org.storage.lock:
        connection = org.storage.connection
        rows = connection.execute(
            "SELECT Id, Name, DeveloperName, IsActive FROM RecordType WHERE SobjectType = ? AND IsDeleted = 0 ORDER BY Name, Id",
            (sobject,),
        ).fetchall()
        given = _given(org, connection, sobject) if rows else {}
    user = acting.get()
    everything = user is None or user.everything
    found = [
        RecordType(
            identity, name, developer, bool(active), bool(active) and (everything or developer.lower() in given),
            bool(active) and given.get(developer.lower(), False),
        )
        for identity, name, developer, active in rows
    ]  # fmt: skip
    master_is_default = not any(each.default for each in found)
    return [*found, RecordType(MASTER, "Master", "Master", True, True, master_is_default, True)]


def infos(org: Org, sobject: str, root: str) -> list[dict[str, Any]]:
    """The items of describe's `recordTypeInfos`."""
    layouts = f"{root}/sobjects/{sobject}/describe/layouts"
    return [
        {
            "active": each.active,
            "available": each.available,
            "defaultRecordTypeMapping": each.default,
            "developerName": each.developer_name,
            "master": each.master,
            "name": each.name,
            "recordTypeId": each.id,
            "urls": {"layout": f"{layouts}/{each.id}"},
        }
        for each in record_types(org, sobject)
    ]


def _given(org: Org, connection: sqlite3.Connection, sobject: str) -> Mapping[str, bool]:
    """The developer names, in lower case, that the user's sets and profile make visible; true for the default."""
    kept = org.storage.meta(KEPT) or {}
    found: dict[str, bool] = {}
    for source in _sources(org, connection):
        for name, default in kept.get(source, {}).items():
            owner, _, developer = name.partition(".")
            if owner.lower() == sobject.lower():
                found[developer.lower()] = found.get(developer.lower(), False) or bool(default)
    return found


def _sources(org: Org, connection: sqlite3.Connection) -> list[str]:
    user_id = org.acting_user()
    query = "SELECT p.Id, p.Name FROM User AS u JOIN Profile AS p ON p.Id = u.ProfileId WHERE u.Id = ?"
    profile = connection.execute(query, (user_id,)).fetchone()
    if profile is None:
        return []
    sets = permission_sets(connection, user_id, profile[0])
    marks = ", ".join("?" * len(sets))
    names = connection.execute(f"SELECT Name FROM PermissionSet WHERE Id IN ({marks})", sets)
    return [f"Profile:{_PROFILES.get(profile[1], profile[1])}", *(f"PermissionSet:{row[0]}" for row in names)]
