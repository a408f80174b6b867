"""The stage of links: both sides say the same, campaigns that pass the filters have one, figures are those of the account."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from fairlead.campaignmonitor.errors import CampaignMonitorError
from fairlead.campaignmonitor.timezones import zone
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.records import Cursor, RowFailure, Staged
from fairlead.domain.setting import Text
from fairlead.features.salesforce_campaigns import org_reading, records, settings
from fairlead.features.salesforce_campaigns.refusals import refused
from fairlead.features.salesforce_campaigns.rules import links as rules
from fairlead.features.salesforce_campaigns.rules.links import Agreed, CrmCampaign, Filter, Sent, Verdict
from fairlead.jobs.context import in_database
from fairlead.salesforce import names
from fairlead.salesforce.collections import RowResult
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.stage import Run

STAGE: Final = "links"
POINTS_NOWHERE: Final = frozenset(
    {
        "INVALID_CROSS_REFERENCE_KEY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "MALFORMED_ID",
        "ENTITY_IS_DELETED",
    }
)
"""Refusals of a record because of one that it points to."""


class LinksBlocked(FixTheSettings):
    """Salesforce refuses campaigns for a reason that concerns all of them."""

    code = "FL-359"

    def __init__(self, rows: int, first: RowFailure) -> None:
        super().__init__(
            f"{rows} changes of Salesforce campaigns were refused: {first.reason} ({first.code})",
            next_step="Put that right; the next sync tries again.",
        )


class CannotCreate(FixTheSettings):
    """Salesforce campaigns cannot be created as they are to be: what a setting names is not in the org."""

    code = "FL-345"

    def __init__(self, first: RowFailure, named: Mapping[Text, str]) -> None:
        told = " or ".join(f"“{setting.title}” ({value})" for setting, value in named.items())
        super().__init__(
            f"No Salesforce campaign can be created: {first.reason} ({first.code}).",
            next_step=f"Correct {told}: the org has no such record, or hides it from the integration user.",
        )


async def link_campaigns(run: Run) -> None:
    """Agree on the links, create what is wanted, write figures; fills `run.linked_campaigns`."""
    await run.progress.stage(STAGE, state="running", unit="campaigns")
    since = await in_database(records.creating_since, run.org_id, run.fence, on=run.settings.of(settings.AUTO_CREATE))
    failures: list[RowFailure] = []
    with salesforce_failures("read and link campaigns"):
        crm = await org_reading.linked_campaigns(run.salesforce)
        sent = await org_reading.sent(run.salesforce, {one.named or one.key for one in crm}, since=since)
        agreed = rules.agree(crm, sent, await in_database(records.known, run.org_id))
        failures += await _tell_both(run, agreed)
        not_created: list[RowFailure] = []
        created = await _create(run, sent, agreed, since, not_created) if since is not None else {}
        failures += not_created
        figures = await _write_figures(run, crm, sent, agreed, failures)
    linked = {**agreed.links, **created}
    await in_database(records.note_agreed, run.org_id, run.fence, linked, agreed.waiting)
    run.linked_campaigns = linked
    run.passable.add(STAGE)
    run.add(
        campaigns_linked=len(linked),
        salesforce_campaigns_created=len(created),
        figures_written=figures,
        refused=len(failures),
    )
    remarks = agreed.remarks + [f"{len(failures)} refused: {failures[0].reason}" for _ in failures[:1]]
    await run.progress.stage(
        STAGE, done=len(linked), total=len(linked), created=len(created), message=" ".join(remarks)
    )
    await _keep(run, failures)
    blocking = [failure for failure in failures if failure.blocks]
    if blocking:
        raise LinksBlocked(len(blocking), blocking[0])
    _check_created(run, not_created)


def _check_created(run: Run, failures: Sequence[RowFailure]) -> None:
    """Whether a record that a setting names is the reason. Raises CannotCreate."""
    pointless = [failure for failure in failures if failure.code in POINTS_NOWHERE]
    chosen = {setting: run.settings.of(setting) for setting in (settings.RECORD_TYPE, settings.PARENT)}
    named: dict[Text, str] = {setting: value for setting, value in chosen.items() if value}
    if pointless and named:
        raise CannotCreate(pointless[0], named)


async def _tell_both(run: Run, agreed: Agreed) -> list[RowFailure]:
    """Both sides name each other: the Salesforce campaign first, as its word counts most."""
    changed = [
        {"Id": crm_id, "CM_Campaign__c": sent.record if sent else None, "CM_Campaign_Id__c": sent.id if sent else None}
        for crm_id, sent in agreed.campaigns.items()
    ]
    failures = await update(run, "Campaign", changed)
    records_changed = [
        {"Id": record, "Salesforce_Campaign__c": crm_id or None} for record, crm_id in agreed.records.items()
    ]
    return failures + await update(run, names.CAMPAIGN, records_changed)


async def update(run: Run, object: str, changed: Sequence[Mapping[str, Any]]) -> list[RowFailure]:
    """Update records by Id; the refusals."""
    results = await run.salesforce.collections.update(object, changed) if changed else []
    return _failures([str(record["Id"]) for record in changed], results)


async def _create(
    run: Run, sent: Sequence[Sent], agreed: Agreed, since: datetime | None, failures: list[RowFailure]
) -> dict[str, str]:
    """Create, by the campaign's id as key: killed in between, the next run finds what this one made (F39)."""
    taken = {*agreed.links, *agreed.all.values(), *agreed.waiting}
    earlier = await in_database(records.created, run.org_id)
    passes = chosen_filter(run.settings, {client.id for client in run.clients}, since)
    wanted = [one for one in sent if passes.verdict(one, taken, earlier) is Verdict.CREATE]
    if not wanted:
        return {}
    owners = {client.id: client.owner for client in run.clients}
    days = {client.id: client.time_zone for client in run.clients}
    made = [_new(run, one, owners.get(one.client, ""), days.get(one.client, "")) for one in wanted]
    results = await run.salesforce.collections.upsert("Campaign", "CM_Campaign_Id__c", made)
    failures += _failures([one.id for one in wanted], results)
    created = {one.id: str(told.id) for one, told in zip(wanted, results, strict=True) if told.success}
    named = [{"Id": one.record, "Salesforce_Campaign__c": created[one.id]} for one in wanted if one.id in created]
    failures += await update(run, names.CAMPAIGN, named)
    await in_database(records.note_created, run.org_id, run.fence, created)
    return created


def chosen_filter(chosen: Any, clients: set[str], since: datetime | None) -> Filter:
    """The filters of F43 and F44 as they are chosen."""
    start = chosen.of(settings.START_DATE)
    tags = {tag.lower() for tag in chosen.of(settings.TAGS)}
    return Filter(
        frozenset(clients),
        since,
        date.fromisoformat(start) if start else None,
        frozenset(tags) if chosen.of(settings.FILTER_TAGS) else None,
    )


def _new(run: Run, sent: Sent, owner: str, time_zone: str) -> dict[str, Any]:
    optional = {
        "OwnerId": owner,
        "RecordTypeId": run.settings.of(settings.RECORD_TYPE),
        "ParentId": run.settings.of(settings.PARENT),
    }
    return {
        "CM_Campaign_Id__c": sent.id,
        "CM_Campaign__c": sent.record,
        "Name": sent.name[: rules.MAX_NAME] or sent.id,
        "Type": "Email",
        "IsActive": True,
        "StartDate": _day(sent.sent, time_zone),
        **{field: value for field, value in optional.items() if value},
        **rules.differing({}, sent.figures),
    }


def _day(sent: datetime | None, time_zone: str) -> str | None:
    """The day on which it was sent, where the client is."""
    if sent is None:
        return None
    try:
        return sent.astimezone(zone(time_zone)).date().isoformat()
    except CampaignMonitorError:
        return sent.date().isoformat()


async def _write_figures(
    run: Run, crm: Sequence[CrmCampaign], sent: Sequence[Sent], agreed: Agreed, failures: list[RowFailure]
) -> int:
    """Write the figures that differ (F41); tells on how many campaigns."""
    if not run.settings.of(settings.UPDATE_STATISTICS):
        return 0
    shown = {one.id: one.figures for one in crm}
    told = {one.id: one.figures for one in sent}
    changed = [
        {"Id": crm_id, **differing}
        for crm_id, campaign in sorted(agreed.all.items())
        if (differing := rules.differing(shown.get(crm_id, {}), told[campaign]))
    ]
    refusals = await update(run, "Campaign", changed)
    failures += refusals
    return len(changed) - len(refusals)


def _failures(keys: Sequence[str], results: Sequence[RowResult]) -> list[RowFailure]:
    return [refused(key, told) for key, told in zip(keys, results, strict=True) if not told.success]


async def _keep(run: Run, failures: Sequence[RowFailure]) -> None:
    """Refusals stand in the ledger with their reason; those of the run before are forgotten."""
    if failures or await run.ledger.cursor(records.SCOPE) is not None:
        now = Cursor(datetime.now(UTC).replace(tzinfo=None))
        await run.ledger.commit(records.SCOPE, Staged(now, {}), failures, forget_before=None, answered=None)
