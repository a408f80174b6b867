"""Campaign Monitor's own counters of the selected clients, and what the org has left: what an estimate is made of.

Only numbers, list ids and list names; kept for a quarter of an hour in the process, so that trying choices asks nobody anew.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from asgiref.sync import async_to_sync
from django.core.cache import cache

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.campaigns import SentCampaign
from fairlead.domain.activity import Activity
from fairlead.domain.failure import Failure
from fairlead.features.setup import state
from fairlead.features.setup.rules.estimate import Figures, ListCount, Sending, measured, rates
from fairlead.jobs.models import Job, State
from fairlead.store import known as known_lists
from fairlead.store.models import Org
from fairlead.sync import known, sides
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.known import KnownClient

MOST_LISTS: Final = 300
"""Lists that are asked for their counters; the others are taken for average."""
SAMPLE: Final = 20
"""Campaigns of a client whose figures are read, the latest: their rates stand for the others."""
KEEP_SECONDS: Final = 15 * 60


def read(org: Org) -> Figures:
    """The figures of the selected clients, at most a quarter of an hour old. Raises a Failure."""
    clients = [client for client in known.clients(org.pk) if client.selected]
    key = f"set-up-figures-{org.pk}-{hash(tuple(sorted(client.scope.id for client in clients)))}"
    found = cache.get(key)
    if found is None:
        found, lists = async_to_sync(_read)(org.pk, clients)
        for client in clients:
            known_lists.note(org.pk, client.scope.id, client.scope.name, lists[client.scope.id])
        cache.set(key, found, KEEP_SECONDS)
    return found  # type: ignore[no-any-return]


def free_storage(org: Org) -> int | None:
    """MB that the org has left; None where it does not tell."""

    async def ask() -> int | None:
        async with sides.salesforce(org.pk) as crm:
            with salesforce_failures("read the org's limits"):
                limit = (await crm.limits()).get("DataStorageMB")
        return limit.remaining if limit else None

    try:
        return async_to_sync(ask)()
    except Failure:
        return None


def rate(org: Org) -> float:
    """Rows a second: of the last sync here that wrote enough to tell, else what is assumed."""
    for job in Job.objects.filter(org=org, kind=state.SYNC_KIND, state=State.DONE)[:5]:
        if job.started_at and job.finished_at and job.counts.get("written", 0) >= 1_000:
            return measured(job.counts["written"], (job.finished_at - job.started_at).total_seconds())
    return measured(0, 0)


async def _read(org_id: int, clients: Sequence[KnownClient]) -> tuple[Figures, dict[str, list[tuple[str, str]]]]:
    async with sides.campaign_monitor(org_id) as account:
        with campaign_monitor_failures("count what there is"):
            today = (await account.system_date()).date()
            lists = {each.scope.id: await _lists(account, each.scope.id) for each in clients}
            named = [(client, *one) for client in clients for one in lists[client.scope.id]]
            asked = named[:MOST_LISTS]
            counts = await asyncio.gather(*(_count(account, *one) for one in asked))
            sent, sampled = await _campaigns(account, [each.scope.id for each in clients])
            suppressed = [await account.suppression.newest(each.scope.id, 1, page_size=10) for each in clients]
    recipients = sampled[Activity.SENT]
    figures = Figures(
        clients=len(clients),
        lists=tuple(counts),
        more_lists=len(named) - len(asked),
        sendings=tuple(Sending(_days_ago(each.sent, today), each.recipients) for each in sent),
        rates=rates(recipients, sampled),
        suppressed=sum(page.total for page in suppressed),
    )
    return figures, lists


async def _lists(account: CampaignMonitor, client_id: str) -> list[tuple[str, str]]:
    return [(each.list_id, each.name) for each in await account.lists(client_id)]


async def _count(account: CampaignMonitor, client: KnownClient, list_id: str, name: str) -> ListCount:
    """Deleted ones count: their records stay, with their state."""
    stats = await account.list_stats(list_id)
    whole = stats.active + stats.unsubscribed + stats.bounced + stats.deleted
    return ListCount(list_id, name, client.scope.name, whole)


async def _campaigns(account: CampaignMonitor, clients: Sequence[str]) -> tuple[list[SentCampaign], Counter[Activity]]:
    """The sent campaigns, and the figures of some of them added up."""
    sent: list[SentCampaign] = []
    sampled: Counter[Activity] = Counter()
    for client_id in clients:
        mine = [each async for page in account.campaigns.sent(client_id) for each in page.rows]
        sent += mine
        latest = sorted(mine, key=lambda each: each.sent)[-SAMPLE:]
        for one in await asyncio.gather(*(account.campaigns.summary(each.campaign_id) for each in latest)):
            sampled[Activity.SENT] += one.recipients
            sampled[Activity.OPENED] += one.opens
            sampled[Activity.CLICKED] += one.clicks
            sampled[Activity.BOUNCED] += one.bounces
            sampled[Activity.UNSUBSCRIBED] += one.unsubscribes
            sampled[Activity.COMPLAINED] += one.spam_complaints
    return sent, sampled


def _days_ago(sent: str, today: date) -> int:
    try:
        return max(0, (today - datetime.fromisoformat(sent).date()).days)
    except ValueError:
        return 0
