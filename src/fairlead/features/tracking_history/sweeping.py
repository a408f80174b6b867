"""After a full sync of everything: delete events that Campaign Monitor no longer tells of, or that are not kept."""

from fairlead.domain.records import Scope
from fairlead.sync import guard
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import Target
from fairlead.sync.stage import Run


async def sweep(run: Run, target: Target) -> None:
    """Delete events that this full run did not write, unless a guard refuses. Raises a Failure."""
    if not run.wanted.full or not run.wanted.everything:
        return
    if run.incomplete & {"campaigns", "journeys"}:
        await run.progress.stage(
            "tracking", message="Nothing is removed: not all campaigns and journeys could be listed."
        )
        return
    sink, scope = OrgSink(run.salesforce, all_records), Scope("tracking", "all")
    older, known = await sink.count_older(target, scope, run.number)
    guard.check_sweep(
        "e-mail tracking history",
        read=run.totals.get("events_read", 0) or known - older,
        older=older,
        known=known,
        limits=guard.SweepLimits(),
        allowed=run.wanted.allow_large_changes,
    )
    if older:
        deleted = await sink.delete_older(target, scope, run.number, ())
        run.add(events_deleted=deleted)
