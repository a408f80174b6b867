"""`fairlead move-in`: what the older package holds, taking it over, and who decides while both are there."""

from typing import Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.show import AsJson

app = typer.Typer(
    help="Move in from the older package (wbsendit): look, take over, report, decide.",
    epilog="Example: fairlead move-in look",
    no_args_is_help=True,
)


@app.command("look", epilog="Example: fairlead move-in look --json")
def look(as_json: AsJson = False) -> None:
    """Show everything the older package holds in the connected org, and what would become of it. Writes nothing."""
    open_house()
    from fairlead.features.moving_in import acts, hold
    from fairlead.features.moving_in.rules import planning

    items = acts.look(org())
    held = hold.held(org())
    if as_json:
        show.document({"ok": True, "held": held, "items": [item.as_json() for item in items]})
        return
    taken = {True: "yes", False: "can be"}
    rows = [
        (taken[item.ticked] if item.can_be_taken else "", item.list_name, item.title, item.verdict.value, item.key)
        for item in items
    ]
    show.table("", ["Take over", "List", "What", "Verdict", "Key"], rows)
    out = show.console()
    out.print(", ".join(f"{verdict.value.lower()}: {count}" for verdict, count in planning.counts(items).items()))
    if held:
        out.print("Held: the older package works, and Fairlead was not chosen. `fairlead move-in decide fairlead`")


@app.command("apply", epilog="Example: fairlead move-in apply --all --except rule:a0X000000000001AAA")
def apply(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Keys, as `look` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is taken over unasked.")] = False,
    without: Annotated[list[str] | None, typer.Option("--except", help="A key that is left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take over these things, in a job: a worker must be running (`fairlead up`). Doing it again changes nothing."""
    if bool(keys) == everything:
        raise typer.BadParameter("Give keys, or --all.", param_hint="KEY")
    open_house()
    from fairlead.features.moving_in import acts

    here = org()
    wanted = acts.usual(acts.look(here)) if everything else list(keys or ())
    left_out = set(without or ())
    job = acts.apply(here, [key for key in wanted if key not in left_out], WHO)
    if as_json:
        show.document({"ok": True, "job": job.number, "state": job.state})
    else:
        show.console().print(f"Job {job.number} takes it over. `fairlead move-in report` says what became of it.")


@app.command("report", epilog="Example: fairlead move-in report --left --json")
def report(
    left: Annotated[
        bool, typer.Option("--left", help="Only what has no counterpart, needs you, or was refused.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what became of everything, and why."""
    open_house()
    from fairlead.features.moving_in import acts

    here = org()
    shown = acts.with_outcomes(here, acts.look(here))
    shown = acts.left(shown) if left else shown
    if as_json:
        show.document({"ok": True, "items": [one.as_json() for one in shown]})
        return
    show.table("", list(acts.HEAD), [one.line for one in shown])


@app.command("decide", epilog="Example: fairlead move-in decide fairlead")
def decide(
    who: Annotated[str, typer.Argument(metavar="WHO", help="fairlead, or old_package to take that back.")],
    as_json: AsJson = False,
) -> None:
    """Say who writes opt-outs, contacts, leads and lists while the older package works."""
    open_house()
    from fairlead.features.moving_in import hold

    hold.decide(org(), who, WHO)
    if as_json:
        show.document({"ok": True, "decides": who, "held": hold.held(org())})
    else:
        show.console().print(
            "Fairlead decides now." if who == "fairlead" else "The older package decides while it works."
        )
