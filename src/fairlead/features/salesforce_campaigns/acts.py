"""What a person does with links, and what a page or a command shows of them: read and written live in the org."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fairlead.domain.failure import FixTheSettings, FixThisRecord
from fairlead.domain.rates import Rates, rates
from fairlead.domain.setting import Values
from fairlead.features.salesforce_campaigns import org_reading
from fairlead.features.salesforce_campaigns.links import chosen_filter
from fairlead.features.salesforce_campaigns.rules.links import CrmCampaign, Sent, Verdict
from fairlead.features.salesforce_campaigns.rules.statuses import StatusMap
from fairlead.features.salesforce_campaigns.settings import STATUS_MAP
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.sync.failures import salesforce_failures

DOING: Final = "read and link campaigns"


class NoSuchCampaign(FixTheSettings):
    """No record of a sent campaign has that id."""

    code = "FL-355"
    next_step = (
        "`fairlead campaigns list --find WORDS` lists the sent campaigns that the org has; a sync brings new ones."
    )

    def __init__(self, campaign: str) -> None:
        super().__init__(f"The org has no sent campaign {campaign!r}.")


class NoSuchSalesforceCampaign(FixTheSettings):
    """No Salesforce campaign has that id, or the user Fairlead signs in as may not see it."""

    code = "FL-356"
    next_step = "Copy the id from the campaign's address in Salesforce; it begins with 701."

    def __init__(self, crm_id: str) -> None:
        super().__init__(f"The org shows no Salesforce campaign {crm_id!r}.")


class AlreadyLinked(FixTheSettings):
    """One of the two is linked to something else."""

    code = "FL-357"

    def __init__(self, name: str, other: str) -> None:
        super().__init__(f"“{name}” is linked to {other} already.", next_step="Unlink it first.")


class NotLinked(FixTheSettings):
    """There is nothing to unlink."""

    code = "FL-358"
    next_step = "`fairlead campaigns list` lists what is linked."

    def __init__(self, campaign: str) -> None:
        super().__init__(f"The campaign {campaign!r} is linked to no Salesforce campaign.")


class LinkRefused(FixThisRecord):
    """Salesforce would not take the link on one of the records."""

    code = "FL-446"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Salesforce would not take the link: {reason}", next_step="Correct that, then try again.")


@dataclass(frozen=True, slots=True)
class Linked:
    """A pair as the org has it now; `sent` is None where the campaign's record is not there."""

    crm: CrmCampaign
    sent: Sent | None


async def linked(crm: Salesforce) -> list[Linked]:
    """Every pair, the latest sent first."""
    with salesforce_failures(DOING):
        campaigns = await org_reading.linked_campaigns(crm)
        sent = {one.id: one for one in await org_reading.sent(crm, {one.named or one.key for one in campaigns})}
    pairs = [Linked(one, sent.get(one.named or one.key)) for one in campaigns]
    return sorted(pairs, key=_latest_first)


def _latest_first(pair: Linked) -> tuple[float, str]:
    when = pair.sent.sent if pair.sent is not None else None
    return (-when.timestamp() if when else 0.0, pair.crm.name)


async def link(crm: Salesforce, campaign: str, crm_id: str) -> Linked:
    """Link both, on both sides. Linking what is linked to each other already is harmless.

    Raises NoSuchCampaign, NoSuchSalesforceCampaign, AlreadyLinked, LinkRefused.
    """
    with salesforce_failures(DOING):
        sent = await org_reading.one_sent(crm, campaign)
        if sent is None:
            raise NoSuchCampaign(campaign)
        found = await org_reading.campaign(crm, crm_id) if crm_id.isalnum() else None
        if found is None:
            raise NoSuchSalesforceCampaign(crm_id)
        if (found.named or found.key) not in {"", sent.id}:
            raise AlreadyLinked(found.name, f"the campaign {found.named or found.key}")
        if sent.linked_to not in {"", found.id}:
            raise AlreadyLinked(sent.name, f"the Salesforce campaign {sent.linked_to}")
        await _tell(crm, [(found.id, sent)], sent, found.id)
    return Linked(found, sent)


async def unlink(crm: Salesforce, campaign: str) -> list[str]:
    """Let go of the Salesforce campaigns that name this campaign; their ids. Members and figures stay.

    Raises NotLinked, LinkRefused.
    """
    with salesforce_failures(DOING):
        named = [one for one in await org_reading.linked_campaigns(crm) if campaign in {one.named, one.key}]
        sent = await org_reading.one_sent(crm, campaign)
        if not named and (sent is None or not sent.linked_to):
            raise NotLinked(campaign)
        await _tell(crm, [(one.id, None) for one in named], sent, "")
    return [one.id for one in named]


async def _tell(crm: Salesforce, pairs: Iterable[tuple[str, Sent | None]], sent: Sent | None, linked_to: str) -> None:
    changed: list[dict[str, Any]] = [
        {"Id": crm_id, "CM_Campaign__c": one.record if one else None, "CM_Campaign_Id__c": one.id if one else None}
        for crm_id, one in pairs
    ]
    results = await crm.collections.update("Campaign", changed) if changed else []
    if sent is not None:
        record = {"Id": sent.record, "Salesforce_Campaign__c": linked_to or None}
        results += await crm.collections.update(names.CAMPAIGN, [record])
    for told in results:
        if not told.success:
            raise LinkRefused(f"{told.message} ({told.code})")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search by name found on both sides."""

    sent: list[Sent]
    crm: list[CrmCampaign]


async def search(crm: Salesforce, words: str) -> Found:
    """The latest campaigns of both kinds whose names contain the words; all of the latest for none."""
    with salesforce_failures(DOING):
        sent = await org_reading.latest_sent(crm, words)
        return Found(sent, await org_reading.campaigns_named(crm, words))


async def preview(
    crm: Salesforce, chosen: Values, since: datetime | None, created: set[str]
) -> list[tuple[Sent, Verdict]]:
    """What automatic creation would do with each of the campaigns sent last. `since` None: as if it had always been on."""
    with salesforce_failures(DOING):
        latest = await org_reading.latest_sent(crm)
        taken = {one.named or one.key for one in await org_reading.linked_campaigns(crm)}
        clients = await org_reading.synced_clients(crm)
    passes = chosen_filter(chosen, clients, since)
    return [(one, passes.verdict(one, taken, created)) for one in latest]


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line of the map on one campaign: `there` tells whether the campaign has the status, `responded` what it means."""

    activity: str
    status: str
    there: bool
    responded: bool
    differs: bool


async def status_lines(crm: Salesforce, chosen: Values, crm_id: str) -> list[StatusLine]:
    """The map of statuses, held against one Salesforce campaign; against none for a blank id.

    `differs`: the campaign has the status with another meaning than the map gives it. It stays as it is there.
    """
    there: dict[str, bool] = {}
    if crm_id:
        with salesforce_failures("read member statuses"):
            rows = (await org_reading.statuses(crm, [crm_id]))[crm_id]
        there = {row["Label"].lower(): bool(row["HasResponded"]) for row in rows}
    lines = chosen.of(STATUS_MAP)
    statuses = StatusMap.of(lines)
    return [
        StatusLine(
            activity,
            status,
            status.lower() in there,
            there.get(status.lower(), status.lower() in statuses.responses),
            status.lower() in there and there[status.lower()] != (status.lower() in statuses.responses),
        )
        for activity, status in statuses.by_activity.items()
    ]


async def campaign_rates(crm: Salesforce, campaign: str) -> tuple[Sent, Rates]:
    """A sent campaign and its rates. Raises NoSuchCampaign."""
    with salesforce_failures(DOING):
        sent = await org_reading.one_sent(crm, campaign)
    if sent is None:
        raise NoSuchCampaign(campaign)
    names_of = ("Recipients__c", "Bounces__c", "Unique_Opens__c", "Clicks__c")
    return sent, rates(*(float(sent.figures[name] or 0) for name in names_of))
