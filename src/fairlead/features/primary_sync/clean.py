"""The stage that starts clean (F10): Fairlead's own records are deleted, so that everything is written as if for the first time.

What is remembered goes first: stopped anywhere afterwards, the next run reads everything, whether it deletes or not.
Records that this very run wrote are never deleted, so it may be killed at any point and started again.
"""

from collections.abc import Mapping
from typing import Final

from asgiref.sync import sync_to_async

from fairlead.features.primary_sync import rules
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RecordRefused
from fairlead.salesforce.query import quote
from fairlead.store import forgetting
from fairlead.sync.account_source import clock
from fairlead.sync.deletion import delete_where
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.stage import Run, Stage

OF_CLIENT: Final[Mapping[str, tuple[str, ...]]] = {
    names.TRACKING: (
        "Campaign__r.Client__r.Client_Id__c",
        "List__r.Client__r.Client_Id__c",
        "Journey_Email__r.Journey__r.List__r.Client__r.Client_Id__c",
    ),
    names.MEMBER: ("List__r.Client__r.Client_Id__c",),
    names.SUPPRESSION: ("Client__r.Client_Id__c",),
    names.JOURNEY_EMAIL: ("Journey__r.List__r.Client__r.Client_Id__c",),
    names.JOURNEY: ("List__r.Client__r.Client_Id__c",),
    names.CAMPAIGN: ("Client__r.Client_Id__c",),
    names.LIST: ("Client__r.Client_Id__c",),
    names.CLIENT: ("Client_Id__c",),
}
"""Our objects, children first, and the paths by which a record belongs to a client."""


def belongs(object: str, client: str) -> str:
    """The SOQL condition for the records of one client, or for all where `client` is blank."""
    paths = OF_CLIENT[object] if client else ()
    return f"({' OR '.join(f'{path} = {quote(client)}' for path in paths)})" if paths else "Id != null"


async def existing(crm: Salesforce, client: str = "") -> dict[str, int]:
    """How many records of each of our objects there are, by object, children first. Raises a Failure."""
    with salesforce_failures("count Fairlead's records"):
        return {
            ours: await crm.count(f"SELECT COUNT() FROM {ours} WHERE {belongs(ours, client)}") for ours in OF_CLIENT
        }


async def start_clean(run: Run) -> None:
    """Forget what was read and delete our own records; contacts, leads and Salesforce campaigns are not touched."""
    rules.check_clean(full=run.wanted.full, of_list=run.wanted.list, stages=run.wanted.stages)
    client = run.wanted.client
    marked = sync_to_async(forgetting.marked)
    if await marked(run.org_id, forgetting.DELETED, client) == run.number:
        await run.progress.stage(rules.CLEAN, message="Done by an earlier attempt of this run.")
        return
    await clock(run)  # a side that does not answer could not fill again what is deleted
    if await marked(run.org_id, forgetting.FORGOTTEN, client) != run.number:
        await _end_flights(run, client)
        await sync_to_async(forgetting.forget)(run.org_id, client, run=run.number, fence=run.fence)
    if client:
        await _forget_members(run, client)
    deleted = await _delete(run, client)
    await sync_to_async(forgetting.mark)(run.org_id, forgetting.DELETED, client, run.number, fence=run.fence)
    run.add(cleaned=deleted)


async def _delete(run: Run, client: str) -> int:
    counts = await existing(run.salesforce, client)
    total, done = sum(counts.values()), 0
    await run.progress.stage(rules.CLEAN, done=0, total=total, unit="records")
    for ours in OF_CLIENT:

        async def tell(deleted: int, _: int, before: int = done) -> None:
            await run.progress.stage(rules.CLEAN, done=before + deleted)

        if counts[ours]:
            where = f"{belongs(ours, client)} AND {_not_of(run)}"
            done += await delete_where(run.salesforce, ours, where, progress=tell, check=run.progress.check_cancelled)
        await run.progress.stage(rules.CLEAN, done=done)
    return done


def _not_of(run: Run) -> str:
    """Not written by this run: neither older ones, nor those of an installation whose runs had higher numbers."""
    return f"(Sync_Run__c = null OR Sync_Run__c < {run.number} OR Sync_Run__c > {run.number})"


async def _end_flights(run: Run, client: str) -> None:
    """A bulk job that an earlier run left behind must not write after the deletion."""
    for job in await sync_to_async(forgetting.flights)(run.org_id, client):
        with salesforce_failures("end an earlier bulk job"):
            try:
                if (await run.salesforce.bulk.info(job)).state == "Open":
                    await run.salesforce.bulk.abort(job)
                else:
                    await run.salesforce.bulk.wait(job)
            except RecordRefused:  # gone
                continue


async def _forget_members(run: Run, client: str) -> None:
    """The roll-ups of a client's members, which only their keys tell."""
    soql = f"SELECT {names.MEMBER_KEY} FROM {names.MEMBER} WHERE {belongs(names.MEMBER, client)}"
    with salesforce_failures("read the keys of members"):
        async with run.salesforce.bulk_query.finished(soql) as job:
            async for page in run.salesforce.bulk_query.rows(job):
                await run.progress.check_cancelled()
                hashes = run.ledger.hashes([row[0] for row in page])
                await sync_to_async(forgetting.forget_members)(run.org_id, hashes, fence=run.fence)


FIRST_STAGE: Final = Stage(rules.CLEAN, "Start clean", start_clean)
