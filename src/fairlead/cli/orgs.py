"""`fairlead orgs`: the Salesforce orgs of this installation, each with its own connections, options, jobs and people."""

from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house
from fairlead.cli.show import AsJson

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
