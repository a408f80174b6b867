"""The work behind `fairlead salesforce`, and how its end is told."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from fairlead.cli import edge, show
from fairlead.cli.doctor import FAIL, MARKS, WARN
from fairlead.domain.failure import FixTheSettings, RefusedByGuard

if TYPE_CHECKING:
    from fairlead.salesforce.client import Salesforce
    from fairlead.salesforce.errors import SalesforceError
    from fairlead.salesforce.installing import Settled
    from fairlead.salesforce.metadata import DeployResult
    from fairlead.salesforce.org_layouts import LayoutChange
    from fairlead.salesforce.polling import Progress
    from fairlead.salesforce.removal import Plan
    from fairlead.salesforce.rights import Found
    from fairlead.store.models import Org


class RightsMissing(FixTheSettings):
    """The user that Fairlead signs in as lacks rights without which nothing works."""

    code = "FL-352"
    next_step = "Give them in Setup, then run `fairlead salesforce check` again."


class OtherName(RefusedByGuard):
    """What was typed is not the name of the org from which everything is to be deleted."""

    code = "FL-511"
    next_step = "Nothing was changed. Type the name as it was shown, or give --yes."


async def deploy(
    here: "Org", folder: Path, *, check_only: bool, on_progress: "Progress | None" = None
) -> tuple["DeployResult", "Settled | None"]:
    """Deploy a project; after success buttons learn Fairlead's address and the integration user gets access."""
    from fairlead import wiring
    from fairlead.cli.house import settings
    from fairlead.features.setup import deploying

    async with wiring.open_salesforce(here) as crm:
        return await deploying.deploy(
            crm, folder, settings().public_url, check_only=check_only, on_progress=on_progress
        )


async def deploy_components(here: "Org", folder: Path, on_progress: "Progress | None" = None) -> "DeployResult":
    """Deploy the components for record pages, which ask this Fairlead at its public address."""
    from fairlead import wiring
    from fairlead.cli.house import settings
    from fairlead.features.setup import deploying

    async with wiring.open_salesforce(here) as crm:
        return await deploying.deploy_components(crm, folder, settings().public_url, on_progress=on_progress)


async def check(
    here: "Org", folder: Path, on_progress: "Progress | None"
) -> tuple["DeployResult | SalesforceError", "Found"]:
    """Let the org verify the project, and ask what the signed-in user may do: that may be the reason of a refusal."""
    from fairlead import wiring
    from fairlead.salesforce import rights
    from fairlead.salesforce.errors import SalesforceError

    async with wiring.open_salesforce(here) as crm:
        found = await rights.look(crm)
    try:
        result, _ = await deploy(here, folder, check_only=True, on_progress=on_progress)
    except SalesforceError as error:
        return error, found
    return result, found


def report_deployment(
    result: "DeployResult", settled: "Settled | None", pages: "DeployResult | None" = None, *, as_json: bool
) -> None:
    """Say what was deployed, or what was refused and what to do. Ends with 1 when it was refused.

    `pages` are the components for record pages, where they were asked for; all else stays when they are refused.
    """
    _unless_refused(result, as_json=as_json)
    if pages is not None:
        _unless_refused(pages, as_json=as_json, more={"deployed_before": result.total})
    created = sum(each.created for each in result.successes)
    changed = sum(each.changed and not each.created for each in result.successes)
    if as_json:
        told: dict[str, Any] = {"status": result.status, "components": result.total, "check_only": result.check_only}
        told |= {"created": created, "changed": changed}
        if settled:
            told |= {"address_set": settled.address_set, "access_given": settled.access_given}
            told |= {"problems": list(settled.problems)}
        if pages is not None:
            told |= {"record_pages": pages.total}
        show.document({"ok": True, **told})
        return
    out = show.console()
    out.print(f"{result.total} components deployed: {created} new, {changed} changed.")
    if pages is not None:
        out.print(
            f"{pages.total} components for record pages deployed. Next: docs/howto/components-on-record-pages.md."
        )
    if settled and settled.access_given:
        out.print("The user that Fairlead signs in as now has the permission set Fairlead Full Access.")
    if settled and settled.address_set:
        out.print("Buttons in the org now lead to this Fairlead.")
    for problem in settled.problems if settled else ():
        out.print(f"{MARKS[WARN]} {problem}")


def report_check(result: "DeployResult | SalesforceError", found: "Found", *, as_json: bool) -> None:
    """Say what the org verified and which rights are missing. Ends with 1 when it would not work."""
    rights = [{"right": n.what, "needed_for": n.why, "vital": n.vital, "fix": n.fix} for n in found.missing]
    more: dict[str, Any] = {"missing_rights": rights, "not_told": list(found.unknown)}
    if not as_json:
        _print_rights(found)
    if isinstance(result, Exception):
        _end(edge.explain(result), as_json=as_json, more={"components": [], **more})
    _unless_refused(result, as_json=as_json, more=more)
    if any(need.vital for need in found.missing):
        problem = edge.explain(RightsMissing(f"{len(found.missing)} rights are missing."))
        _end(problem, as_json=as_json, more={"components": [], **more})
    if as_json:
        told = {"status": result.status, "components": result.total, "check_only": result.check_only}
        show.document({"ok": True, **told, **more})
    else:
        show.console().print(f"{result.total} components verified; nothing was changed.")


def _print_rights(found: "Found") -> None:
    if found.missing:
        rows = [(MARKS[FAIL if n.vital else WARN], n.what, n.why, n.fix) for n in found.missing]
        show.table(
            "Missing rights of the user that Fairlead signs in as", ["", "Right", "Needed for", "Give it in"], rows
        )
    if found.unknown:
        show.console().print(f"The org does not tell whether the user has: {', '.join(found.unknown)}.")


def _unless_refused(result: "DeployResult", *, as_json: bool, more: dict[str, Any] | None = None) -> None:
    """Tell each refused component in words, and end with 1."""
    if result.success:
        return
    from fairlead.features.setup import deploying

    refused = deploying.refused(result)
    rows = [
        {"type": f.kind, "name": f.name, "line": f.line, "problem": f.problem, "next_step": f.next_step}
        for f in refused
    ]
    if refused and not as_json:
        shown = [(f"{f.kind} {f.name}", f.problem, f.next_step) for f in refused]
        show.table("Refused", ["Component", "Problem", "Next step"], shown, errors=True)
    problem = edge.explain(deploying.refusal(result, refused))
    _end(problem, as_json=as_json, more={"components": rows, **(more or {})})


def _end(problem: edge.Problem, *, as_json: bool, more: dict[str, Any]) -> NoReturn:
    if as_json:
        error = {"code": problem.code, "text": problem.text, "next_step": problem.next_step}
        show.document({"ok": False, "error": error, **more})
    else:
        show.problem(problem, as_json=False)
    raise typer.Exit(problem.exit_code)


async def write_layouts(
    here: "Org", *, removing: bool = False, check_only: bool = False, on_progress: "Progress | None" = None
) -> tuple[list["LayoutChange"], "DeployResult"]:
    """Give every layout what is ours, or take it away; with `check_only` the org verifies it and nothing changes."""
    from fairlead import wiring
    from fairlead.salesforce import org_layouts

    async with wiring.open_salesforce(here) as crm:
        changes = await org_layouts.plan(crm.retrieval, removing=removing)
        sent = org_layouts.carry_out(
            crm.metadata, changes, crm.api_version, check_only=check_only, on_progress=on_progress
        )
        return changes, await sent


def change_layouts(here: "Org", *, removing: bool, only_check: bool, as_json: bool) -> None:
    """Write the layouts, and say which changed. Ends with 1 when the org refused them."""
    with show.progress("Layouts", as_json=as_json) as told:
        work = write_layouts(here, removing=removing, check_only=only_check, on_progress=told)
        changes, result = asyncio.run(work)
    _unless_refused(result, as_json=as_json)
    changed = [change.name for change in changes if change.differs]
    same = [change.name for change in changes if not change.differs]
    if as_json:
        show.document({"ok": True, "check_only": only_check, "changed": changed, "unchanged": same})
        return
    verb = "would change" if only_check else "changed"
    show.table("", ["Layout", ""], [*((name, verb) for name in changed), *((name, "as it was") for name in same)])
    show.console().print(f"{len(changed)} of {len(changes)} layouts {verb}.")


def remove(here: "Org", folder: Path, *, only_check: bool, yes: bool, as_json: bool) -> None:
    """Say what would go, have the org's name typed, delete. Raises OtherName, BadParameter."""
    name, plan = asyncio.run(_removal_plan(here, folder))
    told = {"org": name, **_as_dict(plan)}
    if not as_json:
        _print_removal(name, plan)
    if only_check or not plan.installed:
        if as_json:
            show.document({"ok": True, "check_only": only_check, "removed": 0, **told})
        return
    if not yes:
        _ask_for(name)
    with show.progress("Deleting", as_json=as_json) as progress:
        result = asyncio.run(_remove(here, plan, progress))
    _unless_refused(result, as_json=as_json)
    removed = sum(each.deleted for each in result.successes)
    if as_json:
        show.document({"ok": True, "check_only": False, "removed": removed, **told})
    else:
        out = show.console()
        out.print(f"{removed} components deleted. Deleted objects stay restorable in Setup for 15 days.")
        out.print("The next sync would fail: turn it off on the page Sync settings, or deploy again before.")


async def _removal_plan(here: "Org", folder: Path) -> tuple[str, "Plan"]:
    from fairlead import wiring
    from fairlead.salesforce import record_pages, removal
    from fairlead.salesforce.package import package_from_source

    members = removal.members_of(package_from_source(folder, "60.0"))
    async with wiring.open_salesforce(here) as crm:
        if (folder / record_pages.FOLDER).is_dir() and await record_pages.installed(crm):
            for kind, names in removal.members_of(record_pages.package(folder, "60.0", "")).items():
                members[kind] = [*members.get(kind, ()), *names]
        return await _name_of(crm), await removal.plan(crm, members)


async def _name_of(crm: "Salesforce") -> str:
    rows = [row async for page in crm.query("SELECT Name FROM Organization LIMIT 1") for row in page]
    return str(rows[0]["Name"])


async def _remove(here: "Org", plan: "Plan", progress: "Progress | None") -> "DeployResult":
    from fairlead import wiring
    from fairlead.salesforce import removal

    async with wiring.open_salesforce(here) as crm:
        return await removal.carry_out(crm, plan, on_progress=progress)


def _as_dict(plan: "Plan") -> dict[str, Any]:
    return {
        "records": dict(plan.records),
        "values": dict(plan.values),
        "assignments": len(plan.assignments),
        "layouts": [each.name for each in plan.layouts if each.differs],
        "components": {kind: len(members) for kind, members in plan.members.items()},
    }


def _print_removal(name: str, plan: "Plan") -> None:
    if not plan.installed:
        show.console().print(f"Nothing of Fairlead is in the org {name}.")
        return
    rows = [(sobject, f"{count:,} records are deleted") for sobject, count in plan.records.items()]
    rows += [(sobject, f"{count:,} records lose our fields, and stay") for sobject, count in plan.values.items()]
    rows.append(("Permission sets", f"{len(plan.assignments):,} assignments are taken back"))
    rows += [(each.name, "layout loses what is ours") for each in plan.layouts if each.differs]
    show.table(f"This goes from the org {name}", ["What", ""], rows)


def _ask_for(name: str) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("Nobody is there to type the org's name: give --yes, or run it in a terminal.")
    typed = typer.prompt(f"To delete all this, type the org's name ({name})")
    if typed.strip() != name:
        raise OtherName("What was typed is not the org's name.")
