"""`fairlead orgs`: the Salesforce orgs of this installation, each with its own connections, options, jobs and people."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.store.leaving import Going

Which = Annotated[str, typer.Argument(help="Number or name of the org.", metavar="ORG")]
app = typer.Typer(no_args_is_help=True, help="Orgs of this installation.", epilog="Example: fairlead orgs list")


@app.command("list", epilog="Example: fairlead orgs list")
def list_orgs(as_json: AsJson = False) -> None:
    """List the orgs, with the Salesforce org that each is connected to."""
    open_house()
    from fairlead.features.connections.models import SalesforceOrg
    from fairlead.store import orgs

    orgs.default_org()  # an installation that nobody has used has its first org, too
    connected = {one.org_id: one for one in SalesforceOrg.objects.all()}
    found = [
        {"number": one.pk, "name": one.name, "salesforce": connected[one.pk].org_id_18 if one.pk in connected else ""}
        for one in orgs.every()
    ]
    if as_json:
        show.document({"ok": True, "orgs": found})
        return
    show.table("", ["Number", "Name", "Salesforce org"], [list(one.values()) for one in found])


@app.command("add", epilog='Example: fairlead orgs add "Sandbox of sales"')
def add(
    name: Annotated[str, typer.Argument(help="What the org is called here.", metavar="NAME")], as_json: AsJson = False
) -> None:
    """Add an org. Then connect both its sides: `fairlead --org NUMBER connect …`, or in the admin after switching to it."""
    open_house()
    from fairlead.store import audit, orgs

    org = orgs.add(name)
    audit.record(org, WHO, "add org", org.name)
    if as_json:
        show.document({"ok": True, "number": org.pk, "name": org.name})
        return
    show.console().print(f"Org {org.pk}: {org.name}. Connect it: `fairlead --org {org.pk} connect salesforce`.")


@app.command("rename", epilog='Example: fairlead orgs rename 2 "Sandbox of service"')
def rename(
    which: Which,
    name: Annotated[str, typer.Argument(help="What the org is called from now on.", metavar="NAME")],
    as_json: AsJson = False,
) -> None:
    """Call an org otherwise. Its number stays, and with it every script that names it by that."""
    open_house()
    from fairlead.store import audit, orgs

    org = orgs.find(which)
    before = org.name
    orgs.rename(org, name)
    audit.record(org, WHO, "rename org", org.name, before=before, after=org.name)
    if as_json:
        show.document({"ok": True, "number": org.pk, "name": org.name})
        return
    show.console().print(f"Org {org.pk} is called {org.name} now.")


@app.command("remove", epilog="Example: fairlead orgs remove 2 --check")
def remove(
    which: Which,
    only_check: Annotated[bool, typer.Option("--check", help="Only say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the org's name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete everything kept here of a disconnected org. In Salesforce and Campaign Monitor nothing changes.

    Says in numbers what goes, then asks for the org's name. What it forgets includes who opted out: connected
    again, the org starts from what both sides say then.
    """
    open_house()
    from fairlead.store import leaving, orgs

    org = orgs.find(which)
    going = leaving.look(org)
    if not as_json:
        _tell(org.name, going)
    if not only_check:
        leaving.remove(org, org.name if yes else show.name_typed("the org's", org.name), WHO)
    if as_json:
        show.document({"ok": True, "check_only": only_check, **asdict(going)})
    elif not only_check:
        show.console().print("Removed.")


def _tell(name: str, going: "Going") -> None:
    rows = [
        ("settings that were changed", going.settings),
        ("remembered opt statuses", going.opt_statuses),
        ("entries of the audit log", going.audit_entries),
    ]
    show.table(f"Removing {name} deletes, with its jobs and cursors", ["What", "Number"], rows)
    for sentence in going.objections:
        show.console().print(f"Not yet: {sentence}")
    if going.only:
        show.console().print("It is the only org here, and stays.")
