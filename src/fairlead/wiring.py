"""The one place where clients, store and rooms are joined. Import it when Django is set up (`store.boot.prepare`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from asgiref.sync import sync_to_async

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.domain.failure import Failure
from fairlead.features.connections import flow as connections_flow
from fairlead.features.connections import jobs as connections_jobs
from fairlead.features.connections import opening, owners
from fairlead.features.connections import records as connections
from fairlead.features.members import flow as members_flow
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.primary_sync import rules as primary_sync
from fairlead.jobs import registry
from fairlead.jobs.context import JobContext
from fairlead.salesforce import client as salesforce
from fairlead.store import hashing, secrets, setting_rows
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org
from fairlead.sync import collector
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import Run, Stage, Wanted

PRIMARY_SYNC_STAGES: Final[tuple[Stage, ...]] = (*connections_flow.STAGES, *members_flow.STAGES)

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


def register_runners() -> None:
    """Tell the engine what each kind of job runs."""
    registry.register(primary_sync.KIND, primary_sync.TITLE, run_primary_sync)
    for kind, title, runner in connections_jobs.RUNNERS:
        registry.register(kind, title, runner)


async def run_primary_sync(context: JobContext) -> None:
    """One run of the primary sync: connect both sides, run the rooms' stages, note the outcome."""
    collector.calm()
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    wanted = Wanted(**{name: value for name, value in context.args.items() if name in Wanted.__dataclass_fields__})
    await context.stages([(stage.name, stage.title) for stage in PRIMARY_SYNC_STAGES])
    calls = Calls()
    async with open_sides(org, calls) as sides:
        clients = await sync_to_async(connections.clients_to_sync)(org, wanted.client)
        values = await sync_to_async(setting_rows.values)(org)
        owned = await owners.scopes(sides.salesforce, clients, values)
        run = Run(
            number=context.job_id,
            org_id=context.org_id,
            wanted=wanted,
            clients=owned.clients,
            campaign_monitor=sides.campaign_monitor,
            salesforce=sides.salesforce,
            matcher=OrgMatcher(sides.salesforce, read_all=wanted.full),
            ledger=PostgresLedger(org.pk, context.job_id, context.fence, ledger_keys()),
            progress=context,
            settings=values,
            fence=context.fence,
            calls=calls,
        )
        try:
            await primary_sync_flow.run_stages(run, PRIMARY_SYNC_STAGES)
            await sync_to_async(connections.note_synced)(org, _clients_of(run))
        except Failure as failure:
            await sync_to_async(connections.note_failure)(org, _clients_of(run), str(failure))
            raise
        finally:
            await context.counts(**run.totals, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce)
    await sync_to_async(owned.raise_refusal)(org)


def _clients_of(run: Run) -> list[str]:
    """Whose sync a run was: not of clients that a stage left out, nor of any where it was of one list alone."""
    return [] if run.wanted.list else [client.id for client in run.clients]


@asynccontextmanager
async def open_sides(org: Org, calls: Calls | None = None) -> AsyncIterator[Sides]:
    """Both sides with the org's stored credentials. Raises NotConnected, or a Failure when a sign-in is refused."""
    calls = calls or Calls()
    async with open_campaign_monitor(org, calls) as account, open_salesforce(org, calls) as crm:
        yield Sides(account, crm, calls)


def ledger_keys() -> LedgerKeys:
    """The keys of the installation's hashes, and how the address of a row that is to be tried again is sealed."""
    return LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
