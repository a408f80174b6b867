"""A run of the primary sync: both sides, what was chosen, the stages, and what is noted of the outcome."""

from functools import partial

from asgiref.sync import sync_to_async

from fairlead.domain.failure import Failure
from fairlead.domain.setting import BadSetting, Values
from fairlead.features.connections import owners
from fairlead.features.connections import records as connections
from fairlead.features.members.settings import match_rules
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.tracking_history import records as tracking_records
from fairlead.jobs.context import JobContext
from fairlead.store import setting_rows
from fairlead.store.ledger import PostgresLedger
from fairlead.store.models import Org
from fairlead.sync.match import MatchRules
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import Run, Wanted
from fairlead.wiring.both_sides import Calls, ledger_keys, open_sides
from fairlead.wiring.stages import PRIMARY_SYNC_STAGES


async def run_primary_sync(context: JobContext) -> None:
    """One run of the primary sync: connect both sides, run the rooms' stages, note the outcome."""
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
            matcher=OrgMatcher(both.salesforce, read_all=wanted.full, rules=_match_rules(chosen)),
            ledger=PostgresLedger(org.pk, context.job_id, context.fence, ledger_keys()),
            progress=context,
            settings=chosen,
            fence=context.fence,
            calls=calls,
            counters_seen=partial(tracking_records.counters_seen, org.pk),
        )
        try:
            await primary_sync_flow.run_stages(run, stages)
            await sync_to_async(connections.note_synced)(org, _clients_of(run))
        except Failure as failure:
            await sync_to_async(connections.note_failure)(org, _clients_of(run), str(failure))
            raise
        finally:
            await context.counts(**run.totals, cm_calls=calls.campaign_monitor, sf_calls=calls.salesforce)
    await sync_to_async(owned.raise_refusal)(org)


def _match_rules(chosen: Values) -> MatchRules:
    """As chosen. Where what is kept is impossible by now, nobody is matched: the stage of matching says so, and fails."""
    try:
        return match_rules(chosen)
    except BadSetting:
        return MatchRules()


def _clients_of(run: Run) -> list[str]:
    """Whose sync a run was: not of clients that a stage left out, nor of any where it was of one list or some stages."""
    return [] if run.wanted.list or run.wanted.stages else [client.id for client in run.clients]
