"""What the connections room runs: the clients of the account as CM_Client__c records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fairlead.domain.records import Kind, Rows, Scope
from fairlead.salesforce import names
from fairlead.sync.account_source import ListingSource, clock
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import ALWAYS_RECENT, Converted, Flow, Options
from fairlead.sync.stage import ClientScope, Run, Stage

CLIENT_TARGET: Final = Target(names.CLIENT, names.CLIENT_KEY, names.CLIENT_FIELDS, (Kind.TEXT,) * 4 + (Kind.NUMBER,))
MAX_NAME: Final = 80
MAX_TIME_ZONE: Final = 100


async def write_clients(run: Run) -> None:
    """Write the clients of the run as records, each with its own owner. Other clients keep their record as it is."""
    await run.progress.stage("clients", done=0, total=len(run.clients), unit="clients")
    at = await clock(run)
    for done, client in enumerate(run.clients, 1):
        await run.progress.check_cancelled()
        await _write_client(run, client, at)
        await run.progress.stage("clients", done=done)


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
