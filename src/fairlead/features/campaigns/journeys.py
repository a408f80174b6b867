"""Journeys and their e-mails, as records with counters."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from fairlead.campaignmonitor.journeys import JourneyDetails
from fairlead.domain.failure import Failure, SignInAgain, the_one_to_act_on
from fairlead.domain.records import Rows, Scope
from fairlead.features.campaigns import rules
from fairlead.salesforce import names
from fairlead.salesforce.query import quote
from fairlead.sync import guard
from fairlead.sync.account_source import ListingSource, clock
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.org_sink import OrgSink
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import ALWAYS_RECENT, Converted, Flow, Options
from fairlead.sync.stage import ClientScope, JourneyEmailScope, Run

JOURNEYS: Final = Target(names.JOURNEY, names.JOURNEY_KEY, rules.JOURNEY_FIELDS, rules.JOURNEY_KINDS)
EMAILS: Final = Target(names.JOURNEY_EMAIL, names.JOURNEY_EMAIL_KEY, rules.EMAIL_FIELDS, rules.EMAIL_KINDS)
SWEEP: Final = guard.SweepLimits(share=0.2, records=3)


async def read_journeys(run: Run) -> None:
    """Write every client's journeys and their e-mails, and note the e-mails for the stages that follow."""
    if run.wanted.list:
        await run.progress.stage("journeys", message="Journeys are read by a sync of all lists.")
        return
    run.incomplete.add("journeys")
    await run.progress.stage("journeys", state="running", done=0, total=len(run.clients), unit="clients")
    failures: list[Failure] = []
    for done, client in enumerate(run.clients, 1):
        await run.progress.check_cancelled()
        try:
            await _of_client(run, client)
        except SignInAgain:
            raise
        except Failure as failure:
            failure.tell_more(f"The journeys of the client “{client.name}”:")
            failures.append(failure)
        await run.progress.stage("journeys", done=done, emails=len(run.journey_emails))
    if failures:
        raise the_one_to_act_on(failures, "clients' journeys", len(run.clients))
    run.incomplete.discard("journeys")


async def _of_client(run: Run, client: ClientScope) -> None:
    with campaign_monitor_failures("read journeys"):
        listed = await run.campaign_monitor.journeys.of_client(client.id)
        told = await asyncio.gather(*(run.campaign_monitor.journeys.details(one.journey_id) for one in listed))
    lists = {one.journey_id: one.list_id for one in listed}
    of_client = f"List__r.Client__r.Client_Id__c = {quote(client.id)}"
    await _write(run, client, JOURNEYS, "journeys", of_client, rules.journey_rows(told, lists, run.number))
    emails = rules.email_rows(told, run.number)
    await _write(run, client, EMAILS, "journey e-mails", f"Journey__r.{of_client}", emails)
    run.journey_emails += _scopes(told, lists, client)


def _scopes(told: Sequence[JourneyDetails], lists: Mapping[str, str], client: ClientScope) -> list[JourneyEmailScope]:
    return [
        JourneyEmailScope(
            email.email_id,
            f"{journey.name}: {email.name}",
            lists.get(journey.journey_id, ""),
            client,
            rules.email_counters(email),
        )
        for journey in told
        for email in journey.emails
    ]


async def _write(run: Run, client: ClientScope, target: Target, kind: str, where: str, rows: Rows) -> None:
    async def listed() -> Sequence[int]:
        return range(len(rows))

    async def to_rows(page: SourcePage[int]) -> Converted:
        return Converted(rows, [ALWAYS_RECENT] * len(rows))

    async def no_progress(done: int, expected: int) -> None:
        """A listing of one page has nothing to tell in between."""

    flow = Flow(
        Scope(kind, client.id),
        ListingSource(listed, await clock(run)),
        to_rows,
        OrgSink(run.salesforce, lambda target, scope: where),
        target,
        run.ledger,
        Options(
            run.number,
            full=run.wanted.full,
            sweep=run.wanted.full,
            allow_large_changes=run.wanted.allow_large_changes,
            limits=SWEEP,
            name=f"the {kind} of the client “{client.name}”",
            owner=client.owner,
        ),
        no_progress,
    )
    report = await flow.run()
    run.add(journeys_written=report.outcome.written, refused=len(report.outcome.failures))
