"""Page layouts of contacts, leads and campaigns (F59, F60): what they have of ours, and the job that adds or removes it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from fairlead.domain.failure import FixTheSettings
from fairlead.jobs.context import JobContext
from fairlead.salesforce import layouts as parts_of
from fairlead.salesforce import org_layouts
from fairlead.salesforce.layouts import Part
from fairlead.salesforce.org_layouts import LayoutChange
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

KIND: Final = "layouts"
TITLE: Final = "Page layouts"
APPLY, REMOVE = "apply", "remove"
ACTS: Final = (APPLY, REMOVE)
STAGES: Final = (("read", "Read the layouts"), ("write", "Write the layouts"))


class LayoutsRefused(FixTheSettings):
    """Salesforce refused changed page layouts, or a layout that was chosen is gone. Nothing was changed."""

    code = "FL-266"
    next_step = "Open the page Page layouts: it reads them anew. A layout of a managed package cannot be changed."


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout with what it has of ours and what it lacks."""

    name: str
    parts: tuple[Part, ...]

    @property
    def there(self) -> list[Part]:
        return [part for part in self.parts if part.there]

    @property
    def missing(self) -> list[Part]:
        return [part for part in self.parts if not part.there]

    @property
    def sobject(self) -> str:
        return parts_of.object_of(self.name)

    @property
    def label(self) -> str:
        """As Setup shows it: the full name has the object before it, and escapes."""
        return self.name.partition("-")[2].replace("%28", "(").replace("%29", ")").replace("%2E", ".")

    def changes(self, act: str) -> list[Part]:
        """What an act would add or take away."""
        return self.missing if act == APPLY else self.there


async def read(org_id: int) -> list[Layout]:
    """Every layout of the objects that get something, as it is now. Raises a Failure."""
    async with sides.salesforce(org_id) as crm:
        with salesforce_failures("read the page layouts"):
            changes = await org_layouts.plan(crm.retrieval)
    return [_layout(change) for change in changes]


def _layout(change: LayoutChange) -> Layout:
    return Layout(change.name, tuple(parts_of.parts(change.before, parts_of.object_of(change.name))))


async def run_layouts(context: JobContext) -> None:
    """Add what is ours to the layouts that the arguments name, or take it away; what is so already is left alone."""
    wanted: Collection[str] = {str(name) for name in context.args.get("layouts", ())}
    removing = context.args.get("act") == REMOVE
    await context.stages(list(STAGES))
    await context.stage("read", state="running")
    async with sides.salesforce(context.org_id) as crm:
        with salesforce_failures("read the page layouts"):
            found = await org_layouts.plan(crm.retrieval, removing=removing)
        chosen = [change for change in found if change.name in wanted]
        gone = sorted(set(wanted) - {change.name for change in chosen})
        if gone:
            raise LayoutsRefused(f"The org has no page layout {', '.join(gone)} (any more).")
        await context.stage("read", state="done", done=len(chosen), total=len(chosen), unit="layouts")
        await context.stage("write", state="running", total=len(chosen), unit="layouts")
        with salesforce_failures("write the page layouts"):
            result = await org_layouts.carry_out(crm.metadata, chosen, crm.api_version)
    if not result.success:
        problems = "; ".join(f"{each.full_name}: {each.problem}" for each in result.failures[:3])
        raise LayoutsRefused(f"Salesforce refused the page layouts. {problems or result.error_message or ''}".strip())
    await context.stage("write", state="done", done=len(chosen))
    await context.counts(changed=sum(change.differs for change in chosen))
