"""The one place where clients, store and rooms are joined. Import it when Django is set up (`store.boot.prepare`)."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.domain.failure import Failure
from fairlead.domain.records import Scope
from fairlead.features.campaigns import flow as campaigns_flow
from fairlead.features.connections import flow as connections_flow
from fairlead.features.connections import jobs as connections_jobs
from fairlead.features.connections import opening, owners
from fairlead.features.connections import records as connections
from fairlead.features.connections.models import Client
from fairlead.features.members import flow as members_flow
from fairlead.features.members.settings import match_rules
from fairlead.features.primary_sync import clean as primary_sync_clean
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.primary_sync import rules as primary_sync
from fairlead.features.record_creation import flow as record_creation_flow
from fairlead.features.salesforce_campaigns import flow as salesforce_campaigns_flow
from fairlead.features.storage import flow as storage_flow
from fairlead.features.suppression import flow as suppression_flow
from fairlead.features.tracking_history import flow as tracking_flow
from fairlead.features.tracking_history import records as tracking_records
from fairlead.features.webhooks import handling, receiving, repairing
from fairlead.features.webhooks import rules as webhooks
from fairlead.features.webhooks import stage as webhooks_stage
from fairlead.jobs import registry
from fairlead.jobs.context import JobContext
from fairlead.salesforce import client as salesforce
from fairlead.store import hashing, secrets, setting_rows
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org, ScopeState
from fairlead.sync import collector, known, sides
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.named import NamedAccount
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, ListScope, Run, Stage, Wanted

STAGE_ORDER: Final = (
    "clean",
    "clients",
    "lists",
    "match",
    "members",
    "figures",
    "records",
    "campaigns",
    "links",
    "journeys",
    "tracking",
    "rollups",
    "suppression",
    "campaign_members",
    "webhooks",
    "retention",
    "tidy",
)
"""What a stage finds was written by those before it: members hang on lists, events on campaigns and members."""

PRIMARY_SYNC_STAGES: Final[tuple[Stage, ...]] = tuple(
    sorted(
        (
            primary_sync_clean.FIRST_STAGE,
            *connections_flow.STAGES,
            *members_flow.STAGES,
            *campaigns_flow.STAGES,
            salesforce_campaigns_flow.LINKS,
            salesforce_campaigns_flow.MEMBERS,
            *tracking_flow.STAGES,
            *record_creation_flow.STAGES,
            *suppression_flow.STAGES,
            *storage_flow.STAGES,
            *webhooks_stage.STAGES,
        ),
        key=lambda stage: STAGE_ORDER.index(stage.name),
    )
)
MEMBERS: Final = "members"
"""The stage that a webhook's look runs by itself."""


log = structlog.get_logger()


NotConnected = opening.NotConnected
open_campaign_monitor = opening.open_campaign_monitor
open_salesforce = opening.open_salesforce


@dataclass(slots=True)
class Calls:
    """API calls made on each side."""

    campaign_monitor: int = 0
    salesforce: int = 0

    def campaign_monitor_call(self, method: str, template: str, status: int) -> None:
        self.campaign_monitor += 1

    def salesforce_call(self, call: object) -> None:
        self.salesforce += 1


@dataclass(slots=True)
class Sides:
    """Both sides, signed in, and the calls that were made."""

    campaign_monitor: campaign_monitor.CampaignMonitor
    salesforce: salesforce.Salesforce
    calls: Calls = field(default_factory=Calls)


class StoredSides:
    """Opens both sides with the credentials that are kept of an org."""

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[campaign_monitor.CampaignMonitor]:
        """The account. Raises NotConnected, or a Failure when the sign-in is refused."""
        async with open_campaign_monitor(await sync_to_async(Org.objects.get)(id=org_id)) as opened:
            yield opened

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[salesforce.Salesforce]:
        """The org. Raises NotConnected, or a Failure when the sign-in is refused."""
        async with open_salesforce(await sync_to_async(Org.objects.get)(id=org_id)) as opened:
            yield opened


def register_runners() -> None:
    """Tell the engine what each kind of job runs, and everybody how sides are opened."""
    sides.provide(StoredSides())
    primary_sync_flow.offer(PRIMARY_SYNC_STAGES)
    registry.register(primary_sync.KIND, primary_sync.TITLE, run_primary_sync)
    for kind, title, runner in connections_jobs.RUNNERS:
        registry.register(kind, title, runner)
    known.provide(known_clients)
    # both write members of a list from what they read before: the older reading must not be written last
    registry.register(receiving.LOOK, receiving.TITLE, run_webhook_look, apart_from=(primary_sync.KIND,))
    registry.register(repairing.KIND, repairing.TITLE, run_webhook_repair)


def known_clients(org_id: int) -> list[known.KnownClient]:
    """All clients of the connected account, selected or not."""
    return [
        known.KnownClient(ClientScope(client.client_id, client.name, client.time_zone), client.selected)
        for client in Client.objects.filter(org=org_id)
    ]


async def run_primary_sync(context: JobContext) -> None:
    """One run of the primary sync: connect both sides, run the rooms' stages, note the outcome."""
    collector.calm()
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    given = {name: value for name, value in context.args.items() if name in Wanted.__dataclass_fields__}
    wanted = Wanted(**{**given, "stages": tuple(given.get("stages", ()))})
    stages = primary_sync_flow.stages_of(wanted, PRIMARY_SYNC_STAGES)
    await context.stages([(stage.name, stage.title) for stage in stages])
    calls = Calls()
    async with open_sides(org, calls) as both:
        clients = await sync_to_async(connections.clients_to_sync)(org, wanted.client)
        chosen = await sync_to_async(setting_rows.values)(org)
        owned = await owners.scopes(both.salesforce, clients, chosen)
        run = Run(
            number=context.job_id,
            org_id=context.org_id,
            wanted=wanted,
            clients=owned.clients,
            campaign_monitor=both.campaign_monitor,
            salesforce=both.salesforce,
            matcher=OrgMatcher(both.salesforce, read_all=wanted.full, rules=match_rules(chosen)),
            ledger=PostgresLedger(org.pk, context.job_id, context.fence, ledger_keys()),
            progress=context,
            settings=chosen,
            fence=context.fence,
            calls=calls,
            counters_seen=partial(tracking_records.counters_seen, org.pk),
        )
        # a run of one list or of some stages says nothing of its client as a whole
        ids = [] if wanted.list or wanted.stages else [client.id for client in run.clients]
        try:
            await primary_sync_flow.run_stages(run, stages)
            await sync_to_async(connections.note_synced)(org, ids)
        except Failure as failure:
            await sync_to_async(connections.note_failure)(org, ids, str(failure))
            raise
        finally:
            await context.counts(**run.totals, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce)
    await sync_to_async(owned.raise_refusal)(org)


async def run_webhook_look(context: JobContext) -> None:
    """Handle what was posted for one list: look at the addresses as they are now, and write them by the members stage."""
    collector.calm()
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


@asynccontextmanager
async def open_sides(org: Org, calls: Calls | None = None) -> AsyncIterator[Sides]:
    """Both sides with the org's stored credentials. Raises NotConnected, or a Failure when a sign-in is refused."""
    calls = calls or Calls()
    async with open_campaign_monitor(org, calls) as account, open_salesforce(org, calls) as crm:
        yield Sides(account, crm, calls)


def ledger_keys() -> LedgerKeys:
    """The keys of the installation's hashes, and how the address of a row that is to be tried again is sealed."""
    return LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
