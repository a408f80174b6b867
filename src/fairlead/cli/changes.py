"""`fairlead changes`: look at what changed in Salesforce, and see who followed it."""

from typing import Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Look at what changed in Salesforce, and see who followed it.",
    epilog="Example: fairlead changes status",
    no_args_is_help=True,
)


@app.command("run", epilog="Example: fairlead changes run --reaction field_mappings")
def run(
    reaction: Annotated[list[str] | None, typer.Option(help="Only this one; may be given again.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Hand over every record, whether it changed or not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for a run over what changed; a worker carries it out."""
    open_house()
    from fairlead.domain.outward_settings import PAUSED
    from fairlead.features.org_changes import rules
    from fairlead.features.org_changes.offered import offered
    from fairlead.jobs import api
    from fairlead.store import setting_rows

    names = list(reaction or ())
    chosen = offered(names)
    if names and not any(one.if_paused for one in chosen) and setting_rows.value(org(), PAUSED):
        raise rules.Paused
    job = api.ask(org(), rules.KIND, args=rules.args_of(names, whole=whole), by=WHO)
    if as_json:
        show.document({"ok": True, "job": {"number": job.number, "state": job.state}})
    else:
        show.console().print(f"Job {job.number} looks at what changed. `fairlead jobs show {job.number}` follows it.")


@app.command("status", epilog="Example: fairlead changes status --json")
def status(as_json: AsJson = False) -> None:
    """Show how changes are heard of, and what each reaction did last. Exit code 1 where one failed."""
    open_house()
    from fairlead.features.org_changes import records, sandbox

    hearing, reactions = records.hearing(org()), records.reactions(org())
    held_by = sandbox.held(org())
    failed = bool(held_by) or any(one["message"] for one in reactions)
    if as_json:
        show.document({"ok": not failed, "hearing": hearing, "reactions": reactions, "held_by": held_by})
    else:
        _tell(hearing, reactions, held_by)
    if failed:
        raise typer.Exit(Exit.FAILED)


@app.command("confirm-sandbox", epilog="Example: fairlead changes confirm-sandbox")
def confirm_sandbox(as_json: AsJson = False) -> None:
    """Let this sandbox write to an account that a production org uses. Better connect it to an account of its own."""
    open_house()
    from fairlead.features.org_changes import sandbox

    used_by = sandbox.confirm(org(), WHO)
    if as_json:
        show.document({"ok": True, "used_by": used_by})
    else:
        show.console().print(f"Confirmed: this sandbox writes to the account that {used_by} uses.")


def _tell(hearing: dict[str, Any], reactions: list[dict[str, Any]], held_by: str) -> None:
    if held_by:
        show.console().print(f"This sandbox is held: the production org {held_by} uses the account.")
    how = hearing["label"] if hearing["listening"] else "No worker listens"
    show.console().print(" ".join(part for part in (f"{how}.", hearing["message"]) if part))
    if not reactions:
        show.console().print("Nothing reacts to changes yet: make a field mapping or a subscriber rule.")
        return
    rows = [
        (one["title"], one["looked_at"], one["handed"], one["left_out"], "Paused" if one["paused"] else one["message"])
        for one in reactions
    ]
    show.table("", ["Reaction", "Last run", "Records", "Left out", "Remarks"], rows)
