"""`fairlead suppression`: the records of suppressed addresses."""

import asyncio
from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="The records of suppressed addresses in Salesforce.",
    epilog="Example: fairlead suppression remove",
    no_args_is_help=True,
)


@app.callback()
def _several() -> None:
    """Keeps `remove` a word of its own while it is the only one."""


@app.command("remove", epilog="Example: fairlead suppression remove --yes")
def remove(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete all records of suppressed addresses from Salesforce. Campaign Monitor's suppression lists stay as they are.

    While the setting suppression.sync is on, the next sync writes them again.
    """
    if not yes:
        typer.confirm("Delete all suppression records in Salesforce?", abort=True)
    open_house()
    from fairlead.features.suppression import records

    count = asyncio.run(records.remove_all(org(), WHO))
    if as_json:
        show.document({"ok": True, "deleted": count})
    else:
        show.console().print(f"Deleted {count:,} records.")
