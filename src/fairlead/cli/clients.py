"""`fairlead clients`: which clients are synced, who owns their records, and taking one out of the org."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.jobs import as_dict, when
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.connections.acts import Removal
    from fairlead.features.connections.owners import User
    from fairlead.jobs.models import Job

app = typer.Typer(
    help="Select, pause and remove clients of the account; choose who owns their records.",
    epilog="Example: fairlead clients list",
    no_args_is_help=True,
)
Client = Annotated[str, typer.Argument(help="Id of the client.", metavar="CLIENT")]


@app.command("list", epilog="Example: fairlead clients list --json")
def list_clients(as_json: AsJson = False) -> None:
    """List the account's clients: which are synced, when last, and whose their records are."""
    open_house()
    from fairlead.features.connections import shown

    found = shown.clients(org())
    if as_json:
        show.document({"ok": True, "clients": found})
        return
    rows = [
        (c["id"], c["name"], c["standing"], when(c["last_synced_at"]), c["owner"] or "sync user", c["message"])
        for c in found
    ]
    show.table("", ["Id", "Client", "Stands as", "Last sync", "Owner", "Remarks"], rows)


@app.command("select", epilog="Example: fairlead clients select a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6")
def select(
    client: Annotated[list[str], typer.Argument(help="Ids of the clients to sync.", metavar="CLIENT…")],
    only: Annotated[bool, typer.Option("--only", help="Pause all others.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sync these clients, too, from the next run on."""
    open_house()
    from fairlead.features.connections import acts

    if only:
        acts.select(org(), client, WHO)
    else:
        for each in client:
            acts.resume(org(), each, WHO)
    list_clients(as_json)


@app.command("pause", epilog="Example: fairlead clients pause a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6")
def pause(client: Client, as_json: AsJson = False) -> None:
    """Sync a client no more. Its settings, cursors and records stay."""
    open_house()
    from fairlead.features.connections import acts

    acts.pause(org(), client, WHO)
    list_clients(as_json)


@app.command("disconnect", epilog="Example: fairlead clients disconnect a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6")
def disconnect(client: Client, as_json: AsJson = False) -> None:
    """Sync a client no more, at once: its jobs are cancelled. Selecting it again finds everything."""
    open_house()
    from fairlead.features.connections import acts

    acts.disconnect_client(org(), client, WHO)
    list_clients(as_json)


@app.command("remove", epilog="Example: fairlead clients remove a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6 --check")
def remove(
    client: Client,
    only_check: Annotated[bool, typer.Option("--check", help="Only say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the client's name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a client's records from the org, with its settings and cursors. Contacts and leads stay.

    Says in numbers what goes, then asks for the client's name. A worker does it; nothing in Campaign Monitor changes.
    """
    open_house()
    from fairlead.features.connections import acts

    plan = asyncio.run(_plan(client))
    if not as_json:
        _tell(plan)
    if only_check:
        if as_json:
            show.document({"ok": True, "check_only": True, **plan.as_json})
        return
    typed = plan.client.name if yes else show.name_typed("the client's", plan.client.name)
    job = acts.remove(org(), client, typed, WHO)
    _told(job, as_json=as_json, more=plan.as_json)


@app.command("owners", epilog="Example: fairlead clients owners ada")
def owners(
    text: Annotated[str, typer.Argument(help="Part of a user's name or user name.", metavar="TEXT")],
    as_json: AsJson = False,
) -> None:
    """Search the org's active users, who may own records."""
    open_house()
    found = asyncio.run(_users(text))
    if as_json:
        show.document({"ok": True, "users": [{"id": u.id, "name": u.name, "username": u.username} for u in found]})
        return
    show.table("", ["Id", "Name", "User name"], [(user.id, user.name, user.username) for user in found])


@app.command("owner", epilog="Example: fairlead clients owner a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6 0055e000000001AAAQ")
def owner(
    client: Client,
    user: Annotated[str, typer.Argument(help="Id of an active user; none: the sync user.", metavar="USER")] = "",
    hand_over: Annotated[bool, typer.Option("--hand-over", help="Give existing records to the user, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Choose who owns what is created for a client from now on."""
    open_house()
    from fairlead.features.connections import acts

    chosen = asyncio.run(_choose(client, user))
    job = acts.hand_over(org(), client, WHO) if hand_over else None
    if job is not None:
        _told(job, as_json=as_json, more={"client": client, "owner": chosen})
    elif as_json:
        show.document({"ok": True, "client": client, "owner": chosen})
    else:
        show.console().print(f"Records of {client} are created for {chosen or 'the sync user'} from now on.")


@app.command("hand-over", epilog="Example: fairlead clients hand-over a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6")
def hand_over(client: Client, as_json: AsJson = False) -> None:
    """Give the existing records of a client to the owner that is chosen for it. A worker does it."""
    open_house()
    from fairlead.features.connections import acts

    _told(acts.hand_over(org(), client, WHO), as_json=as_json, more={"client": client})


async def _plan(client: str) -> "Removal":
    from fairlead import wiring
    from fairlead.features.connections import acts

    async with wiring.open_salesforce(await _here()) as crm:
        return await acts.removal(crm, await _here(), client)


async def _users(text: str) -> "list[User]":
    from fairlead import wiring
    from fairlead.features.connections import owners

    async with wiring.open_salesforce(await _here()) as crm:
        return await owners.search(crm, text)


async def _choose(client: str, user: str) -> str:
    from fairlead import wiring
    from fairlead.features.connections import owners

    async with wiring.open_salesforce(await _here()) as crm:
        return await owners.choose(crm, await _here(), client, user, WHO)


async def _here() -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(org)()


def _tell(plan: "Removal") -> None:
    from fairlead.features.connections.jobs import titles

    rows: list[tuple[str, str]] = [(title, f"{count:,}") for title, count in titles(plan.records)]
    rows += [("Settings", f"{plan.kept.settings:,}"), ("Cursors", f"{plan.kept.cursors:,}")]
    show.table(f"This is deleted of the client {plan.client.name}", ["What", "Number"], rows)


def _told(job: "Job", *, as_json: bool, more: dict[str, Any]) -> None:
    if as_json:
        show.document({"ok": True, "job": as_dict(job), **more})
    else:
        show.console().print(f"Job {job.number} is {job.get_state_display()}: `fairlead jobs show {job.number}`.")
