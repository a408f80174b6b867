"""The page layouts of one org: read, given what is ours or rid of it, and written back."""

from collections.abc import Sequence
from dataclasses import dataclass

from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.layouts import ADDITIONS, NotALayout, apply, object_of, remove
from fairlead.salesforce.metadata import DeployResult, Metadata
from fairlead.salesforce.package import package_of
from fairlead.salesforce.polling import Progress
from fairlead.salesforce.retrieval import Retrieval, stems


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """One layout before and after. `name` is its full name, `Contact-Contact Layout`."""

    name: str
    before: bytes
    after: bytes

    @property
    def differs(self) -> bool:
        """Whether anything is to be done."""
        return self.before != self.after


async def plan(retrieval: Retrieval, *, removing: bool = False) -> list[LayoutChange]:
    """Every layout of the objects that get something, as it would become. Raises SetupRefused naming a strange one."""
    wanted = [name for name in await retrieval.names("Layout") if object_of(name) in ADDITIONS]
    files = await retrieval.files({"Layout": wanted}) if wanted else {}
    return [_change(name, content, removing) for name, content in sorted(stems(files, "layouts", "layout"))]


def _change(name: str, content: bytes, removing: bool) -> LayoutChange:
    sobject = object_of(name)
    try:
        after = remove(content, sobject) if removing else apply(content, ADDITIONS[sobject])
    except NotALayout as error:
        raise SetupRefused(
            f"The layout {name} cannot be changed. {error}",
            code="layout",
            next_step="Save the layout once in Setup > Object Manager, then try again.",
        ) from None
    return LayoutChange(name, content, after)


async def carry_out(
    metadata: Metadata,
    changes: Sequence[LayoutChange],
    api_version: str,
    *,
    check_only: bool = False,
    on_progress: Progress | None = None,
) -> DeployResult:
    """Write the layouts that differ, all or none. Nothing is sent when none differs."""
    due = [change for change in changes if change.differs]
    if not due:
        return DeployResult("Succeeded", done=True, success=True, check_only=check_only)
    files = {f"layouts/{change.name}.layout": change.after for change in due}
    package = package_of(files, {"Layout": [change.name for change in due]}, api_version)
    return await metadata.deploy(package, check_only=check_only, on_progress=on_progress)
