"""What follows a deployment: buttons learn where Fairlead is, and the integration user may see what was deployed."""

from dataclasses import dataclass
from typing import Final

import msgspec

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote

FULL_ACCESS: Final = "Fairlead_Full_Access"


class _Settings(msgspec.Struct):
    id: str = msgspec.field(name="Id")
    address: str | None = msgspec.field(name="Address__c", default=None)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was not yet so."""

    address_set: bool
    access_given: bool


async def settle(crm: Salesforce, address: str) -> Settled:
    """Store Fairlead's address for the org's buttons, and give the signed-in user full access. Safe to repeat.

    Fields that are deployed are seen by nobody, not even by administrators, until a permission set gives them.
    """
    me = await crm.identity()
    given = False
    for each in await crm.permission_sets.all():
        if each.name == FULL_ACCESS:
            given = await crm.permission_sets.assign(each.id, me.user_id)
    return Settled(await _set_address(crm, me.organization_id, address.rstrip("/")), given)


async def _set_address(crm: Salesforce, org_id: str, address: str) -> bool:
    soql = f"SELECT Id, Address__c FROM {names.SETTINGS} WHERE SetupOwnerId = {quote(org_id)}"
    rows = [row async for page in crm.query(soql, type=_Settings) for row in page]
    if not rows:
        await crm.records.create(names.SETTINGS, {"SetupOwnerId": org_id, "Address__c": address})
    elif rows[0].address != address:
        await crm.records.update(names.SETTINGS, rows[0].id, {"Address__c": address})
    else:
        return False
    return True
