"""`fairlead campaigns`: which Salesforce campaigns are linked to sent campaigns, and what is done with that."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlead.cli import show
from fairlead.cli.house import WHO, open_house, org
from fairlead.cli.jobs import when
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.features.salesforce_campaigns.acts import Linked

app = typer.Typer(
    help="Link sent campaigns to Salesforce campaigns.", epilog="Example: fairlead campaigns list", no_args_is_help=True
)
Campaign = Annotated[str, typer.Argument(help="Id of the sent campaign in Campaign Monitor.", metavar="CAMPAIGN")]
SalesforceId = Annotated[str, typer.Argument(help="Id of the Salesforce campaign.", metavar="SALESFORCE-ID")]


@app.command("list", epilog="Example: fairlead campaigns list --find news")
def list_campaigns(
    find: Annotated[
        str | None, typer.Option(help="List campaigns of both sides with these words in their names, linked or not.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what is linked, as Salesforce has it now; with --find, what could be."""
    open_house()
    if find is not None:
        _find(find, as_json=as_json)
        return
    from fairlead.features.salesforce_campaigns import records

    here = org()
    pairs = asyncio.run(_linked(here.pk))
    counted = records.counts(here.pk)
    rows: list[dict[str, Any]] = [
        {
            "campaign": pair.sent.id if pair.sent else pair.crm.key,
            "name": pair.sent.name if pair.sent else "",
            "sent": pair.sent.sent if pair.sent else None,
            "salesforce_campaign": pair.crm.id,
            "salesforce_name": pair.crm.name,
            "addresses": counted.get(pair.sent.id, {}).get("people", 0) if pair.sent else 0,
            "waiting": counted.get(pair.sent.id, {}).get("waiting", 0) if pair.sent else 0,
        }
        for pair in pairs
    ]
    if as_json:
        show.document({"ok": True, "campaigns": rows})
        return
    head = ["Campaign", "Name", "Sent", "Salesforce campaign", "Its name", "Addresses", "Not yet written"]
    show.table("", head, [(*list(row.values())[:2], when(row["sent"]), *list(row.values())[3:]) for row in rows])
    if not rows:
        show.console().print("No campaign is linked. `fairlead campaigns link` links one.")


async def _linked(org_id: int) -> "list[Linked]":
    from fairlead.features.salesforce_campaigns import acts
    from fairlead.sync import sides

    async with sides.salesforce(org_id) as crm:
        return await acts.linked(crm)


def _find(words: str, *, as_json: bool) -> None:
    from fairlead.features.salesforce_campaigns import asking

    found = asking.listed(org(), words)
    if as_json:
        show.document({"ok": True, **found})
        return
    sent = [(one["id"], one["name"], when(one["sent"]), one["linked_to"]) for one in found["sent"]]
    show.table("Sent campaigns", ["Campaign", "Name", "Sent", "Linked to"], sent)
    crm = [(one["id"], one["name"], one["linked_to"]) for one in found["salesforce"]]
    show.table("Salesforce campaigns", ["Salesforce id", "Name", "Linked to"], crm)


@app.command("link", epilog="Example: fairlead campaigns link 0123456789abcdef0123456789abcdef 701000000000001AAA")
def link(campaign: Campaign, salesforce_id: SalesforceId, as_json: AsJson = False) -> None:
    """Link a sent campaign to a Salesforce campaign; the next sync writes figures and members."""
    open_house()
    from fairlead.features.salesforce_campaigns import asking

    pair = asking.link(org(), campaign, salesforce_id, WHO)
    if as_json:
        show.document({"ok": True, "campaign": campaign, "salesforce_campaign": pair.crm.id})
        return
    show.console().print(f"{campaign} is linked to “{pair.crm.name}”.")


@app.command("unlink", epilog="Example: fairlead campaigns unlink 0123456789abcdef0123456789abcdef")
def unlink(campaign: Campaign, as_json: AsJson = False) -> None:
    """Let a campaign's Salesforce campaign go. Members and figures stay as they are in Salesforce."""
    open_house()
    from fairlead.features.salesforce_campaigns import asking

    gone = asking.unlink(org(), campaign, WHO)
    if as_json:
        show.document({"ok": True, "campaign": campaign, "unlinked": gone})
        return
    show.console().print(f"{campaign} is linked to nothing now.")


@app.command("refresh", epilog="Example: fairlead campaigns refresh 0123456789abcdef0123456789abcdef")
def refresh(campaign: Campaign, as_json: AsJson = False) -> None:
    """Write all members of a linked campaign again. A worker must be running (`fairlead up`)."""
    open_house()
    from fairlead.features.salesforce_campaigns import asking

    job, addresses = asking.refresh(org(), campaign, WHO)
    if as_json:
        show.document({"ok": True, "campaign": campaign, "job": job.number, "addresses": addresses})
        return
    show.console().print(f"Job {job.number} writes the activity of {addresses:,} addresses again.")


@app.command("preview", epilog="Example: fairlead campaigns preview")
def preview(as_json: AsJson = False) -> None:
    """Tell what automatic creation would do with the campaigns sent last."""
    open_house()
    from fairlead.features.salesforce_campaigns import asking
    from fairlead.store import setting_rows

    here = org()
    told = asking.preview(here, setting_rows.values(here))
    rows = [{"campaign": one.id, "name": one.name, "sent": one.sent, "verdict": str(verdict)} for one, verdict in told]
    if as_json:
        show.document({"ok": True, "campaigns": rows})
        return
    cells = [(one.id, one.name, when(one.sent), str(verdict)) for one, verdict in told]
    show.table("", ["Campaign", "Name", "Sent", "Salesforce campaign"], cells)
