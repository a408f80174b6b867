"""`fairlead sync`: ask for a primary sync, follow it, tell what it did."""

from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit, exit_of
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson


def sync(
    full: Annotated[bool, typer.Option("--full", help="Write everything anew and sweep what is gone.")] = False,
    client: Annotated[str, typer.Option(help="Id of one client.")] = "",
    list_id: Annotated[str, typer.Option("--list", help="Id of one list.")] = "",
    allow_large_changes: Annotated[
        bool, typer.Option("--allow-large-changes", help="Let the guards pass, this once.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the job to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Ask for a primary sync, follow it and tell what it did. A worker must be running (`fairlead up`)."""
    open_house()
    from fairlead.cli import follow
    from fairlead.cli.jobs import as_dict
    from fairlead.features.primary_sync import rules
    from fairlead.jobs import api

    asked = {"full": full, "client": client, "list": list_id, "allow_large_changes": allow_large_changes}
    job = api.ask(org(), rules.KIND, args={name: value for name, value in asked.items() if value}, by=WHO)
    if not wait:
        show.document({"ok": True, "job": as_dict(job)}) if as_json else show.console().print(
            f"Job {job.number} is {job.get_state_display()}."
        )
        return
    job = follow.follow(job.number, quiet=as_json)
    if as_json:
        show.document({"ok": job.state == "done", "job": as_dict(job), "refused": follow.refusals(job)})
    else:
        follow.tell(job)
    if job.state != "done":
        raise typer.Exit(exit_of(job.support_code) if job.state == "failed" else Exit.FAILED)
