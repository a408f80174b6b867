"""Putting Fairlead's objects into the org: the package, what follows it, and the words for what the org refuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fairlead.domain.failure import FixTheSettings
from fairlead.salesforce import installing, record_pages, refusals, sharing
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.installing import Settled
from fairlead.salesforce.metadata import DeployResult
from fairlead.salesforce.package import package_from_source
from fairlead.salesforce.polling import Progress

TEST_FAILED: Final = (
    "Something of your own, such as a validation rule or a trigger, refused what the test made: "
    "look at Setup > Apex Test Execution."
)
FALLBACK: Final = "Look at Setup > Deployment Status, then try again."


class DeploymentRefused(FixTheSettings):
    """The org refused components of a deployment; nothing was changed."""

    code = "FL-351"


class NoProject(FixTheSettings):
    """The folder with the Salesforce sources is not where this Fairlead expects it."""

    code = "FL-250"
    next_step = "Name its folder with --source."

    def __init__(self) -> None:
        super().__init__("The Salesforce project is not here.")


class NoComponents(FixTheSettings):
    """The components for record pages are not beside the Salesforce sources."""

    code = "FL-631"
    next_step = "Leave out --components, or name the folder of a whole checkout with --source."

    def __init__(self) -> None:
        super().__init__("The components for record pages are not here.")


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused component, and what to do about it."""

    kind: str
    name: str
    line: int | None
    problem: str
    next_step: str


def project() -> Path:
    """The folder of the SFDX project that comes with this Fairlead. Raises NoProject."""
    import fairlead

    package = Path(fairlead.__file__).parent
    for folder in (package / "salesforce_project", package.parents[1] / "salesforce"):
        if (folder / "sfdx-project.json").is_file():
            return folder
    raise NoProject


async def package_for(crm: Salesforce, folder: Path) -> bytes:
    """The package for this org: what its administrators have set about sharing stays."""
    return sharing.keep(package_from_source(folder, crm.api_version), await sharing.models(crm))


async def deploy(
    crm: Salesforce, folder: Path, address: str, *, check_only: bool = False, on_progress: Progress | None = None
) -> tuple[DeployResult, Settled | None]:
    """Deploy a project; after success buttons learn Fairlead's address and the integration user gets access."""
    package = await package_for(crm, folder)
    result = await crm.metadata.deploy(package, check_only=check_only, on_progress=on_progress)
    if check_only or not result.success:
        return result, None
    return result, await installing.settle(crm, address)


async def deploy_components(
    crm: Salesforce, folder: Path, address: str, *, on_progress: Progress | None = None
) -> DeployResult:
    """Deploy the components for record pages of a project, after everything else. Raises NoComponents."""
    if not (folder / record_pages.FOLDER / "sfdx-project.json").is_file():
        raise NoComponents
    return await record_pages.deploy(crm, folder, address, on_progress=on_progress)


def refused(result: DeployResult) -> list[Refused]:
    """Each refused component in words."""
    return [
        Refused(
            each.component_type or "",
            each.full_name or "",
            each.line_number,
            each.problem or "",
            refusals.next_step(each),
        )
        for each in result.failures
    ] + [
        Refused("ApexTest", f"{each.name}.{each.method_name}", None, each.message or "", TEST_FAILED)
        for each in result.test_failures
    ]


def refusal(result: DeployResult, components: Sequence[Refused]) -> DeploymentRefused:
    """The refusal of the whole."""
    why = f"{len(components)} components were refused" if components else result.error_message or "no reason was given"
    step = components[0].next_step if components else FALLBACK
    return DeploymentRefused(f"The deployment ended as {result.status}: {why}. Nothing was changed.", next_step=step)
