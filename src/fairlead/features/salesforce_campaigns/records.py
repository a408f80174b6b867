"""What Fairlead keeps of links: what was agreed last, what it created, since when it creates, and which activity is due."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db import models, transaction

from fairlead.domain.records import Scope
from fairlead.features.salesforce_campaigns.models import AutoCreate, Link
from fairlead.features.salesforce_campaigns.settings import AUTO_CREATE
from fairlead.store.models import CampaignActivity, ScopeState, SettingRow

SCOPE: Final = Scope("campaign_links", "all")


def _links(org_id: int) -> models.QuerySet[Link]:
    return Link.objects.filter(scope__org_id=org_id, scope__kind=SCOPE.kind, scope__client=SCOPE.client)


def _scope(org_id: int) -> ScopeState:
    return ScopeState.objects.get_or_create(org_id=org_id, kind=SCOPE.kind, client=SCOPE.client, list=SCOPE.list)[0]


def known(org_id: int) -> dict[str, str]:
    """What was agreed last: campaign id → Salesforce campaign id."""
    return dict(_links(org_id).exclude(linked_to="").values_list("campaign", "linked_to"))


def created(org_id: int) -> set[str]:
    """Campaign ids for which a Salesforce campaign was created."""
    return set(_links(org_id).filter(created=True).values_list("campaign", flat=True))


def creating_since(org_id: int, fence: Callable[[], None], *, on: bool) -> datetime | None:
    """Since when campaigns are created automatically; None while they are not. Turned off and on again, it begins anew."""
    with transaction.atomic():
        fence()
        if not on:
            AutoCreate.objects.filter(org_id=org_id).delete()
            return None
        row, _ = AutoCreate.objects.get_or_create(org_id=org_id, defaults={"since": turned_on(org_id)})
        return row.since


def turned_on(org_id: int) -> datetime:
    """When automatic creation was last changed."""
    changed = SettingRow.objects.filter(org_id=org_id, name=AUTO_CREATE.name).values_list("changed_at", flat=True)
    return changed.first() or datetime.now(UTC)


def note_created(org_id: int, fence: Callable[[], None], links: Mapping[str, str]) -> None:
    """These Salesforce campaigns were created (campaign id → Salesforce campaign id)."""
    with transaction.atomic():
        fence()
        for campaign, crm_id in links.items():
            found = {"created": True, "linked_to": crm_id}
            Link.objects.update_or_create(scope=_scope(org_id), campaign=campaign, defaults=found)


def note_agreed(org_id: int, fence: Callable[[], None], links: Mapping[str, str], waiting: frozenset[str]) -> None:
    """These links hold now. What is linked elsewhere than before is due there anew."""
    with transaction.atomic():
        fence()
        before = known(org_id)
        for campaign in sorted({*before, *links}):
            now = links.get(campaign, "")
            if now == before.get(campaign, "") or (not now and campaign in waiting):
                continue
            Link.objects.update_or_create(scope=_scope(org_id), campaign=campaign, defaults={"linked_to": now})
            if now:
                CampaignActivity.objects.filter(org_id=org_id, campaign=campaign).update(written=False)


def requeue(org_id: int, campaign: str) -> int:
    """Everything of a campaign is due again; tells how many people's activity that is."""
    return CampaignActivity.objects.filter(org_id=org_id, campaign=campaign).update(written=False)


def due(org_id: int) -> models.QuerySet[CampaignActivity]:
    """Activity that the org does not show yet, of people who are a contact or a lead."""
    return (
        CampaignActivity.objects.filter(org_id=org_id, written=False).exclude(contact="", lead="").exclude(last_at=None)
    )


def due_counts(org_id: int, campaigns: Mapping[str, str]) -> dict[str, int]:
    """How much is due, by campaign id, of these campaigns."""
    counted = due(org_id).filter(campaign__in=campaigns).values("campaign").annotate(rows=models.Count("id"))
    return dict(counted.values_list("campaign", "rows"))


def counts(org_id: int) -> dict[str, dict[str, Any]]:
    """By campaign id: people with activity, and how many of them wait."""
    told = CampaignActivity.objects.filter(org_id=org_id).values("campaign")
    told = told.annotate(people=models.Count("id"), waiting=models.Count("id", filter=models.Q(written=False)))
    return {row["campaign"]: dict(row) for row in told}
