"""What pages and commands ask of the room, each with who asked. Plain Django: not to be called in an event loop."""

from typing import Any

from asgiref.sync import async_to_sync

from fairlead.domain.setting import Values
from fairlead.features.salesforce_campaigns import acts, links, members, records, settings
from fairlead.features.salesforce_campaigns.models import AutoCreate
from fairlead.features.salesforce_campaigns.rules.links import Sent, Verdict
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import sides

SYNC = "primary_sync"
"""The kind of job whose stages write links and members."""


def link(org: Org, campaign: str, crm_id: str, by: str) -> acts.Linked:
    """Link a sent campaign and a Salesforce campaign. Raises a Failure."""

    async def work() -> acts.Linked:
        async with sides.salesforce(org.pk) as crm:
            return await acts.link(crm, campaign, crm_id)

    pair = async_to_sync(work)()
    audit.record(org, by, "link campaign", campaign, after=pair.crm.id)
    return pair


def unlink(org: Org, campaign: str, by: str) -> list[str]:
    """Let a sent campaign's Salesforce campaigns go; their ids. Raises a Failure."""

    async def work() -> list[str]:
        async with sides.salesforce(org.pk) as crm:
            return await acts.unlink(crm, campaign)

    gone = async_to_sync(work)()
    audit.record(org, by, "unlink campaign", campaign, before=gone)
    return gone


def refresh(org: Org, campaign: str, by: str) -> tuple[Job, int]:
    """All members of a campaign are due again, and a run of these stages is asked for; tells of how many addresses."""
    rows = records.requeue(org.pk, campaign)
    job = api.ask(org, SYNC, args={"stages": [links.STAGE, members.STAGE]}, by=by)
    audit.record(org, by, "refresh campaign", campaign, after=rows)
    return job, rows


def preview(org: Org, chosen: Values) -> list[tuple[Sent, Verdict]]:
    """What automatic creation would do with the campaigns sent last; while it is off, as if it had always been on."""
    on = chosen.of(settings.AUTO_CREATE)
    row = AutoCreate.objects.filter(org=org).first() if on else None
    since = (row.since if row else records.turned_on(org.pk)) if on else None
    created = records.created(org.pk)

    async def work() -> list[tuple[Sent, Verdict]]:
        async with sides.salesforce(org.pk) as crm:
            return await acts.preview(crm, chosen, since, created)

    return async_to_sync(work)()


def listed(org: Org, words: str) -> dict[str, Any]:
    """What a search finds, as JSON."""

    async def work() -> acts.Found:
        async with sides.salesforce(org.pk) as crm:
            return await acts.search(crm, words)

    found = async_to_sync(work)()
    return {
        "sent": [{"id": one.id, "name": one.name, "sent": one.sent, "linked_to": one.linked_to} for one in found.sent],
        "salesforce": [{"id": one.id, "name": one.name, "linked_to": one.named or one.key} for one in found.crm],
    }
