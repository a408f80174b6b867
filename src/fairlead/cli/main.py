"""The commands of `fairlead`. Each imports what it needs when it is called: `--help` stays quick."""

import importlib.metadata
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from fairlead.cli import (
    backup,
    billing,
    campaigns,
    changes,
    clients,
    connect,
    disconnect,
    edge,
    explain,
    house,
    imports,
    jobs,
    look,
    mappings,
    members,
    messages,
    move_in,
    opt_status,
    orgs,
    person,
    records,
    rules,
    run,
    salesforce,
    settings,
    show,
    storage,
    suppression,
    sync,
    sync_user,
    token,
    tracking,
    transactional,
    users,
    webhooks,
)

app = typer.Typer(
    name="fairlead",
    help="Keeps Campaign Monitor and Salesforce in step. Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by a guard.",
    epilog="Example: fairlead up",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fairlead {importlib.metadata.version('fairlead')}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    org: Annotated[
        str,
        typer.Option(
            envvar="FAIRLEAD_ORG",
            metavar="ORG",
            help="Number or name of the org that the command is about, where there are several.",
        ),
    ] = "",
) -> None:
    house.chosen["org"] = org


app.command("up", epilog="Example: fairlead up --port 8800")(run.up)
app.command("web", epilog="Example: FAIRLEAD_PORT=8801 fairlead web")(run.web)
app.command("worker", epilog="Example: fairlead worker --concurrency 5")(run.worker)
app.command("migrate", epilog="Example: fairlead migrate")(run.migrate)
app.command("backup", epilog="Example: fairlead backup fairlead-2026-03-04.backup")(backup.backup)
app.command("restore", epilog="Example: fairlead restore fairlead-2026-03-04.backup")(backup.restore)
app.command("sync", epilog="Example: fairlead sync --full")(sync.sync)
app.command("sign-in", epilog="Example: fairlead sign-in")(run.sign_in)
app.command("status", epilog="Example: fairlead status --json")(look.status)
app.command("explain", epilog="Example: fairlead explain somebody@example.com --list 1a2b3c")(explain.explain)
app.command("audit", epilog="Example: fairlead audit --who admin --from 2026-01-01")(messages.audit)
app.command("doctor", epilog="Example: fairlead doctor")(look.doctor)
app.command("emulators", epilog="Example: fairlead emulators --seed demo --json")(run.emulators)
app.command("demo", epilog="Example: fairlead demo --once")(run.demo)
app.add_typer(connect.app, name="connect")
app.add_typer(disconnect.app, name="disconnect")
app.add_typer(disconnect.resetting, name="reset")
app.add_typer(clients.app, name="clients")
app.add_typer(sync_user.app, name="sync-user")
app.add_typer(salesforce.app, name="salesforce")
app.add_typer(orgs.app, name="orgs")
app.add_typer(jobs.app, name="jobs")
app.add_typer(tracking.app, name="tracking")
app.add_typer(mappings.app, name="mappings")
app.add_typer(members.app, name="members")
app.add_typer(person.app, name="person")
app.add_typer(storage.app, name="storage")
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(imports.app, name="imports")
app.add_typer(settings.app, name="settings")
app.add_typer(token.app, name="token")
app.add_typer(records.app, name="records")
app.add_typer(rules.app, name="rules")
app.add_typer(changes.app, name="changes")
app.add_typer(suppression.app, name="suppression")
app.add_typer(opt_status.app, name="opt-status")
app.add_typer(move_in.app, name="move-in")
app.add_typer(transactional.app, name="transactional")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(billing.app, name="billing")
app.add_typer(users.app, name="users")
app.add_typer(messages.app, name="messages")
app.add_typer(messages.notifications, name="notifications")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=words, prog_name="fairlead")
    except Exception as error:
        problem = edge.explain(error)
        show.problem(problem, as_json="--json" in words)
        sys.exit(problem.exit_code)
