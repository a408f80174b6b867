"""Campaigns of both kinds as the org has them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from fairlead.features.salesforce_campaigns.rules.links import FIGURES, CrmCampaign, Sent, tags_of
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote, split_in

_CRM: Final = (
    f"SELECT Id, Name, CM_Campaign__r.{names.CAMPAIGN_KEY}, CM_Campaign_Id__c, {', '.join(FIGURES)} FROM Campaign WHERE"
)
_SENT: Final = (
    f"SELECT Id, {names.CAMPAIGN_KEY}, Name, Salesforce_Campaign__c, Client__r.{names.CLIENT_KEY}, Sent_Date__c, Tags__c, "
    f"{', '.join(FIGURES.values())} FROM {names.CAMPAIGN}"
)
LINKED: Final = "CM_Campaign__c != null OR CM_Campaign_Id__c != null"
LATEST: Final = 50


async def rows(crm: Salesforce, soql: str) -> list[dict[str, Any]]:
    """All records of a query."""
    return [record async for page in crm.query(soql) for record in page]


async def linked_campaigns(crm: Salesforce) -> list[CrmCampaign]:
    """Salesforce campaigns that name a campaign, in either way."""
    return [_crm(row) for row in await rows(crm, f"{_CRM} {LINKED}")]


async def campaign(crm: Salesforce, crm_id: str) -> CrmCampaign | None:
    """One Salesforce campaign."""
    found = await rows(crm, f"{_CRM} Id = {quote(crm_id)}")
    return _crm(found[0]) if found else None


def _containing(words: str) -> str:
    """The SOQL condition that a name contains the words, as they are."""
    escaped = quote(words)[1:-1].replace("%", "\\%").replace("_", "\\_")
    return f"Name LIKE '%{escaped}%'"


async def campaigns_named(crm: Salesforce, words: str) -> list[CrmCampaign]:
    """The latest Salesforce campaigns whose name contains the words."""
    return [
        _crm(row) for row in await rows(crm, f"{_CRM} {_containing(words)} ORDER BY CreatedDate DESC LIMIT {LATEST}")
    ]


async def sent(crm: Salesforce, ids: Iterable[str], *, since: datetime | None = None) -> list[Sent]:
    """Sent campaigns that name a Salesforce campaign or were sent `since`, and those of the ids, wherever they are."""
    where = " WHERE Salesforce_Campaign__c != null"
    if since is not None:
        where += f" OR Sent_Date__c >= {since:%Y-%m-%dT%H:%M:00Z}"
    found = [_sent(row) for row in await rows(crm, _SENT + where)]
    missing = sorted(set(ids) - {one.id for one in found})
    for soql in split_in(f"{_SENT} WHERE {names.CAMPAIGN_KEY} IN", missing):
        found += [_sent(row) for row in await rows(crm, soql)]
    return found


async def latest_sent(crm: Salesforce, words: str = "") -> list[Sent]:
    """The campaigns sent last whose name contains the words, the last first."""
    where = f" WHERE {_containing(words)}" if words else ""
    return [
        _sent(row) for row in await rows(crm, f"{_SENT}{where} ORDER BY Sent_Date__c DESC NULLS LAST LIMIT {LATEST}")
    ]


async def one_sent(crm: Salesforce, campaign_id: str) -> Sent | None:
    """One sent campaign."""
    found = await rows(crm, f"{_SENT} WHERE {names.CAMPAIGN_KEY} = {quote(campaign_id)}")
    return _sent(found[0]) if found else None


async def synced_clients(crm: Salesforce) -> set[str]:
    """Ids of the clients that the last sync wrote as active."""
    soql = f"SELECT {names.CLIENT_KEY} FROM {names.CLIENT} WHERE Status__c = 'Active'"
    return {row[names.CLIENT_KEY] for row in await rows(crm, soql)}


async def statuses(crm: Salesforce, crm_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Member statuses by campaign, in their order: Label, SortOrder, HasResponded, IsDefault."""
    found: dict[str, list[dict[str, Any]]] = {crm_id: [] for crm_id in crm_ids}
    fields = "CampaignId, Label, SortOrder, HasResponded, IsDefault"
    for soql in split_in(
        f"SELECT {fields} FROM CampaignMemberStatus WHERE CampaignId IN", crm_ids, "ORDER BY SortOrder"
    ):
        for row in await rows(crm, soql):
            found[row["CampaignId"]].append(row)
    return found


def moment(text: str | None) -> datetime | None:
    """A date and time of the org, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _crm(row: dict[str, Any]) -> CrmCampaign:
    named = (row["CM_Campaign__r"] or {}).get(names.CAMPAIGN_KEY) or ""
    return CrmCampaign(row["Id"], row["Name"], named, row["CM_Campaign_Id__c"] or "", {f: row[f] for f in FIGURES})


def _sent(row: dict[str, Any]) -> Sent:
    return Sent(
        row["Id"],
        row[names.CAMPAIGN_KEY],
        row["Name"],
        row["Salesforce_Campaign__c"] or "",
        (row["Client__r"] or {}).get(names.CLIENT_KEY) or "",
        moment(row["Sent_Date__c"]),
        tags_of(row["Tags__c"]),
        {f: row[f] for f in FIGURES.values()},
    )
