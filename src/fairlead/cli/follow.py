"""Follows a job by its row: a bar a stage, then what happened."""

import time
from typing import TYPE_CHECKING, Any

from fairlead.cli import show
from fairlead.cli.jobs import find
from fairlead.domain.failure import FixTheSettings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from fairlead.jobs.models import Job

EVERY = 0.3
"""Seconds between two looks at the row."""
PATIENCE = 10.0
"""Seconds without a worker after which that is said."""

COUNTS = (
    ("read", "subscribers read"),
    ("written", "records written"),
    ("unchanged", "unchanged"),
    ("deleted", "swept"),
    ("cleaned", "deleted at the start"),
    ("linked_contact", "linked to a contact"),
    ("linked_lead", "linked to a lead"),
    ("linked_both", "linked to both"),
    ("unlinked", "unlinked"),
    ("refused", "refused"),
    ("cm_calls", "calls to Campaign Monitor"),
    ("sf_calls", "calls to Salesforce"),
)


class NoWorker(FixTheSettings):
    """A job waits, and nobody is there to run it."""

    code = "FL-344"
    next_step = "Start `fairlead up` or `fairlead worker`, and look at its log if it ends at once."


def follow(number: int, *, quiet: bool = False, give_up: float | None = None) -> "Job":
    """Wait for the job's end; bars go to standard error unless `quiet`. Ctrl-C leaves the job running.

    Raises NoWorker when no worker was there for `give_up` seconds.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=show.console(errors=True), disable=quiet) as bars:
        tasks: dict[str, TaskID] = {}
        since = time.monotonic()
        warned = False
        while True:
            job = find(number)
            _draw(bars, tasks, job.stages)
            if job.ended:
                return job
            if not warned and not job.attempt and time.monotonic() - since > PATIENCE:
                warned = True
                show.console(errors=True).print(_why_waiting(job))
            if give_up is not None and not job.attempt and time.monotonic() - since > give_up and not _workers():
                raise NoWorker(f"Job {number} waits, and no worker is running.")
            time.sleep(EVERY)


def _draw(bars: "Progress", tasks: dict[str, "TaskID"], stages: list[dict[str, Any]]) -> None:
    for stage in stages:
        name = stage["name"]
        if name not in tasks:
            tasks[name] = bars.add_task(stage["title"], total=None, start=False, unit="")
        if stage["state"] != "waiting":
            bars.start_task(tasks[name])
        total, done = stage.get("total"), stage.get("done") or 0
        bars.update(
            tasks[name],
            completed=done,
            total=total or (done if stage["state"] == "done" else None),
            unit=stage.get("unit") or "",
        )
        if stage["state"] in ("done", "failed", "skipped"):
            bars.stop_task(tasks[name])


def _workers() -> int:
    from django.conf import settings

    from fairlead.jobs import engine

    return engine.living_workers(settings.FAIRLEAD_STALE_SECONDS)


def _why_waiting(job: "Job") -> str:
    if _workers():
        return f"Job {job.number} is {job.get_state_display()}: it waits for a free slot."
    return f"Job {job.number} is {job.get_state_display()}, and no worker is running. {NoWorker.next_step}"


def seconds(job: "Job") -> float:
    """How long the job ran."""
    return (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else 0.0


def refusals(job: "Job") -> list[dict[str, Any]]:
    """What was refused in this job, by reason, the most frequent first."""
    from fairlead.jobs import views_of

    return [{name: row[name] for name in ("code", "reason", "rows")} for row in views_of.refusals(job)]


def tell(job: "Job") -> None:
    """What the job did, in words."""
    out = show.console()
    ran = seconds(job)
    out.print(f"Job {job.number}: {job.get_state_display()} after {ran:.1f} s. {job.reason} {job.support_code}".strip())
    rows = [(words, f"{job.counts[name]:,}") for name, words in COUNTS if name in job.counts]
    if ran and job.counts.get("read"):
        rows.append(("rows per second", f"{job.counts['read'] / ran:,.0f}"))
    show.table("", ["", ""], rows)
    for refusal in refusals(job):
        out.print(f"  refused {refusal['rows']:,} × {refusal['code']}: {refusal['reason']}")
