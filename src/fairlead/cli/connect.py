"""`fairlead connect`: credentials in, proved by a real call, stored sealed."""

import asyncio
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.connections.connecting import FoundOrg
    from fairlead.features.connections.credentials import AccountCredentials, OrgCredentials

app = typer.Typer(
    help="Connect Campaign Monitor or Salesforce.",
    epilog="Example: fairlead connect campaign-monitor",
    no_args_is_help=True,
)

CALLBACK = "http://127.0.0.1:8805/callback"


class Flow(StrEnum):
    """How to sign in to Salesforce."""

    CLIENT_CREDENTIALS = "client-credentials"
    BROWSER = "browser"
    JWT = "jwt"


Callback = Annotated[
    str, typer.Option(help="With a browser: where it comes back to, as registered with the app.", metavar="URL")
]
Paste = Annotated[
    bool, typer.Option("--paste", help="With a browser elsewhere: paste the address that it ends at, unseen by us.")
]
OrgFlow = Annotated[
    Flow,
    typer.Option(help="How to sign in: as the app's own user, as a person in the browser, or by a signed statement."),
]
ConsumerKey = Annotated[
    str | None,
    typer.Option(
        envvar="FAIRLEAD_SF_CLIENT_ID", help="Consumer key of the External Client App. Asked for if not given."
    ),
]
ConsumerSecret = Annotated[
    str | None,
    typer.Option(
        envvar="FAIRLEAD_SF_CLIENT_SECRET",
        help="Consumer secret. Asked for, or read from standard input, if not given. Not used with jwt.",
    ),
]
Username = Annotated[str | None, typer.Option(help="With jwt: the user to sign in as.")]
PrivateKey = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="With jwt: file of the private key (PEM) whose certificate the app has."
    ),
]
Audience = Annotated[
    str | None,
    typer.Option(help="With jwt: the login host. Default: https://login.salesforce.com; sandboxes use test."),
]


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
    browser: Annotated[
        bool, typer.Option("--browser", help="Sign in through the browser (OAuth) instead of an API key.")
    ] = False,
    client_id: Annotated[
        str | None, typer.Option(envvar="FAIRLEAD_CM_CLIENT_ID", help="With --browser: the application's client id.")
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(envvar="FAIRLEAD_CM_CLIENT_SECRET", help="With --browser: the application's secret."),
    ] = None,
    callback: Callback = CALLBACK,
    paste: Paste = False,
    client: Annotated[
        list[str] | None,
        typer.Option(help="Id of a client to sync; may be given again. None: all at first, later those of before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect a Campaign Monitor account and select its clients; the connected one again to replace its credentials only."""
    key = "" if browser else secret(api_key, "Campaign Monitor API key")
    app_id = secret(client_id, "Client id") if browser else ""
    app_secret = secret(client_secret, "Client secret") if browser else ""
    settings = open_house()
    from fairlead.cli import proofs
    from fairlead.features.connections import connecting, proving, records
    from fairlead.features.connections.credentials import AccountKey

    url = settings.campaign_monitor_url
    kept: AccountCredentials = AccountKey(key)
    if browser:
        kept = asyncio.run(proofs.of_account(url, app_id, app_secret, callback, paste=paste))
    chosen = client or []
    kept, clients = asyncio.run(proving.tried_on_account(url, kept))
    connecting.store_campaign_monitor(org(), url, kept, clients, chosen, WHO)
    kept_ones = records.selected(org())
    rows = [(each.client_id, each.name, each.time_zone, each.client_id in kept_ones) for each in clients]
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
    flow: OrgFlow = Flow.CLIENT_CREDENTIALS,
    client_id: ConsumerKey = None,
    client_secret: ConsumerSecret = None,
    callback: Callback = CALLBACK,
    paste: Paste = False,
    username: Username = None,
    private_key: PrivateKey = None,
    audience: Audience = None,
    as_json: AsJson = False,
) -> None:
    """Connect a Salesforce org by an External Client App; the connected one again to replace its credentials only."""
    check_flow(flow, username, private_key)
    key = secret(client_id, "Consumer key")
    password = "" if flow is Flow.JWT else secret(client_secret, "Consumer secret")
    settings = open_house()
    from fairlead.features.connections import connecting

    url = (login_url or settings.salesforce_login_url).rstrip("/")
    kept = org_credentials(Asked(flow, key, password, callback, paste, username, private_key, audience), url)
    found = tried_on_org(url, kept)
    connecting.store_salesforce(org(), url, kept, found, WHO)
    if as_json:
        show.document(
            {"ok": True, "org": found.org_id, "instance_url": found.instance_url, "api_version": found.api_version}
        )
        return
    show.console().print(f"Connected to the org {found.org_id} at {found.instance_url}, API {found.api_version}.")


@dataclass(frozen=True, slots=True)
class Asked:
    """How to sign in to Salesforce, as it was asked for."""

    flow: Flow
    key: str
    password: str = field(repr=False)
    callback: str
    paste: bool
    username: str | None
    private_key: Path | None
    audience: str | None


def check_flow(flow: Flow, username: str | None, private_key: Path | None) -> None:
    """Raises BadParameter where something is missing that the flow needs."""
    if flow is Flow.JWT and (private_key is None or not username):
        raise typer.BadParameter("The flow jwt needs --username and --private-key.")


def org_credentials(asked: Asked, url: str) -> "OrgCredentials":
    """The credentials, after the sign-in in the browser where there is one."""
    from fairlead.cli import proofs
    from fairlead.features.connections.credentials import OrgApp, OrgStatement

    if asked.flow is Flow.BROWSER:
        work = proofs.of_org(url, asked.key, asked.password, asked.callback, paste=asked.paste)
        return asyncio.run(work)
    if asked.private_key is not None and asked.username:
        audience = asked.audience or proofs.audience_of(url)
        return OrgStatement(asked.key, asked.username, asked.private_key.read_text(), audience)
    return OrgApp(asked.key, asked.password)


def tried_on_org(url: str, kept: "OrgCredentials") -> "FoundOrg":
    """What the org tells to who signs in with these."""
    from fairlead.features.connections import proving

    return asyncio.run(proving.tried_on_org(org(), url, kept))
