"""`fairlead rules`: subscriber rules of lists, as JSON in and out; previews, and runs over the past."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit, exit_of
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.subscriber_rules.models import Rule

app = typer.Typer(
    help="Subscriber rules: add contacts and leads to lists, or take them off, by their fields.",
    epilog="Example: fairlead rules list",
    no_args_is_help=True,
)
RuleId = Annotated[int, typer.Argument(metavar="RULE", help="Number of the rule, as `fairlead rules list` shows it.")]


@app.command("list", epilog="Example: fairlead rules list --json")
def list_(
    list_id: Annotated[str, typer.Option("--list", help="Id of one list.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the rules of all lists, or of one."""
    open_house()
    from fairlead.features.subscriber_rules import keeping

    rules = keeping.rules_of(org(), **({"list": list_id} if list_id else {}))
    if as_json:
        show.document({"ok": True, "rules": [_counted(rule) for rule in rules]})
        return
    if not rules:
        show.console().print("There are no rules yet: `fairlead rules set` makes one.")
        return
    rows = [
        (
            r.pk,
            r.list_name,
            r.name,
            r.does,
            r.object,
            r.when,
            "on" if r.enabled else "off",
            f"{r.fired:,}",
            f"{r.left:,}",
        )
        for r in rules
    ]
    show.table("", ["Rule", "List", "Name", "Does", "Object", "When", "State", "Done", "Left"], rows)
    for rule in rules:
        if rule.problem:
            show.console().print(f"{rule.pk} {rule.name}: {rule.problem}", markup=False)


@app.command("show", epilog="Example: fairlead rules show 3 --json")
def show_(rule: RuleId, as_json: AsJson = False) -> None:
    """Show one rule with its criteria, as `set` takes it."""
    open_house()
    from fairlead.features.subscriber_rules import keeping

    found = keeping.find(org(), rule)
    draft = keeping.draft_of(found)
    if as_json:
        show.document({"ok": True, "rule": draft.as_json(), "counts": _counted(found)})
        return
    show.table("", ["", found.name], [(k, str(v)) for k, v in draft.as_json().items() if k != "criteria"])
    rows = [(n, one.field, one.operator, one.value) for n, one in enumerate(draft.criteria, 1)]
    show.table("", ["Row", "Field", "Operator", "Value"], rows)


@app.command("set", epilog="Example: fairlead rules set rule.json")
def set_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A rule as JSON, as `show --json` gives it; - reads standard input.")
    ] = "-",
    as_json: AsJson = False,
) -> None:
    """Make a rule, or change the one whose `id` it has. Its `version`, if given, must be the present one.

    {"list": "…", "does": "add", "object": "Contact", "name": "Bankers", "when": "both", "enabled": true,
    "criteria": [{"field": "Account.Industry", "operator": "equals", "value": "Banking"}], "logic": ""}
    """
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        told = json.loads(text)
    except ValueError:
        raise typer.BadParameter("This is no JSON.", param_hint="FILE") from None
    told = told.get("rule", told) if isinstance(told, dict) else None
    if not isinstance(told, dict):
        raise typer.BadParameter("A rule is a JSON object.", param_hint="FILE")
    open_house()
    from fairlead.features.subscriber_rules import keeping, saving

    saved = asyncio.run(saving.save(org(), keeping.draft_from(told), WHO))
    conflicts = [one.as_json() for one in saved.conflicts]
    if as_json:
        rule = {"id": saved.rule.pk, "version": saved.rule.version}
        show.document({"ok": True, "rule": rule, "conflicts": conflicts})
        return
    out = show.console()
    out.print(f"Rule {saved.rule.pk} is saved.")
    for one in conflicts:
        count = "an unknown number of" if one["records"] is None else f"{one['records']:,}"
        out.print(f"At odds with rule {one['rule']} “{one['name']}”: both are true of {count} records.", markup=False)


@app.command("preview", epilog="Example: fairlead rules preview 3")
def preview(rule: RuleId, as_json: AsJson = False) -> None:
    """Count, live, who would be added or taken off if the rule were run over all records. Nothing is written."""
    open_house()
    from fairlead.features.subscriber_rules import preview as room

    found = asyncio.run(room.preview(org(), rule))
    if as_json:
        show.document({"ok": True, **found.as_json()})
        return
    rows = [
        ("Records that satisfy the rule", found.records),
        *((str(fate), n) for fate, n in sorted(found.fates.items())),
    ]
    rows.append(("On the list now", found.on_the_list))
    show.table(found.rule.name, ["", "Records"], [(words, f"{count:,}") for words, count in rows])


@app.command("run", epilog="Example: fairlead rules run 3 --yes")
def run(
    rule: RuleId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    allow_large_changes: Annotated[
        bool, typer.Option("--allow-large-changes", help="Let the guard pass, this once.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the job to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run a rule once over all records there are. Without --yes it counts first and asks. A worker must be running."""
    open_house()
    from fairlead.cli import follow
    from fairlead.cli.jobs import as_dict
    from fairlead.features.subscriber_rules import keeping, past
    from fairlead.features.subscriber_rules import preview as room

    found = keeping.find(org(), rule)
    if not yes:
        changes = asyncio.run(room.preview(org(), rule)).changes
        act = f"Add {changes:,} subscribers to" if found.does == "add" else f"Take {changes:,} subscribers off"
        typer.confirm(f"{act} {found.list_name}?", abort=True, err=True)
    job = past.ask(org(), rule, WHO, allow=allow_large_changes, version=found.version)
    if wait:
        job = follow.follow(job.number, quiet=as_json)
    if as_json:
        show.document({"ok": not wait or job.state == "done", "job": as_dict(job)})
    elif wait:
        follow.tell(job)
    else:
        show.console().print(f"Job {job.number} is {job.get_state_display()}.")
    if wait and job.state != "done":
        raise typer.Exit(exit_of(job.support_code) if job.state == "failed" else Exit.FAILED)


@app.command("enable", epilog="Example: fairlead rules enable 3")
def enable(rule: RuleId, as_json: AsJson = False) -> None:
    """Let a rule react to changes from now on."""
    _switch(rule, on=True, as_json=as_json)


@app.command("disable", epilog="Example: fairlead rules disable 3")
def disable(rule: RuleId, as_json: AsJson = False) -> None:
    """Let a rule rest. Who is on the list stays there."""
    _switch(rule, on=False, as_json=as_json)


@app.command("delete", epilog="Example: fairlead rules delete 3 --yes")
def delete(
    rule: RuleId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a rule. Who is on the list stays there."""
    open_house()
    from fairlead.features.subscriber_rules import keeping

    found = keeping.find(org(), rule)
    if not yes:
        typer.confirm(f"Delete the rule “{found.name}” of {found.list_name}?", abort=True, err=True)
    keeping.delete(org(), rule, WHO)
    show.document({"ok": True}) if as_json else show.console().print(f"Rule {rule} is deleted.")


def _switch(rule: int, *, on: bool, as_json: bool) -> None:
    open_house()
    from fairlead.features.subscriber_rules import keeping

    found = keeping.switch(org(), rule, WHO, on=on)
    if as_json:
        show.document({"ok": True, "rule": _counted(found)})
    else:
        show.console().print(f"Rule {rule} is {'enabled' if on else 'disabled'}.")


def _counted(rule: "Rule") -> dict[str, Any]:
    """A rule without its criteria, with what it has done."""
    names = ("list", "list_name", "name", "does", "object", "when", "enabled", "version", "fired", "left", "problem")
    told = {"id": rule.pk, **{name: getattr(rule, name) for name in names}}
    return told | {"last_at": rule.last_at.isoformat() if rule.last_at else None}
