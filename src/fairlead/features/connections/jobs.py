"""The room's durable jobs: taking a client's records out of the org, and handing its records over to another owner."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import Q

from fairlead.domain import record_id
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import forgetting, owners, pieces, records, rules
from fairlead.features.connections.models import State
from fairlead.features.connections.opening import open_salesforce
from fairlead.features.connections.pieces import PIECES, Piece
from fairlead.jobs.context import JobContext, in_database
from fairlead.jobs.models import Job
from fairlead.jobs.models import State as JobState
from fairlead.salesforce import mass, names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.mass import Done
from fairlead.store import audit, setting_rows
from fairlead.store.models import Org
from fairlead.sync.failures import salesforce_failures

LOOK_AGAIN_S: Final = 0.5
_LEAVES: Final = frozenset({names.TRACKING, names.MEMBER, names.SUPPRESSION})
"""Objects that nothing else hangs on."""


class RecordsStay(FixTheSettings):
    """The org refused some records of a removal or a hand-over; all others are done."""

    code = "FL-375"

    def __init__(self, act: str, left: dict[str, Done]) -> None:
        told = ", ".join(f"{len(done.refused):,} of {sobject}" for sobject, done in left.items())
        first = next(iter(left.values())).refused[0]
        super().__init__(
            f"The org would not let Fairlead {act} {told}: {first.message} ({first.code})",
            next_step="Put that right, then ask again: only what is left is done.",
        )


async def remove(context: JobContext) -> None:
    """Delete a client's records from the org and forget what is kept of it. Contacts and leads are not touched.

    May be stopped and begun again anywhere: what is gone is gone, and the client is not synced until this has ended.
    """
    org, client_id = await _asked(context)
    stages = [("wait", "Runs under way"), ("forget", "Settings and cursors"), *((p.object, p.title) for p in PIECES)]
    await context.stages(stages)
    await _wait_for_runs(context, client_id)
    async with open_salesforce(org) as crm:
        await _mark_deleted(crm, client_id)
        await _forget(context, org, client_id, await pieces.subjects(crm, client_id))
        left: dict[str, Done] = {}
        deleted = 0
        for piece in PIECES:
            if left and piece.object not in _LEAVES:
                await context.stage(piece.object, state="skipped", message="Not deleted: records below it are left.")
                continue
            done = await _each(context, piece, _delete(crm, piece, client_id))
            deleted += done.handled
            await context.counts(deleted=deleted)
            if done.refused:
                left[piece.object] = done
    if left:
        raise RecordsStay("delete", left)
    await in_database(_removed, context, org, client_id)


async def hand_over(context: JobContext) -> None:
    """Give a client's records in the org to the owner that is chosen for it, or to the sync user where none is.

    May be stopped and begun again anywhere: only records with another owner are looked for.
    """
    org, client_id = await _asked(context)
    await context.stages([(piece.object, piece.title) for piece in PIECES])
    async with open_salesforce(org) as crm:
        owner = await _owner(crm, org, client_id)
        left: dict[str, Done] = {}
        written = 0
        for piece in PIECES:
            done = await _each(context, piece, _change(crm, piece, client_id, owner))
            written += done.handled
            await context.counts(written=written)
            if done.refused:
                left[piece.object] = done
    if left:
        raise RecordsStay("hand over", left)


RUNNERS: Final = (
    (rules.REMOVE_KIND, rules.REMOVE_TITLE, remove),
    (rules.HAND_OVER_KIND, rules.HAND_OVER_TITLE, hand_over),
)
"""Kind, title and runner of each job."""

Work = Callable[[mass.Tell], Awaitable[Done]]


async def _asked(context: JobContext) -> tuple[Org, str]:
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    client = await sync_to_async(records.client)(org, str(context.args.get("client", "")))
    return org, client.client_id


async def _wait_for_runs(context: JobContext, client_id: str) -> None:
    """Until no run that began before the removal was asked for can write the client any more."""
    await context.stage("wait", state="running")
    while await in_database(_runs_before, context, client_id):
        await context.check_cancelled()
        await asyncio.sleep(LOOK_AGAIN_S)
    await context.stage("wait", state="done")


def _runs_before(context: JobContext, client_id: str) -> bool:
    earlier = Job.objects.filter(org=context.org_id, pk__lt=context.job_id, state=JobState.RUNNING)
    return earlier.filter(concerning(client_id)).exists()


def concerning(client_id: str) -> Q:
    """Jobs of one client, and of all."""
    return Q(args__client=client_id) | of_all()


def of_all() -> Q:
    """Jobs that name no client. (An `exclude` of a key would leave out rows without the key, too.)"""
    return Q(args__client__isnull=True) | Q(args__client="")


async def _mark_deleted(crm: Salesforce, client_id: str) -> None:
    """Show in the org that the records are on their way out."""
    with salesforce_failures(f"change {names.CLIENT}"):
        found = await crm.records.find(names.CLIENT, names.CLIENT_KEY, client_id, ("Id",))
        if found is not None:
            await crm.records.update(names.CLIENT, str(found["Id"]), {"Status__c": "Deleted"})


async def _forget(context: JobContext, org: Org, client_id: str, subjects: set[str]) -> None:
    """Before any record goes: whatever stops the job, a client that is selected again is read from its beginning."""

    def work() -> forgetting.Kept:
        with transaction.atomic():
            context.fence()
            return forgetting.forget_client(org, client_id, subjects)

    await context.stage("forget", state="running")
    kept = await in_database(work)
    await context.stage("forget", state="done", settings=kept.settings, cursors=kept.cursors)


def _delete(crm: Salesforce, piece: Piece, client_id: str) -> Work:
    return lambda tell: mass.delete(crm, piece.object, piece.where(client_id), tell)


def _change(crm: Salesforce, piece: Piece, client_id: str, owner: str) -> Work:
    where = f"{piece.where(client_id)} AND OwnerId != '{owner}'"
    return lambda tell: mass.change(crm, piece.object, where, {"OwnerId": owner}, tell)


async def _each(context: JobContext, piece: Piece, work: Work) -> Done:
    """One object's part, with its progress."""

    async def tell(done: int, of: int) -> None:
        await context.check_cancelled()
        await context.stage(piece.object, state="running", done=done, total=of, unit="records")

    await context.check_cancelled()
    with salesforce_failures(f"change {piece.object}"):
        done = await work(tell)
    state = "failed" if done.refused else "done"
    reason = done.refused[0].message if done.refused else None
    await context.stage(piece.object, state=state, message=reason, records=done.handled, refused=len(done.refused))
    return done


async def _owner(crm: Salesforce, org: Org, client_id: str) -> str:
    """Raises NoSuchOwner where the chosen user is gone."""
    chosen = await sync_to_async(setting_rows.value)(org, rules.OWNER, client_id)
    if chosen and not await owners.active(crm, [chosen]):
        raise owners.NoSuchOwner(chosen)
    return chosen or record_id.to_18((await crm.identity()).user_id)


def _removed(context: JobContext, org: Org, client_id: str) -> None:
    """The client stands as one that was never selected; one that the connected account no longer shows is forgotten."""
    with transaction.atomic():
        context.fence()
        client, account = records.client(org, client_id), records.account(org)
        audit.record(org, "", "client removed", client_id)
        gone = client.state == State.DISCONNECTED and client.last_message != records.BY_HAND
        if gone and account is not None and account.state != State.DISCONNECTED:
            client.delete()
            return
        client.removing_since, client.selected, client.last_synced_at = None, False, None
        if client.state == State.FAILING:
            client.state, client.last_message = State.CONNECTED, ""
        client.save()


def titles(counts: dict[str, int]) -> Sequence[tuple[str, int]]:
    """Counts by object as people read them."""
    return [(piece.title, counts[piece.object]) for piece in PIECES if piece.object in counts]
