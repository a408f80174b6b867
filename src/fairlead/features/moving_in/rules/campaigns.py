"""Links of campaigns: which sent campaign goes with which Salesforce campaign, on either of the package's records (2.9)."""

from collections.abc import Iterator
from typing import Final

from fairlead.features.moving_in.rules import words
from fairlead.features.moving_in.rules.words import Item, Kind, Old, Verdict, text

_REASON: Final = "Both name each other, so that Fairlead writes figures and campaign members there."


def links(old: Old) -> Iterator[Item]:
    """Each pair once. A campaign that is linked to two needs a decision."""
    pairs: dict[str, dict[str, str]] = {}
    for row in old.of(words.CAMPAIGN):
        if text(row, "Salesforce_Campaign__c"):
            pairs.setdefault(text(row, "Campaign_ID__c"), {})[text(row, "Salesforce_Campaign__c")] = text(row, "Name")
    for row in old.of(words.CRM_CAMPAIGN):
        campaign = text(row, "Campaign_Monitor_Id__c")
        if campaign:
            pairs.setdefault(campaign, {}).setdefault(text(row, "Id"), text(row, "Name"))
    for campaign, found in pairs.items():
        for crm, name in found.items():
            alone = len(found) == 1
            yield Item(
                f"campaign:{campaign}:{crm}",
                Kind.CAMPAIGN,
                Verdict.TAKE if alone else Verdict.DECIDE,
                name,
                _REASON
                if alone
                else f"The sent campaign is linked to {len(found)} Salesforce campaigns: tick one of them.",
                writes=(f"Link of the sent campaign {campaign} and the Salesforce campaign {crm}",),
                payload={"campaign": campaign, "crm": crm},
            )
