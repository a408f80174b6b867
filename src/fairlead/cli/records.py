"""`fairlead records`: what the sync would create for subscribers without contact or lead, and offering refused ones again."""

import asyncio
from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="New contacts and leads: preview what a sync would create, offer refused ones again.",
    epilog="Example: fairlead records preview --list 0123456789abcdef0123456789abcdef",
    no_args_is_help=True,
)


@app.command("preview", epilog="Example: fairlead records preview --list 0123456789abcdef0123456789abcdef")
def preview(
    list_id: Annotated[str, typer.Option("--list", help="Id of the list.")],
    as_json: AsJson = False,
) -> None:
    """Count, live, what the next sync would create for a list's active subscribers without contact or lead."""
    open_house()
    from fairlead.features.record_creation import preview as room

    found = asyncio.run(room.preview(org(), list_id))
    if as_json:
        show.document({"ok": not found.problems, **found.as_json()})
    else:
        out = show.console()
        if not found.creates:
            out.print(f"{found.name}: nothing is created (record_creation.rule is “Do nothing”).")
            return
        for problem in found.problems:
            out.print(f"The rule cannot work: {problem}.")
        rows = [
            (f"{found.creates}s that would be created", found.would_create),
            ("Have a contact or lead by now, would be linked", found.already_match),
            ("Refused before, not offered again", found.refused_before),
            *((f"Cannot be created: {reason}", count) for reason, count in found.unfit.items()),
            ("Active subscribers without contact and lead", found.unlinked),
        ]
        show.table(found.name, ["", "Subscribers"], [(words, f"{count:,}") for words, count in rows])
        show.table("", ["Refused before, because", "Rows"], found.reasons.items())
    if found.problems:
        raise typer.Exit(1)


@app.command("retry", epilog="Example: fairlead records retry")
def retry(
    list_id: Annotated[str, typer.Option("--list", help="Id of one list; all lists without it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let the next sync offer again what Salesforce refused to create, for instance after a validation rule was changed."""
    open_house()
    from fairlead.features.record_creation import preview as room

    rows = room.retry(org(), WHO, list_id)
    if as_json:
        show.document({"ok": True, "rows": rows})
    else:
        show.console().print(f"The next sync offers {rows:,} refused rows again, and looks at all the others.")
