"""`fairlead webhooks`: look at the webhooks of lists, repair them, take them away."""

import asyncio
from dataclasses import asdict
from typing import Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Look at the webhooks of lists, repair them, take them away.",
    epilog="Example: fairlead webhooks status",
    no_args_is_help=True,
)


@app.command("status", epilog="Example: fairlead webhooks status --json")
def status(as_json: AsJson = False) -> None:
    """Show each list's webhook: state, what it last received and handled, what waits, what could not be read."""
    open_house()
    from fairlead.features.webhooks import repairing, rules
    from fairlead.store import setting_rows

    used, found = setting_rows.value(org(), rules.USE), repairing.status(org())
    if as_json:
        show.document({"ok": True, "used": used, "webhooks": found})
        return
    show.console().print(
        "Webhooks are used." if used else f"Webhooks are not used: the setting {rules.USE.name} is off."
    )
    rows = [(e["name"], e["label"], e["received_at"], e["waiting"], e["unreadable"], e["message"]) for e in found]
    if rows:
        show.table("", ["List", "State", "Last received", "Waiting", "Not readable", "Remarks"], rows)


@app.command("repair", epilog="Example: fairlead webhooks repair")
def repair(as_json: AsJson = False) -> None:
    """Make what is missing, switch on what Campaign Monitor switched off, remove what is no longer wanted."""
    open_house()
    from fairlead import wiring

    here = org()

    async def work() -> Any:
        async with wiring.open_campaign_monitor(here) as account:
            return await wiring.repair_webhooks(here, account)

    _tell(asyncio.run(work()), as_json=as_json)


@app.command("remove", epilog="Example: fairlead webhooks remove")
def remove(as_json: AsJson = False) -> None:
    """Turn the option off and take every webhook of this Fairlead away from Campaign Monitor."""
    open_house()
    from fairlead import wiring
    from fairlead.features.webhooks import repairing, rules
    from fairlead.store import setting_rows

    here = org()
    setting_rows.put(here, rules.USE, value=False, by=WHO)

    async def work() -> Any:
        async with wiring.open_campaign_monitor(here) as account:
            return await repairing.remove_all(here, account)

    _tell(asyncio.run(work()), as_json=as_json)


def _tell(done: Any, *, as_json: bool) -> None:
    counts = asdict(done)
    if as_json:
        show.document({"ok": not done.failed, **counts})
    else:
        show.console().print(
            ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items() if count)
            or "Nothing to do."
        )
    if done.failed:
        raise typer.Exit(Exit.FAILED)
