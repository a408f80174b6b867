"""`fairlead mappings`: which fields go with which, what they would write, and undoing what they wrote."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Field mappings: show, set, copy, preview, undo.",
    epilog="Example: fairlead mappings show --list 0123456789abcdef0123456789abcdef",
    no_args_is_help=True,
)
ListId = Annotated[str, typer.Option("--list", help="Id of the list.")]
Create = Annotated[bool, typer.Option("--create-fields", help="Make custom fields that the list lacks.")]


@app.command("list", epilog="Example: fairlead mappings list --json")
def overview(as_json: AsJson = False) -> None:
    """List the lists with the number of their lines."""
    open_house()
    from fairlead.features.field_mappings import acts

    found = acts.overview(org())
    if as_json:
        show.document({"ok": True, "lists": found})
        return
    show.table("", ["Id", "List", "Client", "Lines"], [(f["list"], f["name"], f["client"], f["lines"]) for f in found])


@app.command("show", epilog="Example: fairlead mappings show --list 0123456789abcdef0123456789abcdef --json")
def show_lines(list_id: ListId, as_json: AsJson = False) -> None:
    """Show a list's lines; with --json as `set` takes them."""
    open_house()
    from fairlead.features.field_mappings import acts, kept

    here = org()
    acts.named(here, list_id)
    version, lines = kept.of(here.pk, list_id)
    if as_json:
        show.document({"ok": True, "version": version, "lines": [line.as_json() for line in lines]})
        return
    rows = [(one.object, one.source, one.direction.value, one.target, one.owner.value, one.default) for one in lines]
    show.table(f"Version {version}", ["Record", "Field", "Direction", "Field of the list", "Owner", "Default"], rows)


@app.command("set", epilog="Example: fairlead mappings set lines.json --list 0123456789abcdef0123456789abcdef")
def set_lines(
    file: Annotated[
        Path, typer.Argument(help="JSON: a list of lines, as `show --json` gives them; - for standard input.")
    ],
    list_id: ListId,
    create: Create = False,
    as_json: AsJson = False,
) -> None:
    """Give a list these lines in place of its own. What cannot work is refused, and nothing is changed."""
    open_house()
    from fairlead.features.field_mappings import acts

    saved = acts.save(org(), list_id, _lines(file), WHO, create=create)
    if as_json:
        told = {"version": saved.version, "created": list(saved.created), "remarks": list(saved.remarks)}
        show.document({"ok": True, **told})
        return
    for name in saved.created:
        show.console().print(f"Made the custom field “{name}”.")
    for remark in saved.remarks:
        show.console().print(f"Mind: {remark}.")
    show.console().print(f"Saved as version {saved.version}. It counts for what changes from now on.")


@app.command("copy", epilog="Example: fairlead mappings copy --list 0123456789abcdef --to fedcba9876543210")
def copy(
    list_id: ListId,
    to: Annotated[list[str], typer.Option("--to", help="Id of a list that gets the lines; may be given again.")],
    create: Create = False,
    as_json: AsJson = False,
) -> None:
    """Give other lists the lines of this one, in place of their own."""
    open_house()
    from fairlead.domain.failure import Failure
    from fairlead.features.field_mappings import acts

    done = acts.copy(org(), list_id, to, WHO, create=create)
    failed = {key: str(one) for key, one in done.items() if isinstance(one, Failure)}
    if as_json:
        show.document({"ok": not failed, "copied": [key for key in done if key not in failed], "failed": failed})
    else:
        show.table("", ["List", ""], [(key, failed.get(key, "copied")) for key in done])
    if failed:
        raise typer.Exit(1)


@app.command("preview", epilog="Example: fairlead mappings preview --list 0123456789abcdef0123456789abcdef")
def preview(
    list_id: ListId,
    file: Annotated[
        Path | None, typer.Option("--lines", help="JSON of lines to try; the saved ones without it.")
    ] = None,
    record: Annotated[str, typer.Option("--record", help="Id of one contact or lead.")] = "",
    most: Annotated[int, typer.Option("--most", help="So many subscribers at most.")] = 10,
    reveal: Annotated[bool, typer.Option("--show", help="Show addresses and values.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what lines would write for some subscribers, read live. Nothing is written, nothing is kept."""
    open_house()
    from fairlead.features.field_mappings import acts, kept

    here = org()
    lines = _lines(file) if file else kept.of(here.pk, list_id)[1]
    found = acts.preview(here, list_id, lines, most=most, record=record)
    pairs = [one.as_json() if reveal else _hidden(one.as_json()) for one in found.pairs]
    if as_json:
        show.document({"ok": not found.problems, "problems": list(found.problems), "subscribers": pairs})
    else:
        for problem in found.problems:
            show.console().print(f"This cannot work: {problem}.")
        rows = [
            (
                one["record"],
                write["source"],
                write["target"],
                write["to"],
                write.get("before", "•"),
                write.get("after", "•"),
            )
            for one in pairs
            for write in one["writes"]
        ]
        show.table("", ["Record", "Field", "Field of the list", "To", "Now", "Then"], rows)
        show.table("", ["Record", "Refused"], [(one["record"], told) for one in pairs for told in one["refused"]])
    if found.problems:
        raise typer.Exit(1)


@app.command("undo", epilog="Example: fairlead mappings undo 42")
def undo(
    run: Annotated[int | None, typer.Argument(help="Number of the run; without it, the runs are listed.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put back what a run of mappings wrote, as far as something still holds the old values."""
    open_house()
    from fairlead.features.field_mappings import undo as room

    if run is None:
        found = [{**one, "at": one["at"].isoformat()} for one in room.runs(org())]
        if as_json:
            show.document({"ok": True, "runs": found})
        else:
            rows = [(one["run"], one["at"], one["count"], one["undone"]) for one in found]
            show.table("", ["Run", "When", "Values", "Undone"], rows)
        return
    if not yes:
        typer.confirm(f"Put back what run {run} wrote, on both sides?", abort=True)
    done = room.undo(org(), run, WHO)
    if as_json:
        show.document({"ok": True, "values": done.counts})
    else:
        show.table("", ["Values", ""], [(f"{count:,}", what) for what, count in sorted(done.counts.items())])


@app.command("addresses", epilog="Example: fairlead mappings addresses")
def addresses(
    merge: Annotated[int, typer.Option("--merge", help="Number of a change: take the old subscriber off.")] = 0,
    leave: Annotated[int, typer.Option("--leave", help="Number of a change: leave both as they are.")] = 0,
    reveal: Annotated[bool, typer.Option("--show", help="Show the addresses.")] = False,
    as_json: AsJson = False,
) -> None:
    """List changed addresses that wait for a decision, or decide on one."""
    open_house()
    from fairlead.features.field_mappings import addresses as room

    here = org()
    if merge:
        room.merge(here, merge, WHO)
    if leave:
        room.leave(here, leave, WHO)
    found = [
        {"number": one.id, "list": one.list, "object": one.object, "record": one.record, "reason": str(one.reason)}
        | ({"old": one.old, "new": one.new} if reveal else {})
        for one in room.waiting(here)
    ]
    if as_json:
        show.document({"ok": True, "addresses": found})
        return
    rows = [(f["number"], f["list"], f["record"], f["reason"], f.get("old", "•"), f.get("new", "•")) for f in found]
    show.table("", ["Number", "List", "Record", "Why it waits", "On the list", "New"], rows)


def _lines(file: Path) -> Any:
    """Lines from a file. Raises WrongMapping."""
    from fairlead.domain import mapping

    try:
        given = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise mapping.WrongMapping([f"{file} cannot be read as JSON ({type(error).__name__})"]) from None
    return mapping.read(given.get("lines") if isinstance(given, dict) else given)


def _hidden(one: dict[str, Any]) -> dict[str, Any]:
    """Without addresses and values."""
    writes = [{name: write[name] for name in ("source", "target", "to")} for write in one["writes"]]
    return {"object": one["object"], "record": one["record"], "writes": writes, "refused": one["refused"]}
