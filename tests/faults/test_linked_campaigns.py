"""Linked campaigns through the whole service: account, org, worker and command line."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fairlead.salesforce import Salesforce
from tests.conformance import emulated
from tests.faults.installation import Installation

pytestmark = pytest.mark.slow


def in_the_org(fairlead: Installation, work: Any) -> Any:
    """What `work` awaits of the org."""

    async def inside() -> Any:
        async with emulated.org_of(fairlead.emulators) as crm:
            return await work(crm)

    return asyncio.run(inside())


def rows(fairlead: Installation, soql: str) -> list[dict[str, Any]]:
    """Records of a query."""

    async def work(crm: Salesforce) -> list[dict[str, Any]]:
        return [row async for page in crm.query(soql) for row in page]

    return in_the_org(fairlead, work)


def person(row: dict[str, Any], contact: str, lead: str) -> str:
    return row[contact] or row[lead]


def test_from_linking_to_members_and_back_to_silence(tmp_path: Path) -> None:
    """Linked after its history was read: members are whom the history names, with its opens and clicks; then all is quiet."""
    with Installation(tmp_path / "home") as fairlead:
        fairlead.start_worker()
        fairlead.sync()
        campaign = fairlead.run("campaigns", "list", "--find", "Monthly news 1")["sent"][0]["id"]
        crm_id = in_the_org(fairlead, lambda crm: crm.records.create("Campaign", {"Name": "News"}))
        fairlead.run("campaigns", "link", campaign, crm_id)

        told = fairlead.sync()

        events = rows(
            fairlead,
            "SELECT Activity__c, Contact__c, Lead__c FROM CM_Tracking__c "
            f"WHERE Campaign__r.Campaign_Id__c = '{campaign}' AND (Contact__c != null OR Lead__c != null)",
        )
        members = rows(
            fairlead,
            "SELECT ContactId, LeadId, Status, CM_Activity__c, CM_Opens__c, CM_Clicks__c FROM CampaignMember "
            f"WHERE CampaignId = '{crm_id}'",
        )
        assert members
        assert len(members) == told["job"]["counts"]["campaign_members_written"]
        counted = Counter((person(e, "Contact__c", "Lead__c"), e["Activity__c"]) for e in events)
        shown = {person(m, "ContactId", "LeadId"): (m["CM_Opens__c"], m["CM_Clicks__c"]) for m in members}
        assert shown == {who: (counted[who, "Opened"], counted[who, "Clicked"]) for who, _ in counted}
        assert all(m["Status"] == m["CM_Activity__c"] for m in members)

        quiet = fairlead.sync()
        assert quiet["job"]["counts"].get("campaign_members_written", 0) == 0
        assert quiet["job"]["counts"]["figures_written"] == 0

        fairlead.run("campaigns", "unlink", campaign)
        fairlead.sync()
        left = rows(fairlead, f"SELECT Id FROM CampaignMember WHERE CampaignId = '{crm_id}'")
        assert len(left) == len(members)
        assert fairlead.run("campaigns", "list")["campaigns"] == []
