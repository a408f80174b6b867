"""What follows a deployment: buttons learn where Fairlead is, and the integration user may see what was deployed."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

import msgspec

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused
from fairlead.salesforce.query import quote

FULL_ACCESS: Final = "Fairlead_Full_Access"


class _Settings(msgspec.Struct):
    id: str = msgspec.field(name="Id")
    address: str | None = msgspec.field(name="Address__c", default=None)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was not yet so, and what the org did not let be done, as sentences."""

    address_set: bool
    access_given: bool
    problems: tuple[str, ...] = ()


async def settle(crm: Salesforce, address: str) -> Settled:
    """Store Fairlead's address for the org's buttons, and give the signed-in user full access. Safe to repeat.

    Fields that are deployed are seen by nobody, not even by administrators, until a permission set gives them. What is
    refused is told, as an administrator can do it by hand; raises Unavailable and SessionRefused.
    """
    me = await crm.identity()
    given, first = await _tried(_give_access(crm, me.user_id), f"give its user the permission set {FULL_ACCESS}")
    told, second = await _tried(_set_address(crm, me.organization_id, address.rstrip("/")), "store its address")
    return Settled(told, given, tuple(filter(None, (first, second))))


async def _tried(work: Awaitable[bool], doing: str) -> tuple[bool, str]:
    try:
        return await work, ""
    except (SetupRefused, RecordRefused, RequestWrong) as error:
        return False, f"The org does not let Fairlead {doing}: {error.text} {error.step}".strip()


async def _give_access(crm: Salesforce, user_id: str) -> bool:
    found = [each for each in await crm.permission_sets.all() if each.name == FULL_ACCESS]
    given = [await crm.permission_sets.assign(each.id, user_id) for each in found]
    return any(given)


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
