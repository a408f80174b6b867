"""The one place where clients, store and rooms are joined. Import it when Django is set up (`store.boot.prepare`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from asgiref.sync import sync_to_async

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.domain.failure import Failure
from fairlead.features.campaigns import flow as campaigns_flow
from fairlead.features.connections import flow as connections_flow
from fairlead.features.connections import jobs as connections_jobs
from fairlead.features.connections import opening, owners, signing_in
from fairlead.features.connections import records as connections
from fairlead.features.members import flow as members_flow
from fairlead.features.members.settings import match_rules
from fairlead.features.permissions import salesforce_sign_in
from fairlead.features.primary_sync import clean as primary_sync_clean
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.primary_sync import rules as primary_sync
from fairlead.features.salesforce_campaigns import flow as salesforce_campaigns_flow
from fairlead.features.storage import flow as storage_flow
from fairlead.features.tracking_history import flow as tracking_flow
from fairlead.features.tracking_history import records as tracking_records
from fairlead.jobs import registry
from fairlead.jobs.context import JobContext
from fairlead.salesforce import client as salesforce
from fairlead.store import hashing, secrets, setting_rows
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org
from fairlead.sync import collector, sides
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import Run, Stage, Wanted

STAGE_ORDER: Final = (
    "clean",
    "clients",
    "lists",
    "match",
    "members",
    "records",
    "campaigns",
    "links",
    "journeys",
    "tracking",
    "rollups",
    "suppression",
    "campaign_members",
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
            *storage_flow.STAGES,
        ),
        key=lambda stage: STAGE_ORDER.index(stage.name),
    )
)

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
    salesforce_sign_in.provide(signing_in.door)
    primary_sync_flow.offer(PRIMARY_SYNC_STAGES)
    registry.register(primary_sync.KIND, primary_sync.TITLE, run_primary_sync)
    for kind, title, runner in connections_jobs.RUNNERS:
        registry.register(kind, title, runner)


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


@asynccontextmanager
async def open_sides(org: Org, calls: Calls | None = None) -> AsyncIterator[Sides]:
    """Both sides with the org's stored credentials. Raises NotConnected, or a Failure when a sign-in is refused."""
    calls = calls or Calls()
    async with open_campaign_monitor(org, calls) as account, open_salesforce(org, calls) as crm:
        yield Sides(account, crm, calls)


def ledger_keys() -> LedgerKeys:
    """The keys of the installation's hashes, and how the address of a row that is to be tried again is sealed."""
    return LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
