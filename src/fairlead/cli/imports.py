"""`fairlead imports`: bring people from Salesforce to lists, now or on a schedule."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.jobs import when
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.import_wizard.models import Import

app = typer.Typer(
    help="Bring people of a campaign, report, list view or query to a list.",
    epilog="Example: fairlead imports list",
    no_args_is_help=True,
)
Number = Annotated[str, typer.Argument(help="The import's number, as `list` shows it.", metavar="NUMBER")]


def _find(number: str) -> "Import":
    from fairlead.features.import_wizard import running

    return running.find(org(), number)


def as_dict(owner: "Import") -> dict[str, Any]:
    """An import as JSON."""
    from fairlead.features.import_wizard import acts

    names = (
        "name", "client", "list_name", "kind", "source", "source_name", "refresh", "track", "clear_blank", "write_all",
        "segment", "segment_id", "hours", "days", "timezone", "next_run_at", "owner", "version",
    )  # fmt: skip
    told = {name: getattr(owner, name) for name in names}
    return {
        "number": owner.pk, **told, "list": owner.list_id, "columns": owner.lines, "status": acts.status(owner).value,
    }  # fmt: skip


@app.command("list", epilog="Example: fairlead imports list")
def list_imports(as_json: AsJson = False) -> None:
    """List the imports, how they stand, and when they are due."""
    open_house()
    from fairlead.features.import_wizard import acts
    from fairlead.features.import_wizard.models import Import
    from fairlead.features.import_wizard.rules.words import Refresh, SourceKind

    found = list(Import.objects.filter(org=org()))
    if as_json:
        show.document({"ok": True, "imports": [as_dict(one) for one in found]})
        return
    rows = [
        (
            one.pk, one.name, SourceKind(one.kind).label, one.list_name, Refresh(one.refresh).label,
            acts.status(one).value, when(one.next_run_at),
        )
        for one in found
    ]  # fmt: skip
    show.table("", ["Number", "Name", "Source", "List", "Refresh type", "Status", "Next run"], rows)
    if not found:
        show.console().print("There is no import. `fairlead imports set --list LIST --soql …` makes one.")


@app.command("show", epilog="Example: fairlead imports show 3")
def show_import(number: Number, as_json: AsJson = False) -> None:
    """Show one import with its columns and its last runs."""
    open_house()
    from fairlead.features.import_wizard import acts
    from fairlead.features.import_wizard.rules.rows import reason

    owner = _find(number)
    runs = [
        {
            "job": run.job, "began_at": run.began_at, "ended_at": run.ended_at, "state": job.state if job else "",
            "reason": job.reason if job else "", "counts": run.counts,
            "refused": [{"code": code, "reason": reason(code), "rows": rows} for code, rows in run.codes.items()],
        }
        for run, job in acts.runs(owner)
    ]  # fmt: skip
    if as_json:
        show.document({"ok": True, "import": as_dict(owner), "runs": runs})
        return
    out = show.console()
    status = acts.status(owner)
    out.print(f"{owner.name}: {status.value}. {status.meaning}")
    show.table("Columns", ["Column", "Goes to"], [(line["column"], line["to"]) for line in owner.lines])
    counts = ("read", "written", "unchanged", "refused", "added", "removed")
    cells = [(run["job"], when(run["began_at"]), *(run["counts"].get(name, "") for name in counts)) for run in runs]
    show.table("Runs", ["Job", "Began", *(name.capitalize() for name in counts)], cells)
    for refusal in runs[0]["refused"] if runs else []:
        out.print(f"  refused {refusal['rows']:,} × {refusal['code']}: {refusal['reason']}")


@app.command(
    "set",
    epilog='Example: fairlead imports set --list 0123456789abcdef0123456789abcdef --soql "SELECT Id, Email FROM Lead"',
)
def set_import(
    number: Annotated[str | None, typer.Argument(help="The import to change; a new one without it.")] = None,
    list_id: Annotated[str | None, typer.Option("--list", help="Id of the list, for a new import.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Id of a Salesforce campaign whose members to bring.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only members with this status; may be repeated.")] = None,
    report: Annotated[str | None, typer.Option(help="Id of a report.")] = None,
    list_view: Annotated[str | None, typer.Option(help="A list view as OBJECT:ID, such as Contact:00B…")] = None,
    soql: Annotated[str | None, typer.Option(help="A query with a column for the e-mail address.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=TO: EmailAddress, Name, [key] of a field, or new:Name; may be repeated."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call the import.")] = None,
    refresh: Annotated[str | None, typer.Option(help="update, add-deleted, remove or remove-add-deleted.")] = None,
    track: Annotated[
        str | None, typer.Option(help="Consent to track where no column says it: Yes, No or blank.")
    ] = None,
    clear_blank: Annotated[
        bool | None, typer.Option("--clear-blank/--keep-blank", help="Whether a blank in Salesforce empties the field.")
    ] = None,
    write_all: Annotated[
        bool | None, typer.Option("--write-all/--write-changed", help="Whether unchanged rows are written as well.")
    ] = None,
    segment: Annotated[
        bool | None, typer.Option("--segment/--no-segment", help="Whether to keep a segment of those listed.")
    ] = None,
    hours: Annotated[str | None, typer.Option(help="Hours such as 1,13, or all; blank for no schedule.")] = None,
    days: Annotated[str | None, typer.Option(help="Days such as mon,thu, or all.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone of the hours, such as Europe/London.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an import, or change one. Without --map a new import takes the columns that are suggested."""
    open_house()
    from fairlead.features.import_wizard import acts
    from fairlead.features.import_wizard.rules import given

    news = given.changes(
        {
            "name": name, "refresh": refresh, "track": track, "clear_blank": clear_blank, "write_all": write_all,
            "segment": segment, "timezone": timezone,
        },
        hours,
        days,
    )  # fmt: skip
    chosen = given.source(campaign, status or [], report, list_view, soql)
    if number is None:
        if chosen is None or list_id is None:
            raise typer.BadParameter("A new import needs --list, and one of --campaign, --report, --list-view, --soql.")
        kind, source = chosen
        owner = acts.create(org(), list_id, kind, source, WHO, **news)
    else:
        owner = _find(number)
        if chosen is not None:
            kind, source = chosen
            acts.check_source(owner.org, kind, source)
            news |= {"kind": kind, "source": source, "source_name": ""}
        owner = acts.change(owner, WHO, **news)
    if column or not owner.lines:
        found = acts.offered(owner.org, owner.client, owner.list_id, owner.kind, owner.source)
        lines = given.lines(column, found.columns) if column else found.suggested
        owner = acts.save_lines(owner, lines, found, WHO)
    if as_json:
        show.document({"ok": True, "import": as_dict(owner)})
        return
    show.console().print(
        f"Import {owner.pk}, “{owner.name}”, is kept. `fairlead imports preview {owner.pk}` tells more."
    )


@app.command("preview", epilog="Example: fairlead imports preview 3")
def preview(
    number: Number,
    rows: Annotated[int | None, typer.Option(min=1, help="Read only so many rows of the source.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole source and tell what a run would do; nothing is written."""
    open_house()
    from fairlead.features.import_wizard import acts

    owner = _find(number)
    told = acts.preview(owner, rows)
    counts = {
        "read": told.read, "write": told.write, "unchanged": told.unchanged, "remove": told.remove, "cut": told.cut,
    }  # fmt: skip
    if as_json:
        refused = [{"code": code, "rows": count} for code, count in told.refused.most_common()]
        show.document({"ok": True, "import": owner.pk, **counts, "refused": refused})
        return
    show.table("", ["", ""], [(name.capitalize(), f"{value:,}") for name, value in counts.items() if value is not None])
    for reason, count in told.reasons:
        show.console().print(f"  would refuse {count:,}: {reason}")


@app.command("run", epilog="Example: fairlead imports run 3")
def run(
    number: Number,
    allow_large_changes: Annotated[
        bool, typer.Option("--allow-large-changes", help="Take people off even where a guard would ask first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for a run now. A worker must be running (`fairlead up`)."""
    open_house()
    from fairlead.features.import_wizard import acts

    owner = _find(number)
    job = acts.run(owner, WHO, allow_large_changes=allow_large_changes)
    if as_json:
        show.document({"ok": True, "import": owner.pk, "job": job.number, "state": job.state})
        return
    show.console().print(f"Job {job.number} runs “{owner.name}”; it is {job.get_state_display()}.")


@app.command("delete", epilog="Example: fairlead imports delete 3 --yes")
def delete(
    number: Number, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, as_json: AsJson = False
) -> None:
    """Delete an import and what it remembers. Subscribers, custom fields and segments stay."""
    if not yes:
        typer.confirm(f"Delete the import {number}?", abort=True)
    open_house()
    from fairlead.features.import_wizard import acts

    owner = _find(number)
    gone = owner.pk
    acts.delete(owner, WHO)
    if as_json:
        show.document({"ok": True, "deleted": gone})
        return
    show.console().print("Deleted. Everybody whom it brought stays on the list.")
