"""`fairlead sync-user`: who Fairlead is in Salesforce, and moving that to another user."""

import asyncio
from typing import TYPE_CHECKING, Any

import typer

from fairlead.cli import connect, show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.connections.sync_user import SyncUser

app = typer.Typer(
    help="The Salesforce user whom Fairlead signs in as.",
    epilog="Example: fairlead sync-user show",
    no_args_is_help=True,
)


@app.command("show", epilog="Example: fairlead sync-user show --json")
def show_user(as_json: AsJson = False) -> None:
    """Show who it is, as the org tells it now, and which rights are missing."""
    open_house()
    _tell(asyncio.run(_look()), as_json=as_json)


@app.command("move", epilog="Example: fairlead sync-user move --flow browser")
def move(
    flow: connect.OrgFlow = connect.Flow.BROWSER,
    client_id: connect.ConsumerKey = None,
    client_secret: connect.ConsumerSecret = None,
    callback: connect.Callback = connect.CALLBACK,
    paste: connect.Paste = False,
    username: connect.Username = None,
    private_key: connect.PrivateKey = None,
    audience: connect.Audience = None,
    as_json: AsJson = False,
) -> None:
    """Sign in anew as another user of the connected org; only the credentials are replaced.

    Another org is refused. Says which rights the user lacks; nothing else changes.
    """
    connect.check_flow(flow, username, private_key)
    key = connect.secret(client_id, "Consumer key")
    password = "" if flow is connect.Flow.JWT else connect.secret(client_secret, "Consumer secret")
    open_house()
    from fairlead.features.connections import connecting, records
    from fairlead.features.connections.opening import NotConnected

    known = records.salesforce_org(org())
    if known is None:
        raise NotConnected("Salesforce", "fairlead connect salesforce")
    asked = connect.Asked(flow, key, password, callback, paste, username, private_key, audience)
    kept = connect.org_credentials(asked, known.login_url)
    found = connect.tried_on_org(known.login_url, kept)
    connecting.store_salesforce(org(), known.login_url, kept, found, WHO)
    _tell(asyncio.run(_look()), as_json=as_json)


async def _look() -> "SyncUser":
    from asgiref.sync import sync_to_async

    from fairlead import wiring
    from fairlead.features.connections import sync_user

    async with wiring.open_salesforce(await sync_to_async(org)()) as crm:
        return await sync_user.look(crm)


def _tell(user: "SyncUser", *, as_json: bool) -> None:
    missing: list[dict[str, Any]] = [
        {"right": need.what, "for": need.why, "fix": need.fix, "vital": need.vital} for need in user.missing
    ]
    if as_json:
        told = {"id": user.id, "name": user.name, "username": user.username}
        show.document({"ok": True, "user": told, "missing": missing})
        return
    show.console().print(f"{user.name} ({user.username}), {user.id}")
    if missing:
        rows = [(each["right"], each["for"], each["fix"]) for each in missing]
        show.table("Missing rights", ["Right", "Needed for", "Give it in"], rows)
