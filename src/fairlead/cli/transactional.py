"""`fairlead transactional`: smart e-mails and their mappings, tests, and sends by the queue."""

import asyncio
import json
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit, exit_of
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Transactional e-mail: smart e-mails of Campaign Monitor, filled from records of Salesforce.",
    epilog="Example: fairlead transactional list",
    no_args_is_help=True,
)
mapping = typer.Typer(
    help="Mappings of smart e-mails to objects of Salesforce, as JSON in and out.",
    epilog="Example: fairlead transactional map list",
    no_args_is_help=True,
)
app.add_typer(mapping, name="map")
MappingId = Annotated[str, typer.Argument(metavar="MAPPING", help="Id of the mapping, as `map list` shows it.")]
RecordId = Annotated[str, typer.Argument(metavar="RECORD", help="Id of a record of the mapping's object.")]


@app.command("list", epilog="Example: fairlead transactional list --json")
def list_(as_json: AsJson = False) -> None:
    """Show the smart e-mails that Fairlead has seen."""
    open_house()
    from fairlead.features.transactional_email import shown

    found = shown.smart_emails(org())
    if as_json:
        rows = [
            {
                "id": one.smart_id,
                "name": one.name,
                "client": one.client,
                "status": one.status,
                "gone": one.gone,
                "variables": one.variables,
                "html_preview": one.html_preview,
                "text_preview": one.text_preview,
                "mappings": count,
            }
            for one, _, count in found
        ]
        show.document({"ok": True, "smart_emails": rows})
        return
    if not found:
        show.console().print("No smart e-mail is known yet: `fairlead transactional refresh` reads them.")
        return
    rows_ = [
        (one.smart_id, one.name, client, "Gone" if one.gone else one.status, ", ".join(one.variables), count)
        for one, client, count in found
    ]
    show.table("", ["Id", "Name", "Client", "State", "Variables", "Mappings"], rows_)


@app.command("refresh", epilog="Example: fairlead transactional refresh")
def refresh(as_json: AsJson = False) -> None:
    """Read the smart e-mails from Campaign Monitor, and what became of messages. A worker must be running."""
    open_house()
    from fairlead.cli import follow
    from fairlead.cli.jobs import as_dict
    from fairlead.features.transactional_email.rules.words import LOOK
    from fairlead.jobs import api

    job = follow.follow(api.ask(org(), LOOK, args={"all": True}, by=WHO).number, quiet=as_json)
    show.document({"ok": job.state == "done", "job": as_dict(job)}) if as_json else follow.tell(job)
    if job.state != "done":
        raise typer.Exit(exit_of(job.support_code) if job.state == "failed" else Exit.FAILED)


@mapping.command("list", epilog="Example: fairlead transactional map list")
def map_list(as_json: AsJson = False) -> None:
    """Show the mappings, with the ids that flows and programs name them by."""
    open_house()
    from fairlead.features.transactional_email import shown

    found = shown.mappings(org())
    if as_json:
        rows = [
            {"id": one.uid, "name": one.name, "object": one.object, "smart": one.smart_id, "version": one.version}
            for one, _ in found
        ]
        show.document({"ok": True, "mappings": rows})
        return
    if not found:
        show.console().print("There are no mappings yet: `fairlead transactional map set` makes one.")
        return
    show.table(
        "",
        ["Id", "Name", "Smart e-mail", "Object"],
        [(one.uid, one.name, smart.name if smart else one.smart_id, one.object) for one, smart in found],
    )


@mapping.command("show", epilog="Example: fairlead transactional map show 0123456789abcdef0123456789abcdef --json")
def map_show(mapping_id: MappingId, as_json: AsJson = False) -> None:
    """Show one mapping, as `map set` takes it."""
    open_house()
    from fairlead.features.transactional_email import keeping
    from fairlead.features.transactional_email.rules.notation import as_json as told_of

    told = told_of(keeping.draft_of(org(), mapping_id))
    if as_json:
        show.document({"ok": True, "mapping": told})
        return
    plain = [(name, str(value)) for name, value in told.items() if not isinstance(value, list)]
    show.table("", ["", str(told["name"])], plain)
    show.table("", ["Variable", "Field", "Format", "Otherwise"], [tuple(one.values()) for one in told["variables"]])
    lists = [
        (one["name"], one["relationship"], ", ".join(column["field"] for column in one["columns"]), one["limit"])
        for one in told["listings"]
    ]
    show.table("", ["List", "Children", "Fields", "Rows"], lists)
    show.table("", ["As", "From", "Field or address"], [tuple(one.values()) for one in told["recipients"]])


@mapping.command("set", epilog="Example: fairlead transactional map set mapping.json")
def map_set(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A mapping as JSON, as `show --json` gives it; - reads standard input."),
    ] = "-",
    as_json: AsJson = False,
) -> None:
    """Make a mapping, or change the one whose `id` it has. Its `version`, if given, must be the present one.

    {"smart": "…", "object": "Opportunity", "name": "Order", "variables": [{"name": "name", "field": "Account.Name"}],
    "recipients": [{"kind": "To", "source": "field", "value": "Contact.Email"}]}
    """
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        told = json.loads(text)
    except ValueError:
        raise typer.BadParameter("This is no JSON.", param_hint="FILE") from None
    told = told.get("mapping", told) if isinstance(told, dict) else None
    if not isinstance(told, dict):
        raise typer.BadParameter("A mapping is a JSON object.", param_hint="FILE")
    open_house()
    from fairlead.features.transactional_email import saving
    from fairlead.features.transactional_email.rules.notation import draft_from

    saved = asyncio.run(saving.save(org(), draft_from(told), WHO))
    if as_json:
        show.document({"ok": True, "mapping": {"id": saved.uid, "version": saved.version}})
    else:
        show.console().print(f"Mapping {saved.uid} is saved.")


@mapping.command("clone", epilog="Example: fairlead transactional map clone 0123456789abcdef0123456789abcdef")
def map_clone(mapping_id: MappingId, as_json: AsJson = False) -> None:
    """Make the same mapping once more, with an id and a name of its own."""
    open_house()
    from fairlead.features.transactional_email import keeping

    made = keeping.clone(org(), mapping_id, WHO)
    if as_json:
        show.document({"ok": True, "mapping": {"id": made.uid, "name": made.name}})
    else:
        show.console().print(f"Mapping {made.uid} is “{made.name}”.", markup=False)


@mapping.command("delete", epilog="Example: fairlead transactional map delete 0123456789abcdef0123456789abcdef --yes")
def map_delete(
    mapping_id: MappingId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a mapping. What waits for it in the queue is not sent."""
    open_house()
    from fairlead.features.transactional_email import keeping

    found = keeping.find(org(), mapping_id)
    if not yes:
        typer.confirm(f"Delete the mapping “{found.name}”?", abort=True, err=True)
    keeping.delete(org(), mapping_id, WHO)
    show.document({"ok": True}) if as_json else show.console().print(f"Mapping {mapping_id} is deleted.")


@app.command("test", epilog="Example: fairlead transactional test 0123456789abcdef0123456789abcdef 006000000000001AAA")
def show_test(
    mapping_id: MappingId,
    record: RecordId,
    to: Annotated[
        bool, typer.Option("--to", help="Send it to one address, which is asked for or read from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the e-mail would say of a record, read now; with --to send it to one address alone."""
    open_house()
    from fairlead.features.transactional_email import trying

    shown = asyncio.run(trying.look(org(), mapping_id, record))
    told: dict[str, Any] = {"ok": shown.problem is None, **shown.as_json()}
    if to:
        address = typer.prompt("Test address", err=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
        told |= {"ok": True, "message": asyncio.run(trying.send(org(), mapping_id, record, address, WHO))}
    if as_json:
        show.document(told)
    else:
        show.table("", ["Variable", "Value"], [(name, str(value)) for name, value in shown.data.items()])
        show.table("", ["As", "Recipients"], [(kind, ", ".join(line)) for kind, line in shown.lines.items() if line])
        if shown.problem:
            show.console().print(str(shown.problem), markup=False)
        if to:
            show.console().print(f"The test is sent, as message {told['message']}.")
    if not told["ok"]:
        raise typer.Exit(Exit.FAILED)


@app.command("send", epilog="Example: fairlead transactional send 0123456789abcdef0123456789abcdef 006000000000001AAA")
def send(
    mapping_id: MappingId,
    record: RecordId,
    request_id: Annotated[
        str, typer.Option("--request-id", help="A name for the request: requests of one name are sent once.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the job to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Send the e-mail of a record to its recipients, once, by the queue. A worker must be running."""
    open_house()
    from fairlead.features.transactional_email import queue, shown
    from fairlead.features.transactional_email.rules.words import SENDS
    from fairlead.jobs import api

    name = request_id.strip() or uuid.uuid4().hex
    here = org()
    row = queue.take(here, queue.hash_of(name), mapping_id, record, WHO)
    if not wait or row.state in ("done", "refused"):
        told = {"request_id": name, **shown.as_json(row)}
        show.document({"ok": True, "send": told}) if as_json else show.console().print(f"It is {row.state}: {name}")
        return
    job = api.ask(here, SENDS, by=WHO)
    from fairlead.cli import follow
    from fairlead.cli.jobs import as_dict

    job = follow.follow(job.number, quiet=as_json)
    row.refresh_from_db()
    sent = row.state == "done"
    if as_json:
        told = {"request_id": name, **shown.as_json(row)}
        show.document({"ok": sent, "send": told, "job": as_dict(job)})
    else:
        show.console().print(f"{name}: {shown.STATES[row.state]}. {row.reason}", markup=False)
    if not sent:
        raise typer.Exit(Exit.FAILED)


@app.command("queue", epilog="Example: fairlead transactional queue")
def queue_(as_json: AsJson = False) -> None:
    """Show the newest items of the queue, and what became of them."""
    open_house()
    from fairlead.features.transactional_email import shown

    found = shown.queue(org())
    if as_json:
        show.document({"ok": True, "sends": [shown.as_json(row.send) for row in found]})
        return
    if not found:
        show.console().print("Nothing was asked for yet.")
        return
    rows = [
        (row.send.pk, row.mapping, row.send.record_id, str(row.word), row.statuses, row.send.reason) for row in found
    ]
    show.table("", ["Number", "Mapping", "Record", "State", "Messages", "Remarks"], rows)


@app.command("again", epilog="Example: fairlead transactional again 12")
def again(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of a refused item, as `queue` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Let a refused item be sent once more, after what was wrong is put right."""
    open_house()
    from fairlead.features.transactional_email import queue

    queue.again(org(), number, WHO)
    show.document({"ok": True}) if as_json else show.console().print(f"Item {number} waits again.")
