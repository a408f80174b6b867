"""What a webhook's post sets going: the members stage for one list; and the repair of the webhooks themselves."""

from collections.abc import Collection
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.domain.records import Scope
from fairlead.features.connections.models import Client
from fairlead.features.members import flow as members_flow
from fairlead.features.members.settings import match_rules
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.webhooks import handling, repairing
from fairlead.features.webhooks import rules as webhooks
from fairlead.jobs.context import JobContext
from fairlead.store import setting_rows
from fairlead.store.ledger import PostgresLedger
from fairlead.store.models import Org, ScopeState
from fairlead.sync import known
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.named import NamedAccount
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, ListScope, Run, Wanted
from fairlead.wiring.both_sides import Calls, Sides, ledger_keys, open_campaign_monitor, open_sides

MEMBERS: Final = "members"
"""The stage that a webhook's look runs by itself."""


def known_clients(org_id: int) -> list[known.KnownClient]:
    """All clients of the connected account, selected or not."""
    return [
        known.KnownClient(ClientScope(client.client_id, client.name, client.time_zone), client.selected)
        for client in Client.objects.filter(org=org_id)
    ]


async def run_webhook_look(context: JobContext) -> None:
    """Handle what was posted for one list: look at the addresses as they are now, and write them by the members stage."""
    list_id = str(context.args["list"])
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    await context.stages([(stage.name, stage.title) for stage in members_flow.STAGES if stage.name == MEMBERS])
    calls = Calls()
    async with open_sides(org, calls) as both:

        async def look(addresses: Collection[str], whole: bool) -> None:
            await _look(context, org, both, list_id, addresses, whole=whole)

        posted = await handling.handle(org, list_id, context.fence, both.campaign_monitor, both.salesforce, look)
    await context.counts(
        posts=len(posted.ids), unread=posted.unread, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce
    )


async def _look(
    context: JobContext, org: Org, both: Sides, list_id: str, addresses: Collection[str], *, whole: bool
) -> None:
    """Run the members stage for one list, of which only these addresses seem to have changed; `whole`: as it is.

    A list that was never read is left to the first sync, and one that is no longer synced to nobody.
    """
    ledger = PostgresLedger(org.pk, context.job_id, context.fence, ledger_keys())
    client = await sync_to_async(_client_of)(org, list_id)
    cursor = await ledger.cursor(Scope("members", client.id, list_id)) if client else None
    if client is None or cursor is None:
        return
    account = both.campaign_monitor
    chosen = await sync_to_async(setting_rows.values)(org)
    if not whole:
        account = NamedAccount(account, list_id, addresses, singly=await _singly(account, list_id, len(addresses)))
    run = Run(
        number=context.job_id,
        org_id=org.pk,
        wanted=Wanted(client=client.id, list=list_id, stages=(MEMBERS,)),
        clients=[client],
        campaign_monitor=account,
        salesforce=both.salesforce,
        matcher=OrgMatcher(both.salesforce, read_all=False, rules=match_rules(chosen)),
        ledger=ledger,
        progress=context,
        settings=chosen,
        fence=context.fence,
        calls=both.calls,
        # a look at some addresses tells nothing of the others: the cursor stays where it is
        clock=None if whole else cursor.read_until,
        lists=[ListScope(list_id, await sync_to_async(repairing.name_of)(org, list_id), client)],
    )
    try:
        await primary_sync_flow.run_stages(run, [each for each in members_flow.STAGES if each.name == MEMBERS])
    finally:
        await context.counts(**run.totals)


def _client_of(org: Org, list_id: str) -> ClientScope | None:
    """The selected client of a list that has been read."""
    found = ScopeState.objects.filter(org=org, kind="members", list=list_id).values_list("client", flat=True)
    client = Client.objects.filter(org=org, selected=True, client_id__in=found).first()
    return ClientScope(client.client_id, client.name, client.time_zone) if client else None


async def _singly(account: campaign_monitor.CampaignMonitor, list_id: str, addresses: int) -> bool:
    """Whether so many addresses are asked for one by one; the list's size is asked for where it decides."""
    if webhooks.read_singly(addresses, 0):
        return True
    with campaign_monitor_failures("read the counters of a list"):
        stats = await account.list_stats(list_id)
    return webhooks.read_singly(addresses, stats.active + stats.unsubscribed + stats.deleted + stats.bounced)


async def run_webhook_repair(context: JobContext) -> None:
    """Look at the webhook of every list of every selected client, whether due or not."""
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    async with open_campaign_monitor(org) as account:
        done = await repair_webhooks(org, account)
    await context.counts(made=done.made, revived=done.revived, removed=done.removed, failed=done.failed)


async def repair_webhooks(org: Org, account: campaign_monitor.CampaignMonitor) -> repairing.Repaired:
    """Repair the webhooks of all lists now. Raises a Failure."""
    lists = []
    for client in await sync_to_async(known_clients)(org.pk):
        if client.selected:
            with campaign_monitor_failures("read the lists of a client"):
                listed = await account.lists(client.scope.id)
            lists += [repairing.ListOf(one.list_id, one.name, client.scope.id) for one in listed]
    url = settings.FAIRLEAD_CAMPAIGN_MONITOR_URL
    return await repairing.repair(org, account, url, lists, due_only=False, all_lists=True)
