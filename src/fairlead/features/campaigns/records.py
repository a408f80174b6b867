"""The figures of sent campaigns as they are kept."""

from collections.abc import Mapping
from datetime import datetime

from fairlead.features.campaigns import rules
from fairlead.features.campaigns.models import SentCampaign

Known = Mapping[str, tuple[rules.Figures, str]]
"""Figures by campaign, and when they were asked for (ISO)."""


async def figures(org_id: int, client_id: str) -> Known:
    """What was last told of a client's campaigns."""
    found = SentCampaign.objects.filter(org_id=org_id, client=client_id).values_list("campaign", "figures", "asked_at")
    return {campaign: (kept, asked_at) async for campaign, kept, asked_at in found}


def keep(org_id: int, client_id: str, told: Mapping[str, rules.Figures], now: datetime) -> None:
    """Keep what was just told; call inside a transaction."""
    SentCampaign.objects.bulk_create(
        [
            SentCampaign(
                org_id=org_id, client=client_id, campaign=campaign, figures=each, asked_at=f"{now:%Y-%m-%dT%H:%M:%S}"
            )
            for campaign, each in told.items()
        ],
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["org", "campaign"],
        update_fields=["client", "figures", "asked_at"],
    )
