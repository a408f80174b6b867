"""What the connections room runs: the clients of the account as CM_Client__c records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from asgiref.sync import sync_to_async

from fairlead.domain.failure import Failure, FixTheSettings, FixThisRecord
from fairlead.domain.records import Kind, Rows, Scope
from fairlead.features.connections import records
from fairlead.salesforce import names
from fairlead.store.models import Org
from fairlead.sync.account_source import ListingSource, clock
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import ALWAYS_RECENT, Converted, Flow, Options
from fairlead.sync.stage import ClientScope, Run, Stage

CLIENT_TARGET: Final = Target(names.CLIENT, names.CLIENT_KEY, names.CLIENT_FIELDS, (Kind.TEXT,) * 4 + (Kind.NUMBER,))
MAX_NAME: Final = 80
MAX_TIME_ZONE: Final = 100


async def write_clients(run: Run) -> None:
    """Read the clients' settings anew and write them as records, each with its own owner. Others keep their record.

    A client that Campaign Monitor no longer shows is left out of the run, and says so; raises where none is left.
    """
    await run.progress.stage("clients", done=0, total=len(run.clients), unit="clients")
    at = await clock(run)
    read: list[ClientScope] = []
    failures: list[Failure] = []
    for done, client in enumerate(run.clients, 1):
        await run.progress.check_cancelled()
        try:
            read.append(await _read_client(run, client))
            await _write_client(run, read[-1], at)
        except (FixThisRecord, FixTheSettings) as failure:
            read = [each for each in read if each.id != client.id]
            failures.append(failure)
            failure.tell_more(f"The client “{client.name}”:")
            await sync_to_async(records.note_failure)(await _org(run), [client.id], str(failure))
            await run.progress.stage("clients", message=failure.told)
        await run.progress.stage("clients", done=done)
    if failures and not read:
        raise failures[0]
    if failures:
        run.add(clients_failed=len(failures))
    run.clients = read


async def _read_client(run: Run, client: ClientScope) -> ClientScope:
    """The client as it is named now and in the time zone that it has now: its dates are told in that."""
    with campaign_monitor_failures("read a client"):
        now = await run.campaign_monitor.client(client.id)
    if (now.name, now.time_zone) == (client.name, client.time_zone):
        return client
    await sync_to_async(records.note_settings)(await _org(run), client.id, now.name, now.time_zone)
    if now.time_zone != client.time_zone:
        text = f"The time zone of “{now.name}” changed: a full sync writes the dates of earlier records anew."
        await run.progress.stage("clients", message=text)
    return replace(client, name=now.name, time_zone=now.time_zone)


async def _org(run: Run) -> Org:
    return await sync_to_async(Org.objects.get)(pk=run.org_id)


async def _write_client(run: Run, client: ClientScope, at: datetime) -> None:
    async def listed() -> Sequence[ClientScope]:
        return [client]

    async def to_rows(page: SourcePage[ClientScope]) -> Converted:
        return Converted(client_rows(page.rows, run.number), [ALWAYS_RECENT] * len(page.rows))

    flow = Flow(
        Scope("clients", client.id),
        ListingSource(listed, at),
        to_rows,
        OrgSink(run.salesforce, all_records),
        CLIENT_TARGET,
        run.ledger,
        Options(run.number, full=run.wanted.full, owner=client.owner),
        _no_progress,
    )
    report = await flow.run()
    run.add(clients=report.read, clients_written=report.outcome.written)


async def _no_progress(done: int, expected: int) -> None:
    """One row has nothing to tell in between."""


def client_rows(clients: Sequence[ClientScope], number: int) -> Rows:
    """Clients as rows of CM_Client__c."""
    return Rows(
        CLIENT_TARGET.fields,
        CLIENT_TARGET.kinds,
        (
            [client.id for client in clients],
            [client.name[:MAX_NAME] for client in clients],
            [client.time_zone[:MAX_TIME_ZONE] for client in clients],
            ["Active"] * len(clients),
            [str(number)] * len(clients),
        ),
    )


STAGES: Final = (Stage("clients", "Clients", write_clients),)
