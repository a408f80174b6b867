"""What the campaigns room runs: sent campaigns with their figures, and journeys with their e-mails, as records."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Final

from fairlead.campaignmonitor.campaigns import SentCampaign
from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.domain.failure import Failure, SignInAgain, WaitAndRetry, the_one_to_act_on
from fairlead.domain.records import Rows, Scope
from fairlead.features.campaigns import records, rules
from fairlead.features.campaigns.journeys import read_journeys
from fairlead.salesforce import names
from fairlead.sync import guard
from fairlead.sync.account_source import ListingSource, clock
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.org_sink import OrgSink, by_client
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import ALWAYS_RECENT, Converted, Flow, Options
from fairlead.sync.stage import CampaignScope, ClientScope, Run, Stage
from fairlead.sync.together import each

AT_ONCE: Final = 8
"""Summaries asked for side by side; the client's own limit lies below."""

TARGET: Final = Target(names.CAMPAIGN, names.CAMPAIGN_KEY, rules.CAMPAIGN_FIELDS, rules.CAMPAIGN_KINDS)
SWEEP: Final = guard.SweepLimits(share=0.2, records=3)


async def read_campaigns(run: Run) -> None:
    """Write every client's sent campaigns with their figures, and note them for the stages that follow.

    A client or a campaign that fails does not take the others with it. Campaigns that were deleted or hidden (F51) keep
    their record until a full sync.
    """
    run.incomplete.add("campaigns")
    await run.progress.stage("campaigns", state="running", done=0, total=len(run.clients), unit="clients")
    seen = await run.counters_seen()
    failures: list[Failure] = []
    of_clients: list[Failure] = []
    for done, client in enumerate(run.clients, 1):
        await run.progress.check_cancelled()
        try:
            run.campaigns += await _of_client(run, client, seen, failures)
        except SignInAgain:
            raise
        except Failure as failure:
            failure.tell_more(f"The campaigns of the client “{client.name}”:")
            of_clients.append(failure)
        await run.progress.stage("campaigns", done=done, campaigns=len(run.campaigns))
    if failures or of_clients:
        run.add(campaigns_failed=len(failures))
        told = [the_one_to_act_on(of_clients, "clients", len(run.clients))] if of_clients else []
        told += [the_one_to_act_on(failures, "campaigns", len(run.campaigns))] if failures else []
        raise next((one for one in told if not isinstance(one, WaitAndRetry)), told[0])
    run.incomplete.discard("campaigns")


async def _of_client(
    run: Run, client: ClientScope, seen: Mapping[tuple[str, str], int], failures: list[Failure]
) -> list[CampaignScope]:
    now = await clock(run)
    listed = await _listed(run, client)
    known = await records.figures(run.org_id, client.id)
    told, gone = await _ask(run, listed, known, now, failures)
    listed = [one for one in listed if one.campaign_id not in gone]
    figures: dict[str, rules.Figures] = {campaign: kept for campaign, (kept, _) in known.items()} | told
    await _write(run, client, listed, figures, partial(records.keep, run.org_id, client.id, told, now))
    scopes = []
    for one in listed:
        counters = rules.counters(figures.get(one.campaign_id, {}))
        scopes.append(
            CampaignScope(
                one.campaign_id,
                one.name,
                datetime.fromisoformat(one.sent),
                client,
                rules.moved(one.campaign_id, counters, seen),
                counters,
            )
        )
    return scopes


async def _listed(run: Run, client: ClientScope) -> list[SentCampaign]:
    found: dict[str, SentCampaign] = {}  # a campaign that is deleted meanwhile may bring another one twice
    with campaign_monitor_failures("list sent campaigns"):
        async with aclosing(run.campaign_monitor.campaigns.sent(client.id)) as pages:
            async for page in pages:
                found |= {one.campaign_id: one for one in page.rows}
    return list(found.values())


async def _ask(
    run: Run, listed: Sequence[SentCampaign], known: records.Known, now: datetime, failures: list[Failure]
) -> tuple[dict[str, rules.Figures], set[str]]:
    """Figures of the campaigns whose turn it is, and ids of campaigns that were deleted since they were listed."""
    always = run.settings.of(rules.ASK_ALWAYS_DAYS)
    told: dict[str, rules.Figures] = {}
    gone: set[str] = set()

    async def one(campaign: SentCampaign) -> None:
        await run.progress.check_cancelled()
        try:
            with campaign_monitor_failures("read the figures of a campaign"):
                told[campaign.campaign_id] = rules.figures_of(
                    await run.campaign_monitor.campaigns.summary(campaign.campaign_id)
                )
        except SignInAgain:
            raise
        except Failure as failure:
            if rules.is_gone(failure.__cause__):
                gone.add(campaign.campaign_id)
                return
            failure.tell_more(f"The campaign “{campaign.name}”:")
            failures.append(failure)

    due = [
        campaign
        for campaign in listed
        if run.wanted.full
        or rules.to_ask(campaign.campaign_id, campaign.sent, known.get(campaign.campaign_id, ({}, ""))[1], now, always)
    ]
    await each(due, one, at_once=AT_ONCE)
    run.add(campaigns_asked=len(due))
    return told, gone


async def _write(
    run: Run,
    client: ClientScope,
    listed: Sequence[SentCampaign],
    figures: Mapping[str, rules.Figures],
    also: partial[None],
) -> None:
    place = zone(client.time_zone)

    async def all_of_them() -> Sequence[SentCampaign]:
        return listed

    async def to_rows(page: SourcePage[SentCampaign]) -> Converted:
        return Converted(rows(page.rows), [ALWAYS_RECENT] * len(page.rows))

    def rows(sent: Sequence[SentCampaign]) -> Rows:
        of = [figures.get(one.campaign_id, {}) for one in sent]
        return rules.campaign_rows(sent, of, to_utc([one.sent for one in sent], place), client.id, run.number)

    async def no_progress(done: int, expected: int) -> None:
        """A listing of one page has nothing to tell in between."""

    flow = Flow(
        Scope("campaigns", client.id),
        ListingSource(all_of_them, await clock(run)),
        to_rows,
        OrgSink(run.salesforce, by_client),
        TARGET,
        run.ledger,
        Options(
            run.number,
            full=run.wanted.full,
            sweep=run.wanted.full and not run.wanted.list,
            allow_large_changes=run.wanted.allow_large_changes,
            limits=SWEEP,
            name=f"the campaigns of the client “{client.name}”",
            owner=client.owner,
        ),
        no_progress,
        also=also,
    )
    report = await flow.run()
    run.add(
        campaigns=len(listed),
        campaigns_written=report.outcome.written,
        campaigns_deleted=report.swept,
        refused=len(report.outcome.failures),
    )


STAGES: Final = (
    Stage("campaigns", "Campaigns", read_campaigns, needs=("clients",)),
    Stage("journeys", "Journeys", read_journeys, needs=("clients",)),
)
