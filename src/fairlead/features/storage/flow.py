"""What the storage room runs: events that are no longer kept are deleted, in bulk; the counts that they gave stay.

What falls out changes with the day and with the settings: the org is asked once for each, and by every full sync.
"""

from datetime import datetime
from typing import Final

from fairlead.domain import tracking_settings
from fairlead.domain.records import Cursor, Digest, Kind, Rows, Scope, Staged
from fairlead.features.storage import live, rules
from fairlead.salesforce import names
from fairlead.sync.account_source import clock
from fairlead.sync.deletion import Deletion
from fairlead.sync.run import ALWAYS_RECENT
from fairlead.sync.stage import Run, Stage

SCOPE: Final = Scope("retention", "all")


async def delete_what_is_not_kept(run: Run) -> None:
    """Delete the events that the settings keep no longer, and say how many and how much they took. Contacts and leads stay."""
    days = run.settings.of(tracking_settings.DAYS_TO_KEEP)
    oldest = tracking_settings.oldest_kept((await clock(run)).date(), days)
    where = condition(run, oldest)
    await run.progress.stage("retention", done=0, unit="events")
    key, told = _digest(run, where)
    if not run.wanted.full and (await run.ledger.digests(SCOPE)).get(key) == told:
        await run.progress.stage("retention", message=_sentence(0, days), deleted=0)
        return

    async def tell(done: int, total: int) -> None:
        await run.progress.stage("retention", done=done, total=total)

    deletion = Deletion(names.TRACKING, where, progress=tell, check=run.progress.check_cancelled)
    deleted = await deletion.run(run.salesforce)
    run.add(events_deleted=deleted)
    await run.ledger.commit(
        SCOPE,
        Staged(Cursor(await clock(run)), {key: Digest(told, ALWAYS_RECENT)}),
        [],
        forget_before=None,
        answered=None,
    )
    await run.progress.stage("retention", message=_sentence(deleted, days), deleted=deleted)


def _digest(run: Run, where: str) -> tuple[bytes, bytes]:
    """Under which key it is remembered what was deleted last, and how."""
    rows = Rows(("Condition",), (Kind.TEXT,), ([where],))
    return run.ledger.hashes(["what is not kept"])[0], run.ledger.content_digests(rows, "")[0]


def condition(run: Run, oldest: datetime) -> str:
    """The SOQL condition of the events that this run's settings keep no longer."""
    types = run.settings.of(tracking_settings.TYPES)
    return rules.not_kept(
        live.soql_time(oldest),
        types,
        journeys=run.settings.of(tracking_settings.JOURNEYS),
        days=run.settings.of(tracking_settings.DAYS_TO_KEEP),
    )


def _sentence(deleted: int, days: int) -> str:
    if not deleted:
        return f"Nothing is older than {days:,} days or of a kind that is not kept."
    return f"{deleted:,} events were deleted ({rules.megabytes(deleted):,.1f} MB)."


STAGES: Final = (Stage("retention", "Storage clean-up", delete_what_is_not_kept),)
