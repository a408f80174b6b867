"""`fairlead opt-status`: who may be mailed, kept in step both ways."""

import asyncio
import csv
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.edge import Exit, exit_of
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.opt_status.acts import Open
    from fairlead.jobs.models import Job

app = typer.Typer(
    help="Opt status both ways: run it, review what needs a person, record consents, look at histories and differences.",
    epilog="Example: fairlead opt-status run --preview",
    no_args_is_help=True,
)
OneClient = Annotated[str, typer.Option("--client", help="Id of one client; all that are synced without it.")]
Address = Annotated[
    str,
    typer.Argument(metavar="ADDRESS", help="An e-mail address; - reads it from standard input. It is never logged."),
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the job to its end.")]


@app.command("run", epilog="Example: fairlead opt-status run --preview")
def run(
    preview: Annotated[bool, typer.Option("--preview", help="Count what would be done; write nothing.")] = False,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Accept that lists or options are not those of the last run.")
    ] = False,
    allow_large_changes: Annotated[
        bool, typer.Option("--allow-large-changes", help="Let the guards pass, this once.")
    ] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Read everything, whatever changed.")] = False,
    client: OneClient = "",
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Read both sides, write opt-outs, let in who consented. Exit code 3: a guard refused. A worker must be running."""
    open_house()
    if preview:
        _preview(client, as_json=as_json)
        return
    from fairlead.features.opt_status import acts

    flags = {"baseline": baseline, "allow_large_changes": allow_large_changes, "sweep": sweep}
    _follow(acts.ask(org(), WHO, client=client, **flags), wait=wait, as_json=as_json)


def _preview(client: str, *, as_json: bool) -> None:
    from fairlead.features.opt_status import acts, looking

    names = {each.id: each.name for each in acts.clients(org())}
    found = asyncio.run(looking.preview(org(), client))
    if as_json:
        show.document({"ok": True, "preview": found})
        return
    for number, counts in found.items():
        rows = [(_words(name), f"{count:,}") for name, count in sorted(counts.items())]
        show.table(names.get(number, number), ["Would be", "Addresses"], rows)


def _words(name: str) -> str:
    """A count's name as people read it."""
    from fairlead.domain.consent import RULES

    if name.startswith("rule_"):
        number = int(name.removeprefix("rule_"))
        return f"Rule {number}: {RULES[number]}"
    return name.replace("_", " ")


def _follow(job: "Job", *, wait: bool, as_json: bool) -> None:
    from fairlead.cli import follow
    from fairlead.cli.jobs import as_dict

    if wait:
        job = follow.follow(job.number, quiet=as_json)
    if as_json:
        show.document({"ok": job.state == "done" or not wait, "job": as_dict(job)})
    elif wait:
        follow.tell(job)
    else:
        show.console().print(f"Job {job.number} is {job.get_state_display()}.")
    if wait and job.state != "done":
        raise typer.Exit(exit_of(job.support_code) if job.state == "failed" else Exit.FAILED)


@app.command("review", epilog="Example: fairlead opt-status review 7 --stays-out")
def review(
    number: Annotated[int, typer.Argument(help="Number of a review to answer; without it all are listed.")] = 0,
    stays_out: Annotated[bool, typer.Option("--stays-out", help="The address stays out.")] = False,
    basis: Annotated[str, typer.Option(help="A consent: written, spoken, subscribe form …")] = "",
    source: Annotated[str, typer.Option(help="Where it was given: a form, a paper, a call; no address.")] = "",
    at: Annotated[str, typer.Option("--date", help="When: 2026-03-31 or 2026-03-31T14:00+02:00.")] = "",
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """List what a person should look at, or answer one: it stays out, or a consent was given."""
    open_house()
    from fairlead.features.opt_status import acts

    if not number:
        _list(acts.open_reviews(org()), as_json=as_json)
        return
    if stays_out == bool(basis):
        raise typer.BadParameter("Give either --stays-out, or --basis, --source and --date.")
    if stays_out:
        job = acts.stays_out(org(), number, WHO, WHO)
    else:
        job = acts.consented(org(), number, acts.consent_of(basis, source, _moment(at), WHO), WHO)
    if job is not None:
        _follow(job, wait=wait, as_json=as_json)
    elif as_json:
        show.document({"ok": True, "job": None})
    else:
        show.console().print("Noted: the address stays out.")


def _list(found: "list[Open]", *, as_json: bool) -> None:
    if as_json:
        names = ("id", "clear", "reason", "rule", "opened_at")
        rows = [{name: getattr(one.review, name) for name in names} | {"client": one.client.id} for one in found]
        show.document({"ok": True, "reviews": [{**row, "address": row.pop("clear")} for row in rows]})
    elif found:
        lines = [(r.id, one.client.name, r.clear, r.reason.value, f"{r.opened_at:%Y-%m-%d %H:%M}")
                 for one in found if (r := one.review)]  # fmt: skip
        show.table("", ["Number", "Client", "Address", "Why", "Since (UTC)"], lines)
    else:
        show.console().print("Nothing waits for a person.")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: give 2026-03-31 or 2026-03-31T14:00+02:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@app.command(
    "consent",
    epilog="Example: fairlead opt-status consent somebody@example.com --basis written --source card --date 2026-03-31",
)
def consent(
    address: Address,
    basis: Annotated[str, typer.Option(help="written, spoken, subscribe form, preference centre or confirmed opt-in.")],
    source: Annotated[str, typer.Option(help="Where it was given: a form, a paper, a call; no address.")],
    at: Annotated[str, typer.Option("--date", help="When: 2026-03-31 or 2026-03-31T14:00+02:00.")],
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Record that somebody agreed to be mailed, and bring them back on both sides, if they did not opt out later."""
    open_house()
    from fairlead.features.opt_status import acts

    wanted = _address(address)
    given = acts.consent_of(basis, source, _moment(at), WHO)
    _follow(acts.record_consent(org(), wanted, given, WHO), wait=wait, as_json=as_json)


def _address(asked: str) -> str:
    return (sys.stdin.readline() if asked == "-" else asked).strip()


@app.command("history", epilog="Example: fairlead opt-status history somebody@example.com")
def history(address: Address, as_json: AsJson = False) -> None:
    """Tell what was decided about an address and why, the latest first. Exit code 1: nothing is known of it."""
    open_house()
    from fairlead.features.opt_status import acts, telling

    found = acts.history(org(), _address(address))
    if as_json:
        show.document({"ok": bool(found), "clients": [telling.as_dict(one) for one in found]})
    for one in () if as_json else found:
        agreed = one.shadow.agreed if one.shadow else None
        title = f"{one.client.name}: {agreed.value if agreed else 'nothing agreed'}"
        rows = [(f"{e.at:%Y-%m-%d %H:%M:%S}", e.rule, *telling.values(e), telling.why(e)) for e in one.entries]
        show.table(title, ["When (UTC)", "Rule", "Salesforce", "Campaign Monitor", "Before", "After", "Why"], rows)
    if not found:
        if not as_json:
            show.console().print("Nothing is remembered of this address.")
        raise typer.Exit(Exit.FAILED)


@app.command("report", epilog="Example: fairlead opt-status report > differences.csv")
def report(client: OneClient = "", as_json: AsJson = False) -> None:
    """Write all differences as they are now, read live, as CSV (or a JSON document a line); nothing is written or kept."""
    open_house()
    from fairlead.features.opt_status import looking

    out: Any = csv.writer(sys.stdout)

    async def work() -> None:
        if not as_json:
            out.writerow(looking.HEAD)
        async for one in looking.differences(org_here, client):
            if as_json:
                sys.stdout.write(json.dumps(dict(zip(looking.HEAD, one.row(), strict=True))) + "\n")
            else:
                out.writerow(one.row())

    org_here = org()
    asyncio.run(work())
