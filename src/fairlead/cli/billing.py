"""`fairlead billing`: what is to be paid, and for how many people."""

from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit, exit_of
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="What is to be paid, and for how many people: for who runs Fairlead for others.",
    epilog="Example: fairlead billing status",
    no_args_is_help=True,
)


@app.command("status", epilog="Example: fairlead billing status --json")
def status(as_json: AsJson = False) -> None:
    """Show the subscription as it was last read, the count of people and the plan. Stripe is not asked."""
    open_house()
    from fairlead.features.billing import keeping

    if not keeping.on():
        if as_json:
            show.document({"ok": True, "billed": False})
        else:
            show.console().print("Self-hosted: nothing to pay.")
        return
    _tell(as_json=as_json)


@app.command("count", epilog="Example: fairlead billing count --json")
def count(
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the job to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Count active people now, read the subscription, let the plan follow. A worker must be running."""
    open_house()
    from fairlead.cli import follow
    from fairlead.cli.jobs import as_dict
    from fairlead.features.billing import keeping

    keeping.check_on()
    job = keeping.ask(org(), WHO, count=True)
    if not wait:
        show.document({"ok": True, "job": as_dict(job)}) if as_json else show.console().print(
            f"Job {job.number} is {job.get_state_display()}."
        )
        return
    job = follow.follow(job.number, quiet=as_json)
    if job.state == "done":
        _tell(as_json=as_json)
        return
    if as_json:
        show.document({"ok": False, "job": as_dict(job)})
    else:
        follow.tell(job)
    raise typer.Exit(exit_of(job.support_code) if job.state == "failed" else Exit.FAILED)


def _tell(*, as_json: bool) -> None:
    from fairlead.features.billing import keeping

    told = keeping.told(org())
    if as_json:
        show.document({"ok": True, "billed": True, **told})
        return
    rows = [(name.replace("_", " "), value) for name, value in told.items() if value not in (None, "")]
    show.table("", ["What", "Is"], rows)
