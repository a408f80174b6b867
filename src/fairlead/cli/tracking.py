"""`fairlead tracking`: what became of e-mails, read live from the org."""

import asyncio
from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(help="Email tracking history, read live from the org; nothing is kept.", no_args_is_help=True)


@app.command(epilog="Example: fairlead tracking suspicious --days 7 --json")
def suspicious(
    days: Annotated[int, typer.Option(min=1, max=365, help="Unsubscribes of so many days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List unsubscribes in the minute in which a scanner clicked that e-mail's links, for a person to review."""
    open_house()
    from fairlead.features.campaigns import live
    from fairlead.sync import sides

    org_id = org().pk

    async def read() -> list[live.OptOut]:
        async with sides.salesforce(org_id) as opened:
            return await live.suspicious_opt_outs(opened, days)

    found = asyncio.run(read())
    rows = [(one.address, one.at, one.campaign, one.contact or one.lead) for one in found]
    if as_json:
        names = ("address", "at", "campaign", "record")
        show.document({"ok": True, "unsubscribes": [dict(zip(names, row, strict=True)) for row in rows]})
    elif rows:
        show.table("", ["Address", "Unsubscribed (UTC)", "Campaign", "Contact or lead"], rows)
    else:
        show.console().print(f"No unsubscribe of the last {days} days looks like the work of a scanner.")
