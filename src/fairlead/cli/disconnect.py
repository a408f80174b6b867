"""`fairlead disconnect` and `fairlead reset`: stop everything and forget credentials; records and settings stay."""

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Stop both directions and forget the credentials of a side. Records, settings and cursors stay.",
    epilog="Example: fairlead disconnect campaign-monitor",
    no_args_is_help=True,
)
resetting = typer.Typer(
    help="Put right what hangs.",
    epilog="Example: fairlead reset connections",
    no_args_is_help=True,
)


@app.command("campaign-monitor", epilog="Example: fairlead disconnect campaign-monitor")
def campaign_monitor(as_json: AsJson = False) -> None:
    """Disconnect the Campaign Monitor account. Connecting it again finds everything as it was."""
    _disconnect("campaign_monitor", as_json=as_json)


@app.command("salesforce", epilog="Example: fairlead disconnect salesforce")
def salesforce(as_json: AsJson = False) -> None:
    """Disconnect the Salesforce org. Connecting it again finds everything as it was."""
    _disconnect("salesforce", as_json=as_json)


@app.command("all", epilog="Example: fairlead disconnect all")
def everything(as_json: AsJson = False) -> None:
    """Disconnect both sides."""
    _disconnect("campaign_monitor", "salesforce", as_json=as_json)


@resetting.command("connections", epilog="Example: fairlead reset connections")
def connections(as_json: AsJson = False) -> None:
    """Disconnect both sides even when neither answers and no worker lives. Records, settings and cursors stay.

    Running jobs are ended here and now; a worker that still holds one can commit nothing more.
    """
    open_house()
    from fairlead.features.connections import acts

    _told(acts.reset(org(), WHO), as_json=as_json)


def _disconnect(*sides: str, as_json: bool) -> None:
    open_house()
    from fairlead.features.connections import acts

    _told(acts.disconnect(org(), sides, WHO), as_json=as_json)


def _told(stopped: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        show.document({"ok": True, **stopped})
        return
    show.console().print(
        f"Disconnected. Jobs cancelled: {stopped['jobs']}; schedules turned off: {stopped['schedules']}. "
        "After connecting again, choose a frequency on the page Sync settings."
    )
