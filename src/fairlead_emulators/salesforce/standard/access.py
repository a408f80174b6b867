"""The rows that tell what the signed-in user may do: one for who may do everything, one for all others.

Each user sees the one that holds for it: `model.acting.own_row`.
"""

from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org

fact("user_permission_access")
fact("ordinary_permissions")

ADMINISTERS: Final = (
    "PermissionsModifyMetadata",
    "PermissionsCustomizeApplication",
    "PermissionsModifyAllData",
    "PermissionsViewAllData",
    "PermissionsAssignPermissionSets",
)
"""What only who may do everything has."""


def lay(org: Org) -> None:
    """Puts the rows into the org."""
    schema = org.storage.whole
    rows = [{}, dict.fromkeys(ADMINISTERS, False)]
    writes.write(org, "insert", from_json(schema, schema.objects["userpermissionaccess"], rows), seeding=True)
