"""`fairlead explain`: why a person is in Salesforce, or is not."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from rich.tree import Tree

    from fairlead.features.people.flow import Explanation


def explain(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS|RECORD-ID",
            help="An e-mail address, or the id of a contact, lead, person account or member; - reads it from standard input.",
        ),
    ],
    list_id: Annotated[str, typer.Option("--list", help="Id of one list: the answer is about this list alone.")] = "",
    as_json: AsJson = False,
) -> None:
    """Explain why a person is there or not, list by list, read live on both sides. Exit code 1: nobody knows the person."""
    open_house()
    from fairlead.features.people import flow

    wanted = sys.stdin.readline() if asked == "-" else asked
    here = org()
    found = asyncio.run(flow.explain(here, wanted, only=list_id, by=WHO))
    known = any(each.facts.found for each in found)
    if as_json:
        show.document({"ok": known, "people": [each.as_dict() for each in found]})
    else:
        for each in found:
            show.console().print(_tree(each))
    if not known:
        raise typer.Exit(Exit.FAILED)


def _tree(one: "Explanation") -> "Tree":
    from rich.markup import escape
    from rich.tree import Tree

    facts = one.facts
    tree = Tree(escape(facts.address))
    for problem in filter(None, (facts.account_problem, facts.org_problem)):
        tree.add(escape(f"! {problem}"))
    if not facts.found:
        tree.add("Neither side knows this address.")
    marks = {True: "✓", False: "✗", None: "?"}
    for verdict in one.verdicts:
        branch = tree.add(escape(f"{marks[verdict.there]} {verdict.name} ({verdict.list})"))
        for line in filter(None, (verdict.text, verdict.link, verdict.next_step and f"→ {verdict.next_step}")):
            branch.add(escape(line))
    _more(tree, one)
    return tree


def _more(tree: "Tree", one: "Explanation") -> None:
    """What stands behind the verdicts."""
    facts = one.facts
    chosen = {one.contact.id: one.contact.why, one.lead.id: one.lead.why}
    _branch(
        tree,
        "Records with the address",
        [
            f"{each.kind} {each.id}, in {each.field}, modified {each.modified}"
            + (f": chosen, {chosen[each.id]}" if each.id in chosen else "")
            + (", email opt-out" if each.opted_out else "")
            + (", do not call" if each.do_not_call else "")
            for each in facts.people
        ],
    )
    _branch(
        tree,
        "In Campaign Monitor",
        [f"{each.name}: {each.state}, since {each.since}, joined {each.joined}" for each in facts.lists if each.state],
    )
    _branch(
        tree, "Suppressed", [f"{each.client} ({each.side}): {each.reason}, {each.since}" for each in facts.suppressed]
    )
    _branch(tree, "Rules", [f"{each.list_name}: {each.text}".removeprefix(": ") for each in facts.said])
    _branch(tree, "Salesforce campaigns", [f"{each.campaign}: {each.status}" for each in facts.campaigns])
    _branch(tree, "Email activity", [f"{what}: {count:,}" for what, count in facts.counts.items()])
    _branch(tree, "Settings", [*facts.settings, *(line for each in facts.lists for line in each.settings)])


def _branch(tree: "Tree", title: str, lines: list[str]) -> None:
    from rich.markup import escape

    if lines:
        branch = tree.add(title)
        for line in lines:
            branch.add(escape(line))
