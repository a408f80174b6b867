"""What the tracking room remembers beside single events: counters seen, what a full sync forgets, flags to be shown."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import F

from fairlead.domain.records import Cursor, Kind, Rows, Scope, Staged
from fairlead.features.tracking_history import rules
from fairlead.features.tracking_history.models import EventScope
from fairlead.salesforce import names
from fairlead.store import activity
from fairlead.sync.account_source import clock
from fairlead.sync.convert_tracking import ACTIVITY_OF
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import Target
from fairlead.sync.stage import Run

FLAGS_TARGET: Final = Target(
    names.CAMPAIGN,
    names.CAMPAIGN_KEY,
    (names.CAMPAIGN_KEY, "Suspicious_Opens__c", "Suspicious_Clicks__c"),
    (Kind.TEXT, Kind.NUMBER, Kind.NUMBER),
)
_RESET: Final = Scope("tracking", "all", "reset")


async def counters_seen(org_id: int) -> Mapping[tuple[str, str], int]:
    """Counters as of the last readings that came to their end, by id of the e-mail and kind of events."""
    found = EventScope.objects.filter(org_id=org_id, ended=True).values_list("mail", "kind", "seen")
    return {(mail, kind): seen async for mail, kind, seen in found}


async def reset_once(run: Run) -> None:
    """Before a full sync of everything reads events: forget how far they were read, and all totals; once a run number.

    Every event is then read and counted as for the first time, however often the run is resumed.
    """
    if await run.ledger.full_run(_RESET) == run.number:
        return
    await run.ledger.commit(
        _RESET,
        Staged(Cursor(await clock(run)), {}),
        [],
        forget_before=None,
        also=partial(_reset, run.org_id),
        full_run=run.number,
    )


def _reset(org_id: int) -> None:
    EventScope.objects.filter(org_id=org_id).delete()
    activity.reset(org_id)


@sync_to_async
def forget_what_is_deleted(run: Run, oldest: Mapping[str, str]) -> None:
    """What is no longer kept is deleted from the org: should it be wanted again, it is to be written again.

    `oldest` tells for each client the minute of its wall clock from which on events are kept.
    """
    journeys = [email.id for email in run.journey_emails]
    with transaction.atomic():
        run.fence()
        for kind, of in ACTIVITY_OF.items():
            for client, start in oldest.items():
                scopes = EventScope.objects.filter(org_id=run.org_id, client=client, kind=kind)
                limit = rules.write_from(run.settings, start, of, journey=False)
                scopes.filter(written_from__lt=limit).update(written_from=limit)
                limit = rules.write_from(run.settings, start, of, journey=True)
                scopes.filter(written_from__lt=limit, mail__in=journeys).update(written_from=limit)


async def lists_of_the_org(run: Run) -> set[str]:
    """Ids of the lists that the org has: events of others have no list to hang on. Raises a Failure."""
    with salesforce_failures(f"read {names.LIST}"):
        pages = run.salesforce.query(f"SELECT {names.LIST_KEY} FROM {names.LIST}")
        return {str(record[names.LIST_KEY]) async for page in pages for record in page}


async def show_suspicious(run: Run) -> None:
    """Write how many opens and clicks of each campaign were flagged, where its record says otherwise. Raises a Failure."""
    due = await _flags_due(run.org_id, {campaign.id for campaign in run.campaigns})
    if not due:
        return
    mails = sorted(due)
    columns = (mails, [str(due[mail][0]) for mail in mails], [str(due[mail][1]) for mail in mails])
    outcome = await OrgSink(run.salesforce, all_records).upsert(
        FLAGS_TARGET, Rows(FLAGS_TARGET.fields, FLAGS_TARGET.kinds, columns)
    )
    refused = {failure.key for failure in outcome.failures}
    await _flags_shown(run, {mail: counts for mail, counts in due.items() if mail not in refused})


@sync_to_async
def _flags_due(org_id: int, campaigns: set[str]) -> dict[str, tuple[int, int]]:
    flags = EventScope.objects.filter(org_id=org_id, kind__in=("opens", "clicks"), ended=True)
    changed = set(flags.exclude(shown=F("suspicious")).values_list("mail", flat=True)) & campaigns
    counts = {
        (mail, kind): count
        for mail, kind, count in flags.filter(mail__in=changed).values_list("mail", "kind", "suspicious")
    }
    return {mail: (counts.get((mail, "opens"), 0), counts.get((mail, "clicks"), 0)) for mail in changed}


@sync_to_async
def _flags_shown(run: Run, shown: Mapping[str, tuple[int, int]]) -> None:
    with transaction.atomic():
        run.fence()
        for mail, counts in shown.items():
            for kind, count in zip(("opens", "clicks"), counts, strict=True):
                EventScope.objects.filter(org_id=run.org_id, mail=mail, kind=kind).update(shown=count)
