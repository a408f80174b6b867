"""`fairlead connect`: credentials in, proved by a real call, stored sealed."""

import asyncio
import sys
from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Connect Campaign Monitor or Salesforce.",
    epilog="Example: fairlead connect campaign-monitor",
    no_args_is_help=True,
)


def secret(given: str | None, what: str) -> str:
    """A credential: as given, else typed unseen, else a line of standard input. Blank is wrong use."""
    if given is None:
        given = typer.prompt(what, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not given.strip():
        raise typer.BadParameter(f"{what} is blank: type it, or pass it through the environment.")
    return given.strip()


@app.command("campaign-monitor", epilog="Example: fairlead connect campaign-monitor < key.txt")
def campaign_monitor(
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="FAIRLEAD_CM_API_KEY", help="API key. Asked for, or read from standard input, if not given."
        ),
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(help="Id of a client to sync; may be given again. None: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect a Campaign Monitor account and select its clients."""
    key = secret(api_key, "Campaign Monitor API key")
    settings = open_house()
    from fairlead.features.connections import connecting

    chosen = client or []
    clients = asyncio.run(connecting.read_clients(settings.campaign_monitor_url, key))
    connecting.store_campaign_monitor(org(), settings.campaign_monitor_url, key, clients, chosen, WHO)
    rows = [(each.client_id, each.name, each.time_zone, not chosen or each.client_id in chosen) for each in clients]
    if as_json:
        names = ("id", "name", "time_zone", "selected")
        show.document({"ok": True, "clients": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    show.table(
        "Connected to Campaign Monitor.",
        ["Id", "Client", "Time zone", "Synced"],
        [(*row[:3], "yes" if row[3] else "no") for row in rows],
    )


@app.command("salesforce", epilog="Example: fairlead connect salesforce --login-url https://example.my.salesforce.com")
def salesforce(
    login_url: Annotated[
        str | None, typer.Option(help="The org's My Domain address. Default: FAIRLEAD_SALESFORCE_LOGIN_URL.")
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(
            envvar="FAIRLEAD_SF_CLIENT_ID", help="Consumer key of the External Client App. Asked for if not given."
        ),
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            envvar="FAIRLEAD_SF_CLIENT_SECRET",
            help="Consumer secret. Asked for, or read from standard input, if not given.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect a Salesforce org by an External Client App with client credentials."""
    key = secret(client_id, "Consumer key")
    password = secret(client_secret, "Consumer secret")
    settings = open_house()
    from fairlead.features.connections import connecting

    url = (login_url or settings.salesforce_login_url).rstrip("/")
    found = asyncio.run(connecting.read_org(url, key, password))
    connecting.store_salesforce(org(), url, key, password, found, WHO)
    if as_json:
        show.document(
            {"ok": True, "org": found.org_id, "instance_url": found.instance_url, "api_version": found.api_version}
        )
        return
    show.console().print(f"Connected to the org {found.org_id} at {found.instance_url}, API {found.api_version}.")
