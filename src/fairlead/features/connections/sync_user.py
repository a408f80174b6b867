"""Who Fairlead is in the org (F6, F12): read from the org each time it is shown, not kept."""

from dataclasses import dataclass

from fairlead.domain import record_id
from fairlead.salesforce import rights
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.rights import Need
from fairlead.sync.failures import salesforce_failures


@dataclass(frozen=True, slots=True)
class SyncUser:
    """The user, and which of the rights that a sync user needs (F84) are missing. Names are shown, never kept."""

    id: str
    name: str
    username: str
    missing: tuple[Need, ...] = ()

    @property
    def vital(self) -> tuple[Need, ...]:
        """Missing rights without which the sync does not work."""
        return tuple(need for need in self.missing if need.vital)


async def who(crm: Salesforce) -> SyncUser:
    """Who is signed in. Costs one call."""
    with salesforce_failures("read who is signed in"):
        identity = await crm.identity()
    return SyncUser(record_id.to_18(identity.user_id), identity.display_name, identity.username)


async def look(crm: Salesforce) -> SyncUser:
    """Who is signed in and what rights are missing; costs a call for each object that is looked at."""
    user = await who(crm)
    with salesforce_failures("read the rights of who is signed in"):
        found = await rights.look(crm)
    return SyncUser(user.id, user.name, user.username, found.missing)
