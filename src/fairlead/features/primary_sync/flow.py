"""What the primary sync runs: the stages that the other rooms offer, one after another, each telling how far it is."""

import time
from collections.abc import Sequence
from contextlib import suppress

from fairlead.domain.failure import Failure
from fairlead.features.primary_sync import rules
from fairlead.sync.stage import Run, Stage, Wanted

_offered: list[Stage] = []


def offer(stages: Sequence[Stage]) -> None:
    """Say which stages there are, in their order: the rooms that offer them are strangers to this one."""
    _offered[:] = stages


def offered() -> Sequence[Stage]:
    """The stages that there are."""
    return tuple(_offered)


def stages_of(wanted: Wanted, stages: Sequence[Stage]) -> list[Stage]:
    """The stages to run for what was asked, in their order. Raises NoSuchStage."""
    names = rules.to_run({stage.name: stage.needs for stage in stages}, wanted.stages, clean=wanted.clean)
    return [stage for stage in stages if stage.name in names]


async def run_stages(run: Run, stages: Sequence[Stage]) -> None:
    """Run the stages in order. One that fails is told as failed and takes only those with it that need it.

    Raises, at the end, the failure that a person must act on.
    """
    failures: dict[str, Failure] = {}
    for stage in stages:
        await run.progress.check_cancelled()
        missing = rules.cannot_run(stage.needs, failures, run.passable)
        if missing is not None:
            reason = rules.skipped_because(missing, {other.name: other.title for other in stages})
            await run.progress.stage(stage.name, state="skipped", message=reason)
            failures.setdefault(stage.name, failures[missing])
            continue
        failure = await _run_one(run, stage)
        if failure is not None:
            failures[stage.name] = failure
    if failures:
        raise rules.the_one_to_tell(list(failures.values()))


async def _run_one(run: Run, stage: Stage) -> Failure | None:
    """One stage, with its duration (milliseconds) and the calls it made."""
    measured = _Measured(run)
    try:
        await run.progress.stage(stage.name, state="running")
        await stage.run(run)
    except Failure as failure:
        await measured.end(stage, "failed", failure.told, failure)
        return failure
    except BaseException:
        # cancelled, taken over, or our own fault: the job's reason says which
        with suppress(Exception):
            await measured.end(stage, "failed", "Stopped before its end.")
        raise
    await measured.end(stage, "done")
    return None


class _Measured:
    """What a stage costs, from now on."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._began = time.monotonic()
        self._calls = self._now()

    async def end(self, stage: Stage, state: str, message: str | None = None, why: Failure | None = None) -> None:
        """Tell how the stage ended, in how many milliseconds, and the calls to either side."""
        account, crm = self._now()
        await self._run.progress.stage(
            stage.name,
            state=state,
            message=message,
            code=why.code if why else None,
            step=why.step if why else None,
            ms=round((time.monotonic() - self._began) * 1000),
            cm_calls=account - self._calls[0],
            sf_calls=crm - self._calls[1],
        )

    def _now(self) -> tuple[int, int]:
        calls = self._run.calls
        return (calls.campaign_monitor, calls.salesforce) if calls is not None else (0, 0)
