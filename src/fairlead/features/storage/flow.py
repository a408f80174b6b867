"""What the storage room runs: events that are no longer kept are deleted, in bulk; the counts that they gave stay."""

from datetime import datetime
from typing import Final

from fairlead.domain import tracking_settings
from fairlead.features.storage import live, rules
from fairlead.salesforce import names
from fairlead.sync.account_source import clock
from fairlead.sync.deletion import delete_where
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.stage import Run, Stage


async def delete_what_is_not_kept(run: Run) -> None:
    """Delete the events that the settings keep no longer, and say how many and how much they took. Contacts and leads stay."""
    days = run.settings.of(tracking_settings.DAYS_TO_KEEP)
    oldest = tracking_settings.oldest_kept((await clock(run)).date(), days)
    where = condition(run, oldest)
    with salesforce_failures("count the events that are kept no longer"):
        due = await run.salesforce.count(f"SELECT COUNT() FROM {names.TRACKING} WHERE {where}")
    deleted = 0
    await run.progress.stage("retention", done=0, total=due, unit="events")
    if due:

        async def tell(done: int) -> None:
            await run.progress.stage("retention", done=done, total=max(due, done))
            await run.progress.check_cancelled()

        deleted = await delete_where(run.salesforce, names.TRACKING, where, tell)
    run.add(events_deleted=deleted)
    await run.progress.stage("retention", message=_sentence(deleted, days), deleted=deleted)


def condition(run: Run, oldest: datetime) -> str:
    """The SOQL condition of the events that this run's settings keep no longer."""
    return rules.not_kept(
        live.soql_time(oldest),
        run.settings.of(tracking_settings.TYPES),
        journeys=run.settings.of(tracking_settings.JOURNEYS),
        days=run.settings.of(tracking_settings.DAYS_TO_KEEP),
    )


def _sentence(deleted: int, days: int) -> str:
    if not deleted:
        return f"Nothing is older than {days:,} days or of a kind that is not kept."
    return f"{deleted:,} events were deleted ({rules.megabytes(deleted):,.1f} MB)."


STAGES: Final = (Stage("retention", "Storage clean-up", delete_what_is_not_kept),)
