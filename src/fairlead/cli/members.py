"""`fairlead members`: which addresses are ambiguous, and what is known of the lists."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import open_house, org
from fairlead.cli.jobs import when
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.members.rules import Ambiguous
    from fairlead.store.models import Org

app = typer.Typer(
    help="Lists, and how their members are matched.", epilog="Example: fairlead members lists", no_args_is_help=True
)


@app.command("lists", epilog="Example: fairlead members lists --json")
def lists(as_json: AsJson = False) -> None:
    """List the subscriber lists: counters, last reading, last whole reading, whether members are synced."""
    open_house()
    from fairlead.features.members import settings
    from fairlead.features.members.models import ListReading
    from fairlead.store import setting_rows

    here = org()
    chosen = setting_rows.values(here)
    names = ("list_id", "name", "client_id", "client_name", "figures", "unconfirmed", "read_at", "whole_at", "gone_at")
    found = [
        {**{name: getattr(row, name) for name in names}, "prevented": chosen.of(settings.PREVENT_SYNC, row.list_id)}
        for row in ListReading.objects.filter(org=here)
    ]
    if as_json:
        show.document({"ok": True, "lists": found})
        return
    rows = [
        (f["list_id"], f["name"], f["client_name"], f["figures"].get("active"), when(f["read_at"]), when(f["whole_at"]),
         "prevented" if f["prevented"] else "gone" if f["gone_at"] else "synced")
        for f in found
    ]  # fmt: skip
    show.table("", ["Id", "List", "Client", "Active", "Last read", "Read whole", "Members"], rows)


@app.command("ambiguous", epilog="Example: fairlead members ambiguous --show")
def ambiguous(
    reveal: Annotated[bool, typer.Option("--show", help="Show whole addresses and names.")] = False,
    as_json: AsJson = False,
) -> None:
    """List addresses that several contacts or leads have: the candidates, which one is linked, and why. Read live."""
    open_house()
    found = asyncio.run(_find(org()))
    lines = [_line(one, reveal=reveal) for one in found]
    if as_json:
        show.document({"ok": True, "count": len(found), "addresses": lines})
        return
    rows = [
        (line["address"], line["object"], each["id"], each["name"], "yes" if each["linked"] else "no", each["why"])
        for line in lines
        for each in line["candidates"]
    ]
    show.console().print(f"{len(found):,} ambiguous addresses.")
    show.table("", ["Address", "Object", "Id", "Name", "Linked", "Why"], rows)


async def _find(here: "Org") -> "list[Ambiguous]":
    from asgiref.sync import sync_to_async

    from fairlead.features.members import ambiguity, settings
    from fairlead.store import setting_rows
    from fairlead.sync import sides

    chosen = await sync_to_async(setting_rows.values)(here)
    async with sides.salesforce(here.pk) as crm:
        return await ambiguity.find(crm, settings.match_rules(chosen))


def _line(one: "Ambiguous", *, reveal: bool) -> dict[str, Any]:
    from fairlead.features.members import rules

    candidates = [
        {
            "id": judged.candidate.id,
            "name": judged.candidate.name if reveal else "",
            "field": judged.candidate.field,
            "last_modified": judged.candidate.modified,
            "created": judged.candidate.created,
            "linked": judged.wins,
            "why": judged.why,
        }
        for judged in one.candidates
    ]
    address = one.address if reveal else rules.masked(one.address)
    return {"address": address, "object": one.kind, "candidates": candidates}
