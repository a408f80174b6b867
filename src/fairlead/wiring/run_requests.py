"""Carrying out requests of flows and programs, and keeping an eye on those that wait."""

from asgiref.sync import sync_to_async

from fairlead.features.connections import records as connections
from fairlead.features.flow_requests import taking
from fairlead.features.flow_requests.flow import STAGE, Carrying
from fairlead.features.flow_requests.rules import TITLE
from fairlead.features.org_changes.listening import Heard
from fairlead.jobs.context import JobContext, in_database
from fairlead.store import hashing, orgs, setting_rows
from fairlead.store.models import Org
from fairlead.wiring.both_sides import Calls, open_sides
from fairlead.wiring.holding import hold_sandbox

HEARD = Heard(taking.TOPIC, taking.heard)


async def run_requests(context: JobContext) -> None:
    """Carry out what was asked for."""
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    await context.stages([(STAGE, TITLE)])
    calls = Calls()
    async with open_sides(org, calls) as both:
        chosen = await sync_to_async(setting_rows.values)(org)
        scopes = await sync_to_async(connections.scopes_to_sync)(org)
        await hold_sandbox(org, both.salesforce, both.campaign_monitor, scopes, chosen)
        work = Carrying(
            org,
            both.campaign_monitor,
            both.salesforce,
            frozenset(scope.id for scope in scopes),
            chosen,
            hashing.keyed_hashes,
            context.fence,
            context.check_cancelled,
        )
        await context.stage(STAGE, state="running")
        try:
            await work.run()
        finally:
            counts = {"done": work.done, "not_done": work.refused}
            await context.counts(**counts, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce)
        await context.stage(STAGE, state="done", done=work.done + work.refused, unit="requests")


async def watch_requests() -> None:
    """A companion of the worker: what waits after a pause, or after a job that gave up, is asked for again."""
    await in_database(_look_again)


def _look_again() -> None:
    for org in orgs.every():
        taking.look_again(org)
