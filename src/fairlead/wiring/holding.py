"""What may write, and what is held: a sandbox on an account that a production org uses (F93), and what the older package does."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from asgiref.sync import sync_to_async

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.setting import Values
from fairlead.features.connections import records as connections
from fairlead.features.moving_in import hold as old_package
from fairlead.features.moving_in.rules.holding import OldPackageDecides
from fairlead.features.org_changes import sandbox
from fairlead.jobs.context import JobContext
from fairlead.jobs.registry import Runner
from fairlead.salesforce.client import Salesforce
from fairlead.store import setting_rows
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import Org
from fairlead.sync.stage import ClientScope, Run, Stage
from fairlead.wiring.both_sides import open_sides
from fairlead.wiring.connected import standing_of


async def hold_sandbox(
    org: Org, crm: Salesforce, account: CampaignMonitor, clients: Sequence[ClientScope], chosen: Values
) -> None:
    """Before anything is written to Campaign Monitor: raises SandboxHeld for a sandbox on an account of production."""
    connected = (await sync_to_async(standing_of)(org.pk)).org_id
    await sandbox.check(org, crm, account, clients, chosen, connected)


async def may_write(org: Org, crm: Salesforce, account: CampaignMonitor, chosen: Values) -> None:
    """The same before somebody changes the lists of one person."""
    scopes = await sync_to_async(connections.scopes_to_sync)(org)
    await hold_sandbox(org, crm, account, scopes, chosen)


async def hold_beside(org: Org, crm: Salesforce, chosen: Values) -> None:
    """Before what the older package does, too: raises OldPackageDecides while it works and Fairlead was not chosen."""
    connected = (await sync_to_async(standing_of)(org.pk)).org_id
    await old_package.check(org, crm, chosen, connected)


def held(runner: Runner, *, beside: bool = True) -> Runner:
    """The same work only where it may write. Raises SandboxHeld before anything is done.

    `beside`: work that the older package does, too: raises OldPackageDecides while that one decides.
    """

    async def run(context: JobContext) -> None:
        org = await sync_to_async(Org.objects.get)(id=context.org_id)
        async with open_sides(org) as both:
            scopes = await sync_to_async(connections.scopes_to_sync)(org)
            chosen = await sync_to_async(setting_rows.values)(org)
            await hold_sandbox(org, both.salesforce, both.campaign_monitor, scopes, chosen)
            if beside:
                await hold_beside(org, both.salesforce, chosen)
        await runner(context)

    return run


def held_stage(stage: Callable[[Run], Awaitable[None]]) -> Callable[[Run], Awaitable[None]]:
    """The same for the stage of opt status, which writes nothing to the account before a client's baseline."""

    async def work(run: Run) -> None:
        book = PostgresConsentBook(run.org_id, run.fence)
        if any([await book.scope(client.id) for client in run.clients]):
            org = await sync_to_async(Org.objects.get)(id=run.org_id)
            await hold_sandbox(org, run.salesforce, run.campaign_monitor, run.clients, run.settings)
        await stage(run)

    return work


def beside_old_package(stage: Stage) -> Stage:
    """A stage that writes opt-outs, contacts or leads: it waits, and says why, while the older package decides.

    That is no failure: the rest of the sync is as it should be, and what waits is done by the first sync that may.
    """

    async def work(run: Run) -> None:
        org = await sync_to_async(Org.objects.get)(id=run.org_id)
        try:
            await hold_beside(org, run.salesforce, run.settings)
        except OldPackageDecides as decides:
            await run.progress.stage(stage.name, message=f"Held. {decides.told}")
            return
        await stage.run(run)

    return replace(stage, run=work)
