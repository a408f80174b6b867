"""`fairlead messages`, `fairlead audit` and `fairlead notifications`: what maintenance shows, on the command line."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.jobs import when
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.maintenance.models import Message

app = typer.Typer(
    help="Look at what went wrong, resolve it, retry.", epilog="Example: fairlead messages list", no_args_is_help=True
)
notifications = typer.Typer(
    help="Who is told of problems, and by which way.",
    epilog="Example: fairlead notifications test mail",
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(help="The message's number.", metavar="NUMBER")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")]


@app.command("list", epilog="Example: fairlead messages list --state all --code FL-211")
def list_messages(
    state: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    code: Annotated[str, typer.Option(help="Only of this support code.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind of job.")] = "",
    find: Annotated[str, typer.Option(metavar="WORDS", help="Only with these words, id or job.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, last seen first."""
    open_house()
    from fairlead.features.maintenance import reading

    if state not in ("open", "resolved", "all"):
        raise typer.BadParameter("Give open, resolved or all.", param_hint="--state")
    asked = reading.wanted({"state": state, "code": code, "kind": kind, "find": find})
    found = reading.messages(org(), asked)
    if as_json:
        listed = [reading.as_dict(each) for each in found[:limit]]
        show.document({"ok": True, "count": found.count(), "messages": listed})
        return
    rows = [(m.number, m.code, m.state, m.times, when(m.last_seen), m.what) for m in found[:limit]]
    show.table("", ["Message", "Code", "State", "Times", "Last seen", "What"], rows)


@app.command("show", epilog="Example: fairlead messages show 7")
def show_message(number: Number, as_json: AsJson = False) -> None:
    """Show one message with its next step and its related job, client and list."""
    open_house()
    from fairlead.features.maintenance import acts

    _tell(acts.find(org(), number), as_json=as_json)


@app.command("resolve", epilog="Example: fairlead messages resolve 7")
def resolve(number: Number, as_json: AsJson = False) -> None:
    """Resolve a message. If the same happens again, there is a new one."""
    open_house()
    from fairlead.features.maintenance import acts

    _tell(acts.resolve(org(), number, WHO), as_json=as_json)


@app.command("retry", epilog="Example: fairlead messages retry 7")
def retry(number: Number, as_json: AsJson = False) -> None:
    """Ask again for the work of the message's job; the message resolves itself when that succeeds."""
    open_house()
    from fairlead.features.maintenance import acts

    job = acts.retry(org(), number, WHO)
    if as_json:
        show.document({"ok": True, "job": job.number})
    else:
        show.console().print(f"Asked for again as job {job.number}.")


def _tell(message: "Message", *, as_json: bool) -> None:
    from importlib.metadata import version

    from fairlead.features.maintenance import acts, reading

    if as_json:
        show.document({"ok": True, "message": reading.as_dict(message)})
    else:
        show.console().print(acts.for_support(message, version("fairlead")), markup=False)


def audit(
    who: Annotated[str, typer.Option(help="Only by this person or program.")] = "",
    what: Annotated[str, typer.Option(help="Only this act.")] = "",
    find: Annotated[str, typer.Option(metavar="WORDS", help="Only about this.")] = "",
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="From this day on, 2026-01-31, UTC.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Up to this day.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show who changed what, newest first."""
    open_house()
    from fairlead.features.maintenance import reading

    for name, text in (("--from", first), ("--to", last)):
        if text and reading.day(text) is None:
            raise typer.BadParameter("Give a day such as 2026-01-31.", param_hint=name)
    found = reading.audit(org(), {"who": who, "what": what, "find": find, "from": first, "to": last})
    if as_json:
        show.document({"ok": True, "count": found.count(), "entries": [reading.entry(each) for each in found[:limit]]})
        return
    rows = [(when(e.at), e.who, e.what, e.subject, _short(e.before), _short(e.after)) for e in found[:limit]]
    show.table("", ["When", "Who", "What", "Of what", "Before", "After"], rows)


def _short(value: Any) -> str:
    return "" if value is None else str(value)[:60]


@notifications.command("show", epilog="Example: fairlead notifications show")
def show_notifications(as_json: AsJson = False) -> None:
    """Show which ways are switched on, and how many recipients there are. Secrets are never shown."""
    open_house()
    from fairlead.features.maintenance import notified
    from fairlead.features.maintenance.ways import WAYS
    from fairlead.store import setting_rows

    chosen, sealed = setting_rows.values(org()), notified.read(org())
    on = {way.name: way.on(chosen) for way in WAYS.values()}
    kept = {name: bool(getattr(sealed, name)) for name in notified.FIELDS}
    if as_json:
        show.document({"ok": True, "ways": on, "kept": kept, "recipients": len(sealed.to)})
        return
    show.table("", ["Way", ""], [(way.title, "on" if on[way.name] else "off") for way in WAYS.values()])
    show.table("", ["Sealed", ""], [(name.replace("_", " "), "kept" if there else "–") for name, there in kept.items()])


@notifications.command("set", epilog="Example: fairlead notifications set sender fairlead@example.com")
def set_notifications(
    name: Annotated[
        str, typer.Argument(help="recipients, sender, user, password, hook_url or hook_key.", metavar="NAME")
    ],
    value: Annotated[
        str,
        typer.Argument(
            help="What to keep, sealed; - forgets it. Left out, a password or key is typed unseen.", metavar="VALUE"
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Keep an address or a secret, sealed. Everything else is a setting: `fairlead settings list --room maintenance`."""
    open_house()
    from fairlead.features.maintenance import notified

    if name not in notified.FIELDS:
        raise typer.BadParameter(f"Give one of {', '.join(notified.FIELDS)}.", param_hint="NAME")
    if not value and name in notified.NEVER_SHOWN:
        value = typer.prompt(name, hide_input=True)
    notified.write(org(), {name: value}, WHO)
    show.document({"ok": True}) if as_json else show.console().print("Kept, sealed.")


@notifications.command("test", epilog="Example: fairlead notifications test bell")
def send_test(
    way: Annotated[str, typer.Argument(help="bell, mail or hook.", metavar="WAY")], as_json: AsJson = False
) -> None:
    """Send a test by one way, now, whether it is switched on or not."""
    open_house()
    from fairlead.features.maintenance import notifying
    from fairlead.features.maintenance.ways import WAYS

    if way not in WAYS:
        raise typer.BadParameter(f"Give one of {', '.join(WAYS)}.", param_hint="WAY")
    asyncio.run(notifying.send_test(org(), way))
    show.document({"ok": True}) if as_json else show.console().print("A test was sent.")
