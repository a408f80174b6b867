"""`fairlead salesforce`: what is installed in the org."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.salesforce.metadata import DeployResult

app = typer.Typer(
    help="Objects, fields and permission sets in the org.",
    epilog="Example: fairlead salesforce deploy",
    no_args_is_help=True,
)
Source = Annotated[
    Path | None, typer.Option(help="Folder with sfdx-project.json. Default: the one that came with Fairlead.")
]


def project() -> Path:
    """The folder of the SFDX project that comes with this Fairlead."""
    import fairlead
    from fairlead.domain.failure import FixTheSettings

    package = Path(fairlead.__file__).parent
    for folder in (package / "salesforce_project", package.parents[1] / "salesforce"):
        if (folder / "sfdx-project.json").is_file():
            return folder
    raise FixTheSettings("The Salesforce project is not here.", next_step="Name its folder with --source.")


def deploy_now(source: Path | None, *, check_only: bool = False) -> "DeployResult":
    """Deploy, or only let the org verify; raises SetupRefused with the components that were refused."""
    from fairlead import wiring
    from fairlead.salesforce.package import package_from_source

    folder, here = source or project(), org()

    async def work() -> "DeployResult":
        async with wiring.open_salesforce(here) as crm:
            result = await crm.metadata.deploy(package_from_source(folder, crm.api_version), check_only=check_only)
            result.raise_for_failure()
            return result

    return asyncio.run(work())


def _report(result: "DeployResult", verb: str, *, as_json: bool) -> None:
    if as_json:
        show.document(
            {"ok": True, "status": result.status, "components": result.total, "check_only": result.check_only}
        )
    else:
        show.console().print(f"{result.total} components {verb}.")


@app.command("deploy", epilog="Example: fairlead salesforce deploy")
def deploy(source: Source = None, as_json: AsJson = False) -> None:
    """Deploy Fairlead's objects, fields and permission sets to the connected org."""
    open_house()
    _report(deploy_now(source), "deployed", as_json=as_json)


@app.command("check", epilog="Example: fairlead salesforce check")
def check(source: Source = None, as_json: AsJson = False) -> None:
    """Let the org verify the deployment without changing anything."""
    open_house()
    _report(deploy_now(source, check_only=True), "verified; nothing was changed", as_json=as_json)
