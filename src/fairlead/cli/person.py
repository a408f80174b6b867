"""`fairlead person`: the lists of one person, and what the person got and did."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.people.activity import Found
    from fairlead.features.people.managing import Done, Plan
    from fairlead.features.people.rules.memberships import Act

app = typer.Typer(
    help="One person: lists, activity, and what may be done about lists. Nobody who opted out is brought back.",
    epilog="Example: fairlead person show somebody@example.com",
    no_args_is_help=True,
)
Asked = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS|RECORD-ID",
        help="An e-mail address, or the id of any record that has one; - reads it from standard input.",
    ),
]
Field = Annotated[str, typer.Option("--field", help="Which e-mail field of the record, by its API name.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Lists = Annotated[list[str] | None, typer.Option("--list", help="Id of a list; may be given several times.")]


@app.command("show", epilog="Example: fairlead person show 003000000000001AAA --json")
def show_person(asked: Asked, field: Field = "", as_json: AsJson = False) -> None:
    """Show what a person got and did, and the lists that know the address. Both sides are read now."""
    open_house()
    from django.utils import timezone

    from fairlead.features.people import activity, listing

    here, wanted = org(), _wanted(asked)
    found = asyncio.run(activity.read(here, wanted, by=WHO, email_field=field))
    lists = asyncio.run(listing.memberships(here, wanted, by=WHO, email_field=field))
    if as_json:
        today = timezone.now().date()
        both = [(one.as_dict(today), of.as_dict()) for one, of in zip(found, lists, strict=True)]
        people = [{**one, **of, "problems": [*of["problems"], *one["problems"]]} for one, of in both]
        show.document({"ok": True, "people": people})
        return
    for one, of in zip(found, lists, strict=True):
        show.console().print(one.address)
        for problem in of.problems:
            show.console().print(f"! {problem.told}")
        rows = [(each.id, each.name, each.client_name, each.state, each.since) for each in of.lists]
        show.table("", ["List id", "List", "Client", "State", "Since"], rows)
        _tell(one)


def _tell(one: "Found") -> None:
    from fairlead.features.people.rules import activity as amounts

    out = show.console()
    for problem in one.problems:
        out.print(f"! {problem.told}")
    told = amounts.summary(one.activity)
    out.print(", ".join(f"{what}: {count:,}" for what, count in told.counts.items()))
    rows = [
        (f"{each.at:%Y-%m-%d %H:%M} UTC" if each.at else "", each.what, each.name, each.kind, each.detail)
        for each in amounts.timeline(one.activity)
    ]
    show.table("", ["When", "What", "E-mail", "Kind", "Detail"], rows)


@app.command("add", epilog="Example: fairlead person add 003000000000001AAA --list 1a2b3c --dry-run")
def add(asked: Asked, lists: Lists = None, field: Field = "", dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Add a person to lists. Exit code 3: an opt-out stands in the way, and nothing was added."""
    from fairlead.features.people.rules.memberships import Act

    _act(Act.ADD, asked, lists or [], field, dry_run=dry_run, as_json=as_json)


@app.command("remove", epilog="Example: fairlead person remove somebody@example.com --list 1a2b3c")
def remove(
    asked: Asked, lists: Lists = None, field: Field = "", dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Remove a person from lists. This is no opt-out: a rule or an import may add the person again."""
    from fairlead.features.people.rules.memberships import Act

    _act(Act.REMOVE, asked, lists or [], field, dry_run=dry_run, as_json=as_json)


@app.command("unsubscribe", epilog="Example: fairlead person unsubscribe somebody@example.com --all")
def unsubscribe(
    asked: Asked,
    lists: Lists = None,
    everywhere: Annotated[bool, typer.Option("--all", help="From all lists of all synced clients.")] = False,
    field: Field = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Unsubscribe a person from lists, or from all. Nothing but a new consent of the person brings them back."""
    from fairlead.features.people.rules.memberships import Act

    if everywhere == bool(lists):
        raise typer.BadParameter("Give --list, or --all.")
    act = Act.UNSUBSCRIBE_ALL if everywhere else Act.UNSUBSCRIBE
    _act(act, asked, lists or [], field, dry_run=dry_run, as_json=as_json)


def _act(act: "Act", asked: str, lists: Sequence[str], field: str, *, dry_run: bool, as_json: bool) -> None:
    open_house()
    from fairlead.features.people import managing
    from fairlead.features.people.rules.memberships import OptedOut

    here, wanted = org(), _wanted(asked)
    if dry_run:
        plan = asyncio.run(managing.preview(here, wanted, act, lists, email_field=field))
        _say([managing.Done(step, step.refused) for step in plan.steps], as_json=as_json, plan=plan)
        return
    done = asyncio.run(managing.carry_out(here, wanted, act, lists, by=WHO, email_field=field))
    _say(done, as_json=as_json)
    if refused := [one.problem or one.step.refused for one in done if one.problem or one.step.refused]:
        guarded = all(isinstance(each, OptedOut) for each in refused)
        nothing = not any(one.done for one in done)
        raise typer.Exit(Exit.REFUSED_BY_GUARD if guarded and nothing else Exit.FAILED)


def _say(done: "Sequence[Done]", *, as_json: bool, plan: "Plan | None" = None) -> None:
    if as_json:
        told: dict[str, Any] = {"ok": not any(one.problem or one.step.refused for one in done)}
        if plan is not None:
            told |= {"dry_run": True, "left_alone": list(plan.elsewhere)}
        steps = [one.as_dict() | ({"done": False} if plan is not None else {}) for one in done]
        show.document(told | {"lists": steps})
        return
    rows = [(one.step.place.list, one.step.place.name, one.step.place.state, _outcome(one, plan)) for one in done]
    show.table("", ["Id", "List", "State before", "Would be" if plan else "Outcome"], rows)


def _outcome(one: "Done", plan: "Plan | None") -> str:
    refused = one.problem or one.step.refused
    if refused is not None:
        return refused.told
    return "Done." if one.done and plan is None else one.step.why


def _wanted(asked: str) -> str:
    return sys.stdin.readline().strip() if asked == "-" else asked
