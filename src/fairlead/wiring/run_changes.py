"""A run over changes in Salesforce: both sides, the reactions that rooms offer, and what is noted of each."""

from functools import partial

from asgiref.sync import sync_to_async

from fairlead.features.connections import owners
from fairlead.features.connections import records as connections
from fairlead.features.org_changes import flow, records
from fairlead.features.org_changes.offered import offered
from fairlead.features.org_changes.rules import STAGE_OF_READING
from fairlead.jobs.context import Cancelled, JobContext, StaleAttempt, in_database
from fairlead.store import setting_rows
from fairlead.store.ledger import PostgresLedger
from fairlead.store.models import Org
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.outward import OutwardRun
from fairlead.wiring.both_sides import Calls, ledger_keys, open_sides
from fairlead.wiring.holding import hold_beside, hold_sandbox


async def run_org_changes(context: JobContext) -> None:
    """Hand what changed to every reaction, or to those that the job names (`reactions`); `whole`: everything that is there."""
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    chosen = offered(tuple(context.args.get("reactions", ())))
    await context.stages([(flow.READ, STAGE_OF_READING), *((one.name, one.title) for one in chosen)])
    if not chosen:
        await context.stage(flow.READ, state="done", message="Nothing reacts to changes yet.")
        return
    calls = Calls()
    async with open_sides(org, calls) as both:
        with salesforce_failures("tell the time"):
            now = await both.salesforce.clock()
        clients = await sync_to_async(connections.clients_to_sync)(org)
        settings = await sync_to_async(setting_rows.values)(org)
        owned = await owners.scopes(both.salesforce, clients, settings)
        await hold_sandbox(org, both.salesforce, both.campaign_monitor, owned.clients, settings)
        await hold_beside(org, both.salesforce, settings)
        run = OutwardRun(
            number=context.job_id,
            org_id=context.org_id,
            clients=owned.clients,
            campaign_monitor=both.campaign_monitor,
            salesforce=both.salesforce,
            ledger=PostgresLedger(org.pk, context.job_id, context.fence, ledger_keys()),
            progress=context,
            now=now,
            settings=settings,
            fence=context.fence,
            calls=calls,
            whole=context.args.get("whole") is True,
        )

        async def note(told: flow.Told) -> None:
            await in_database(partial(records.note_reaction, org.pk, context.job_id, told, context.fence))

        try:
            await flow.run_changes(run, chosen, note, ends=(Cancelled, StaleAttempt))
        finally:
            await context.counts(**run.totals, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce)
