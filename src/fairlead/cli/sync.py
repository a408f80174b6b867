"""`fairlead sync`: ask for a primary sync, follow it, tell what it did."""

from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit, exit_of
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson


def sync(
    full: Annotated[bool, typer.Option("--full", help="Write everything anew and sweep what is gone.")] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="With --full: delete Fairlead's own records first. Asks, unless --yes.")
    ] = False,
    stage: Annotated[
        list[str] | None, typer.Option("--stage", metavar="NAME", help="Only this stage and what it needs; repeatable.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
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
    from fairlead.features.primary_sync import flow, rules
    from fairlead.jobs import api

    stages = list(stage or ())
    rules.to_run({one.name: one.needs for one in flow.offered()}, stages, clean=clean)
    if clean:
        rules.check_clean(full=full, of_list=list_id, stages=stages)
        _confirm(client, yes=yes)
    asked = {"full": full, "client": client, "list": list_id, "allow_large_changes": allow_large_changes}
    more = {"clean": clean, "stages": stages}
    job = api.ask(org(), rules.KIND, args={name: value for name, value in {**asked, **more}.items() if value}, by=WHO)
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


def _confirm(client: str, *, yes: bool) -> None:
    """Say in numbers what goes, and ask for the words. Leaves with "wrong use" where they are not given."""
    if yes:
        return
    import asyncio

    from fairlead.features.primary_sync import clean, rules
    from fairlead.sync import sides

    async def count() -> dict[str, int]:
        async with sides.salesforce(org().pk) as crm:
            return await clean.existing(crm, client)

    show.console(errors=True).print("These records are deleted first, then everything is imported anew:")
    for name, number in asyncio.run(count()).items():
        show.console(errors=True).print(f"  {name}: {number:,}")
    typed = typer.prompt(f"Type “{rules.CLEAN_WORDS}” to go on", default="", show_default=False, err=True)
    if not rules.confirmed(typed, org().name):
        show.console(errors=True).print("Nothing was asked for.")
        raise typer.Exit(Exit.WRONG_USE)
