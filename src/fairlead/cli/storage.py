"""`fairlead storage`: what Fairlead's records take of the org's storage, and what a change would keep."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import open_house, org
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.storage.rules import Estimate

app = typer.Typer(
    help="What records take in Salesforce, and what a change would keep.",
    epilog="Example: fairlead storage show",
    no_args_is_help=True,
)


@app.command("show", epilog="Example: fairlead storage show --json")
def show_use(as_json: AsJson = False) -> None:
    """Show the org's storage and Fairlead's records in it, read now."""
    open_house()
    from fairlead.features.storage import views

    use, lists = views.read_use(org().pk)
    if as_json:
        objects = {label: {"records": records, "mb": round(mb, 1)} for label, records, mb in use.rows}
        largest = [{"id": one.id, "name": one.name, "members": one.members} for one in lists]
        whole = {"total_mb": use.total_mb, "used_mb": use.used_mb, "fairlead_mb": round(use.ours_mb, 1)}
        show.document({"ok": True, **whole, "objects": objects, "lists": largest})
        return
    show.console().print(f"{use.used_mb:,} of {use.total_mb:,} MB are used, {use.ours_mb:,.1f} MB by Fairlead.")
    show.table("", ["Object", "Records", "MB"], [(label, f"{n:,}", f"{mb:,.1f}") for label, n, mb in use.rows])


@app.command("estimate", epilog="Example: fairlead storage estimate --days 90 --types Sent,Opened")
def estimate(
    days: Annotated[str, typer.Option(help="Days to keep. Default: as it is now.")] = "",
    types: Annotated[str, typer.Option(help="Kinds to keep, by commas. Default: as it is now.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what a change of days or kinds would keep, before you make it. Nothing is changed."""
    open_house()
    from fairlead.domain import tracking_settings as tracking
    from fairlead.features.storage import views
    from fairlead.store import setting_rows

    now = setting_rows.values(org())
    asked = views.Chosen(
        tracking.DAYS_TO_KEEP.read(days) if days else now.of(tracking.DAYS_TO_KEEP),
        tracking.TYPES.read(types) if types else now.of(tracking.TYPES),
        now.of(tracking.JOURNEYS),
    )
    found = views.estimate_of(org(), asked)
    if as_json:
        show.document({"ok": True, **_as_dict(found)})
        return
    about = "" if found.exact else "about "
    show.console().print(
        f"{about}{found.records_after:,} of {found.records_before:,} events would be kept: {found.mb_freed:+,.1f} MB free."
    )
    rows = [(row.kind, f"{row.before:,}", f"{row.after.events:,}", f"{row.after.mb:,.1f}") for row in found.rows]
    show.table("", ["Kind", "Now", "After", "MB after"], rows)


def _as_dict(found: "Estimate") -> dict[str, Any]:
    kinds = {
        row.kind.value: {"before": row.before, "after": row.after.events, "exact": row.after.exact}
        for row in found.rows
    }
    return {
        "records_before": found.records_before,
        "records_after": found.records_after,
        "mb_freed": round(found.mb_freed, 2),
        "exact": found.exact,
        "kinds": kinds,
    }
