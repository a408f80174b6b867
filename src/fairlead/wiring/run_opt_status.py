"""A run of opt status as a job of its own: both sides, what was chosen, the clients, and what was asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async

from fairlead.features.connections import records as connections
from fairlead.features.opt_status import flow, rules
from fairlead.features.opt_status.looking import Nobody, NoFence, provide
from fairlead.features.opt_status.rules import Wanted
from fairlead.jobs.context import JobContext
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.sync.stage import ClientScope
from fairlead.wiring.both_sides import Calls, open_sides


async def run_opt_status(context: JobContext) -> None:
    """One run: everything that changed, or everything (`sweep`), or only what waits (`waiting`)."""
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    wanted = Wanted(**{name: value for name, value in context.args.items() if name in Wanted.__dataclass_fields__})
    await context.stages([(flow.NAME, rules.TITLE)])
    clients = flow.clients_of(await sync_to_async(connections.scopes_to_sync)(org), wanted.client)
    calls = Calls()
    async with open_sides(org, calls) as both:
        chosen = await sync_to_async(setting_rows.values)(org)
        opting = flow.Opting(
            context.job_id,
            org.pk,
            both.campaign_monitor,
            both.salesforce,
            context,
            chosen,
            context.fence,
            wanted,
        )
        await context.stage(flow.NAME, state="running")
        try:
            await flow.run_clients(opting, clients, waiting=bool(context.args.get("waiting")))
        except BaseException:
            await context.stage(flow.NAME, state="failed")
            raise
        else:
            await context.stage(flow.NAME, state="done")
        finally:
            counts: dict[str, Any] = {**opting.totals, "cm_calls": calls.campaign_monitor, "sf_calls": calls.salesforce}
            await context.counts(**counts)


@asynccontextmanager
async def opened(org: Org) -> AsyncIterator[tuple[flow.Opting, list[ClientScope]]]:
    """What a look outside of a job needs: it writes nothing."""
    clients = await sync_to_async(connections.scopes_to_sync)(org)
    chosen = await sync_to_async(setting_rows.values)(org)
    async with open_sides(org) as both:
        wanted = Wanted(preview=True, sweep=True)
        yield (
            flow.Opting(0, org.pk, both.campaign_monitor, both.salesforce, Nobody(), chosen, NoFence(), wanted),
            clients,
        )


provide(opened)
