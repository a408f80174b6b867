"""The row that tells what the signed-in user may do. Here everybody is an administrator."""

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org


@fact("user_permission_access")
def lay(org: Org) -> None:
    """Puts the row into the org."""
    target = org.storage.schema.objects["userpermissionaccess"]
    writes.write(org, "insert", from_json(org.storage.schema, target, [{}]), seeding=True)
