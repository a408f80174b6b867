"""What the primary sync runs: the stages that the other rooms offer, one after another, each telling how far it is."""

from collections.abc import Sequence
from contextlib import suppress

from fairlead.domain.failure import Failure
from fairlead.features.primary_sync import rules
from fairlead.sync.stage import Run, Stage


async def run_stages(run: Run, stages: Sequence[Stage]) -> None:
    """Run the stages in order. A stage that fails is told as failed; the first failure is raised at the end."""
    first: Failure | None = None
    for position, stage in enumerate(stages):
        await run.progress.check_cancelled()
        try:
            await run.progress.stage(stage.name, state="running")
            await stage.run(run)
        except Failure as failure:
            first = first or failure
            await run.progress.stage(stage.name, state="failed", message=str(failure))
            if rules.stops_the_run(failure, stage.name):
                await _skip(run, stages[position + 1 :])
                break
        except Exception:
            # cancelled, taken over, or our own fault: the job's reason says which
            with suppress(Exception):
                await run.progress.stage(stage.name, state="failed", message="Stopped before its end.")
            raise
        else:
            await run.progress.stage(stage.name, state="done")
    if first is not None:
        raise first


async def _skip(run: Run, stages: Sequence[Stage]) -> None:
    for stage in stages:
        await run.progress.stage(stage.name, state="skipped", message="An earlier stage failed.")
