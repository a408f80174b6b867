"""Counts that a campaign keeps of its members. Triggers keep them, so that they are right however a member is written."""

from typing import Final

from fairlead_emulators.salesforce.facts import fact

fact("campaign_counts")

_COUNTS: Final = (
    ("NumberOfContacts", "({0}.ContactId IS NOT NULL)"),
    ("NumberOfLeads", "({0}.LeadId IS NOT NULL)"),
    ("NumberOfConvertedLeads", "({0}.LeadId IS NOT NULL AND {0}.ContactId IS NOT NULL)"),
    ("NumberOfResponses", "coalesce({0}.HasResponded, 0)"),
)


def _change(row: str, sign: str) -> str:
    sets = ", ".join(f"{name} = coalesce({name}, 0) {sign} {amount.format(row)}" for name, amount in _COUNTS)
    return f"UPDATE Campaign SET {sets} WHERE Id = {row}.CampaignId AND {row}.IsDeleted = 0;"


TRIGGERS: Final = (
    "CREATE TRIGGER IF NOT EXISTS members_made AFTER INSERT ON CampaignMember BEGIN " + _change("new", "+") + " END",
    "CREATE TRIGGER IF NOT EXISTS members_changed AFTER UPDATE OF CampaignId, ContactId, LeadId, HasResponded, "
    "IsDeleted ON CampaignMember BEGIN " + _change("old", "-") + " " + _change("new", "+") + " END",
)
