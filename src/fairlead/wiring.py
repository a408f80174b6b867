"""The one place where clients, store and rooms are joined. Import it when Django is set up (`store.boot.prepare`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.features.connections import credentials, logins
from fairlead.features.connections import flow as connections_flow
from fairlead.features.connections import records as connections
from fairlead.features.members import flow as members_flow
from fairlead.features.members.settings import match_rules
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.primary_sync import rules as primary_sync
from fairlead.features.storage import flow as storage_flow
from fairlead.jobs import registry
from fairlead.jobs.context import JobContext
from fairlead.salesforce import client as salesforce
from fairlead.salesforce.limits import Budget
from fairlead.store import hashing, secrets, setting_rows
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org
from fairlead.sync import collector, sides
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, Run, Stage, Wanted

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
    "retention",
    "tidy",
)
"""What a stage finds was written by those before it: members hang on lists, events on campaigns and members."""

PRIMARY_SYNC_STAGES: Final[tuple[Stage, ...]] = tuple(
    sorted(
        (*connections_flow.STAGES, *members_flow.STAGES, *storage_flow.STAGES),
        key=lambda stage: STAGE_ORDER.index(stage.name),
    )
)

log = structlog.get_logger()


class NotConnected(FixTheSettings):
    """A side has no credentials yet."""

    code = "FL-302"

    def __init__(self, side: str, command: str) -> None:
        super().__init__(f"{side} is not connected.", next_step=f"Run `{command}`.")


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
    registry.register(primary_sync.KIND, primary_sync.TITLE, run_primary_sync)


async def run_primary_sync(context: JobContext) -> None:
    """One run of the primary sync: connect both sides, run the rooms' stages, note the outcome."""
    collector.calm()
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    wanted = Wanted(**{name: value for name, value in context.args.items() if name in Wanted.__dataclass_fields__})
    await context.stages([(stage.name, stage.title) for stage in PRIMARY_SYNC_STAGES])
    calls = Calls()
    async with open_sides(org, calls) as both:
        clients = await sync_to_async(connections.clients_to_sync)(org, wanted.client)
        chosen = await sync_to_async(setting_rows.values)(org)
        run = Run(
            number=context.job_id,
            org_id=context.org_id,
            wanted=wanted,
            clients=[ClientScope(client.client_id, client.name, client.time_zone) for client in clients],
            campaign_monitor=both.campaign_monitor,
            salesforce=both.salesforce,
            matcher=OrgMatcher(both.salesforce, read_all=wanted.full, rules=match_rules(chosen)),
            ledger=PostgresLedger(org.pk, context.job_id, context.fence, ledger_keys()),
            progress=context,
            settings=chosen,
            fence=context.fence,
            calls=calls,
        )
        # a run of one list says nothing of its client as a whole
        ids = [] if wanted.list else [client.id for client in run.clients]
        try:
            await primary_sync_flow.run_stages(run, PRIMARY_SYNC_STAGES)
            await sync_to_async(connections.note_synced)(org, ids)
        except Failure as failure:
            await sync_to_async(connections.note_failure)(org, ids, str(failure))
            raise
        finally:
            await context.counts(**run.totals, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce)


@asynccontextmanager
async def open_sides(org: Org, calls: Calls | None = None) -> AsyncIterator[Sides]:
    """Both sides with the org's stored credentials. Raises NotConnected, or a Failure when a sign-in is refused."""
    calls = calls or Calls()
    async with open_campaign_monitor(org, calls) as account, open_salesforce(org, calls) as crm:
        yield Sides(account, crm, calls)


@asynccontextmanager
async def open_campaign_monitor(
    org: Org, calls: Calls | None = None
) -> AsyncIterator[campaign_monitor.CampaignMonitor]:
    """The connected Campaign Monitor account. Raises NotConnected."""
    calls = calls or Calls()
    kept = await sync_to_async(credentials.account)(org)
    account = await sync_to_async(connections.account)(org)
    if kept is None or account is None:
        raise NotConnected("Campaign Monitor", "fairlead connect campaign-monitor")
    login = logins.to_account(org, kept)
    async with campaign_monitor.connect(account.base_url, login, on_call=calls.campaign_monitor_call) as opened:
        yield opened


@asynccontextmanager
async def open_salesforce(org: Org, calls: Calls | None = None) -> AsyncIterator[salesforce.Salesforce]:
    """The connected Salesforce org, signed in. Raises NotConnected, or a Failure when the sign-in is refused."""
    calls = calls or Calls()
    kept = await sync_to_async(credentials.salesforce)(org)
    connection = await sync_to_async(connections.salesforce_org)(org)
    if kept is None or connection is None:
        raise NotConnected("Salesforce", "fairlead connect salesforce")
    login = logins.to_org(org, connection.login_url, kept)
    budget = Budget(settings.FAIRLEAD_SALESFORCE_CALL_SHARE / 100)
    opening = salesforce.connect(login, on_call=calls.salesforce_call, budget=budget)
    with salesforce_failures("sign in"):
        opened = await opening.__aenter__()
    try:
        yield opened
    finally:
        await opening.__aexit__(None, None, None)


def ledger_keys() -> LedgerKeys:
    """The keys of the installation's hashes, and how the address of a row that is to be tried again is sealed."""
    return LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
