"""`fairlead jobs`: what runs, what ran, and how it ended."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.jobs.models import Job

app = typer.Typer(
    help="Look at jobs, cancel one, ask again.", epilog="Example: fairlead jobs list", no_args_is_help=True
)
Number = Annotated[int, typer.Argument(help="The job's number.", metavar="NUMBER")]


def as_dict(job: "Job") -> dict[str, Any]:
    """A job as JSON."""
    names = (
        "kind", "key", "state", "attempt", "args", "phase", "stages", "counts", "reason", "support_code", "requested_by",
        "created_at", "started_at", "finished_at",
    )  # fmt: skip
    return {"number": job.number, **{name: getattr(job, name) for name in names}}


def find(number: int) -> "Job":
    """The job of this number. Raises NoSuchJob."""
    from fairlead.jobs.api import NoSuchJob
    from fairlead.jobs.models import Job

    job = Job.objects.filter(org=org(), pk=number).first()
    if job is None:
        raise NoSuchJob(number)
    return job


@app.command("list", epilog="Example: fairlead jobs list --limit 50")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20, as_json: AsJson = False
) -> None:
    """List jobs, newest first."""
    open_house()
    from fairlead.jobs import registry
    from fairlead.jobs.models import Job

    found = list(Job.objects.filter(org=org())[:limit])
    if as_json:
        show.document({"ok": True, "jobs": [as_dict(job) for job in found]})
        return
    rows = [
        (
            job.number,
            registry.title(job.kind),
            job.get_state_display(),
            when(job.created_at),
            when(job.finished_at),
            job.reason or job.phase,
        )
        for job in found
    ]
    show.table("", ["Job", "Kind", "State", "Asked for", "Ended", "Remarks"], rows)


@app.command("show", epilog="Example: fairlead jobs show 42")
def show_job(number: Number, as_json: AsJson = False) -> None:
    """Show one job with its stages and counts."""
    open_house()
    job = find(number)
    if as_json:
        show.document({"ok": True, "job": as_dict(job)})
        return
    out = show.console()
    out.print(f"Job {job.number}: {job.kind}, {job.get_state_display()}, attempt {job.attempt}. {job.reason}".strip())
    rows = [
        (s["title"], s["state"], s.get("done"), s.get("total"), s.get("unit"), s.get("message")) for s in job.stages
    ]
    show.table("", ["Stage", "State", "Done", "Of", "Unit", "Remarks"], rows)
    show.table("", ["Count", ""], [(name.replace("_", " "), f"{count:,}") for name, count in job.counts.items()])


@app.command("cancel", epilog="Example: fairlead jobs cancel 42")
def cancel(number: Number, as_json: AsJson = False) -> None:
    """Cancel a job: at once while it waits, at its next look while it runs."""
    open_house()
    from fairlead.jobs import api

    _told(api.cancel(find(number).number, WHO), as_json=as_json)


@app.command("retry", epilog="Example: fairlead jobs retry 42")
def retry(number: Number, as_json: AsJson = False) -> None:
    """Ask anew for what an ended job was to do."""
    open_house()
    from fairlead.jobs import api

    _told(api.retry(find(number).number, WHO), as_json=as_json)


def _told(job: "Job", *, as_json: bool) -> None:
    if as_json:
        show.document({"ok": True, "job": as_dict(job)})
    else:
        asked = " and was asked to stop" if job.cancel_requested else ""
        show.console().print(f"Job {job.number} is {job.get_state_display()}{asked}.")


def when(moment: Any) -> str:
    """A moment in UTC as people read it, to the second."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
