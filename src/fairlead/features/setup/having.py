"""What there is after the first sync: records by object, and where to look at them in Salesforce."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote as in_address

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

LABELS: Final = {
    names.CLIENT: "Clients",
    names.LIST: "Lists",
    names.MEMBER: "Members",
    names.CAMPAIGN: "Campaigns",
    names.TRACKING: "Tracking events",
    names.SUPPRESSION: "Suppressed addresses",
    names.JOURNEY: "Journeys",
}
APP: Final = "Fairlead"
DASHBOARD: Final = "Email_Marketing"
_REFUSED = (SetupRefused, RecordRefused, RequestWrong)


@dataclass(frozen=True, slots=True)
class Link:
    """A place in Salesforce, and what stands there."""

    title: str
    address: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Having:
    """Records by object with a link to each, how many members are linked, and further places."""

    records: list[tuple[str, int, str]]
    linked: int
    links: list[Link] = field(default_factory=list)


async def look(org_id: int) -> Having:
    """Count, and find the app, the dashboard and a member as an example. Raises a Failure."""
    async with sides.salesforce(org_id) as crm:
        with salesforce_failures("count Fairlead's records"):
            counts = await asyncio.gather(*(crm.count(f"SELECT COUNT() FROM {name}") for name in LABELS))
            linked = await crm.count(f"SELECT COUNT() FROM {names.MEMBER} WHERE Contact__c != null OR Lead__c != null")
            base = f"{await crm.instance_url()}/lightning"
            rows = [
                (label, count, f"{base}/o/{name}/list?filterName=All")
                for (name, label), count in zip(LABELS.items(), counts, strict=True)
            ]
            return Having(rows, linked, [each async for each in _links(crm, base)])


async def _links(crm: Salesforce, base: str) -> AsyncIterator[Link]:
    app = await _first(crm, f"SELECT DurableId FROM AppDefinition WHERE DeveloperName = '{APP}'")
    place = f"{base}/app/{in_address(app['DurableId'])}" if app else f"{base}/app/c__{APP}"
    yield Link("The app Fairlead", place, "lists, members, campaigns and reports in one place")
    dashboard = await _first(crm, f"SELECT Id FROM Dashboard WHERE DeveloperName = '{DASHBOARD}'")
    if dashboard:
        address = f"{base}/r/Dashboard/{dashboard['Id']}/view"
        yield Link("The dashboard", address, "growth, opens, clicks and bounces")
    yield Link("Active members", f"{base}/o/{names.MEMBER}/list?filterName=Active", "a list view")
    unlinked = f"{base}/o/{names.MEMBER}/list?filterName=Not_Linked"
    yield Link("Members without contact or lead", unlinked, "a list view")
    for linked, about in ((" WHERE Contact__c != null", "linked to a contact"), ("", "as it came")):
        member = await _first(crm, f"SELECT Id FROM {names.MEMBER}{linked}")
        if member:
            yield Link("A member as an example", f"{base}/r/{names.MEMBER}/{member['Id']}/view", about)
            return


async def _first(crm: Salesforce, soql: str) -> dict[str, Any] | None:
    try:
        return next(iter([row async for page in crm.query(f"{soql} LIMIT 1") for row in page]), None)
    except _REFUSED:
        return None
