"""Campaign members as the org has them, of one campaign and of the people asked for only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.features.salesforce_campaigns.org_reading import moment, rows
from fairlead.features.salesforce_campaigns.rules.members import Member, Person
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote, split_in

_FIELDS: Final = "Id, ContactId, LeadId, Status, CM_Activity__c, CM_Activity_Date__c, CM_Opens__c, CM_Clicks__c"


@dataclass(slots=True)
class Existing:
    """Members by the id of their contact and of their lead."""

    by_contact: dict[str, Member] = field(default_factory=dict)
    by_lead: dict[str, Member] = field(default_factory=dict)

    def add(self, member: Member) -> None:
        if member.contact:
            self.by_contact[member.contact] = member
        if member.lead:
            self.by_lead[member.lead] = member


async def members(crm: Salesforce, campaign: str, people: Sequence[Person]) -> Existing:
    """The members that these people are: by contact, and by lead, for a person may have come in as either."""
    found = Existing()
    for name, ids in (("ContactId", [p.contact for p in people]), ("LeadId", [p.lead for p in people])):
        before = f"SELECT {_FIELDS} FROM CampaignMember WHERE CampaignId = {quote(campaign)} AND {name} IN"
        for soql in split_in(before, sorted({i for i in ids if i})):
            for row in await rows(crm, soql):
                found.add(_member(row))
    return found


async def none_yet(crm: Salesforce, campaign: str) -> bool:
    """Whether a campaign has no member at all: then nobody need be looked for."""
    return not await rows(crm, f"SELECT Id FROM CampaignMember WHERE CampaignId = {quote(campaign)} LIMIT 1")


async def contacts_of_leads(crm: Salesforce, leads: Iterable[str]) -> dict[str, str]:
    """Lead id → the contact that it was converted to."""
    found: dict[str, str] = {}
    for soql in split_in(
        "SELECT Id, ConvertedContactId FROM Lead WHERE IsConverted = true AND Id IN", sorted(set(leads))
    ):
        found |= {row["Id"]: row["ConvertedContactId"] or "" for row in await rows(crm, soql)}
    return found


def _member(row: dict[str, Any]) -> Member:
    return Member(
        row["Id"],
        row["ContactId"] or "",
        row["LeadId"] or "",
        row["Status"] or "",
        row["CM_Activity__c"] or "",
        moment(row["CM_Activity_Date__c"]),
        _whole(row["CM_Opens__c"]),
        _whole(row["CM_Clicks__c"]),
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
