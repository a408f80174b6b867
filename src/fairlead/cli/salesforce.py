"""`fairlead salesforce`: what is installed in the org."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from fairlead.cli import org_setup, show
from fairlead.cli.house import open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Objects, fields, buttons and permission sets in the org.",
    epilog="Example: fairlead salesforce deploy",
    no_args_is_help=True,
)
layouts = typer.Typer(
    help="What is ours on the page layouts of contacts, leads and campaigns.",
    epilog="Example: fairlead salesforce layouts apply",
    no_args_is_help=True,
)
app.add_typer(layouts, name="layouts")
Source = Annotated[
    Path | None, typer.Option(help="Folder with sfdx-project.json. Default: the one that came with Fairlead.")
]
Components = Annotated[
    bool, typer.Option("--components", help="Deploy the Lightning components for record pages as well.")
]
Check = Annotated[bool, typer.Option("--check", help="Only say what would be done.")]


def project() -> Path:
    """The folder of the SFDX project that comes with this Fairlead."""
    from fairlead.features.setup import deploying

    return deploying.project()


def install_now() -> list[str]:
    """Deploy, settle and lay out, without a word; the names of the layouts that changed.

    Raises SetupRefused with the components that were refused.
    """
    result, _ = asyncio.run(org_setup.deploy(org(), project(), check_only=False))
    result.raise_for_failure()
    changes, result = asyncio.run(org_setup.write_layouts(org()))
    result.raise_for_failure()
    return [change.name for change in changes if change.differs]


@app.command("deploy", epilog="Example: fairlead salesforce deploy")
def deploy(source: Source = None, components: Components = False, as_json: AsJson = False) -> None:
    """Deploy Fairlead's objects, fields, buttons and permission sets to the connected org.

    All or nothing. Deploying again changes nothing. The user that Fairlead signs in as gets full access. Components for
    record pages are deployed after that, with a test of their Apex class, where they are asked for.
    """
    open_house()
    folder, pages = source or project(), None
    with show.progress("Deploying", as_json=as_json) as told:
        work = org_setup.deploy(org(), folder, check_only=False, on_progress=told)
        result, settled = asyncio.run(work)
    if components and result.success:
        with show.progress("Deploying components", as_json=as_json) as told:
            pages = asyncio.run(org_setup.deploy_components(org(), folder, told))
    org_setup.report_deployment(result, settled, pages, as_json=as_json)


@app.command("check", epilog="Example: fairlead salesforce check")
def check(source: Source = None, as_json: AsJson = False) -> None:
    """Let the org verify the deployment without changing anything, and name the rights that are missing."""
    open_house()
    with show.progress("Checking", as_json=as_json) as told:
        result, found = asyncio.run(org_setup.check(org(), source or project(), on_progress=told))
    org_setup.report_check(result, found, as_json=as_json)


@app.command("remove", epilog="Example: fairlead salesforce remove --check")
def remove(
    source: Source = None,
    only_check: Check = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the org's name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete everything of Fairlead from the org, with its records. Contacts, leads and campaigns stay.

    Says what will be deleted, then asks for the org's name. Nothing in Campaign Monitor changes.
    """
    open_house()
    org_setup.remove(org(), source or project(), only_check=only_check, yes=yes, as_json=as_json)


@layouts.command("apply", epilog="Example: fairlead salesforce layouts apply --check")
def layouts_apply(only_check: Check = False, as_json: AsJson = False) -> None:
    """Add our related lists, buttons and fields to every page layout of contacts, leads and campaigns.

    What is there already, and all else on the layouts, stays as it is.
    """
    open_house()
    org_setup.change_layouts(org(), removing=False, only_check=only_check, as_json=as_json)


@layouts.command("remove", epilog="Example: fairlead salesforce layouts remove")
def layouts_remove(only_check: Check = False, as_json: AsJson = False) -> None:
    """Take our related lists, buttons and fields from every page layout; all else stays as it is."""
    open_house()
    org_setup.change_layouts(org(), removing=True, only_check=only_check, as_json=as_json)
