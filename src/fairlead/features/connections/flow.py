"""What the connections room runs: the clients of the account as CM_Client__c records."""

from collections.abc import Sequence
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
    """Write the clients of the run as records. Clients that are no longer selected keep their record."""

    async def listed() -> Sequence[ClientScope]:
        return run.clients

    async def to_rows(page: SourcePage[ClientScope]) -> Converted:
        return Converted(client_rows(page.rows, run.number), [ALWAYS_RECENT] * len(page.rows))

    async def tell(done: int, expected: int) -> None:
        await run.progress.stage("clients", done=done, total=expected, unit="clients")

    flow = Flow(
        Scope("clients", "all"),
        ListingSource(listed, await clock(run)),
        to_rows,
        OrgSink(run.salesforce, all_records),
        CLIENT_TARGET,
        run.ledger,
        Options(run.number, full=run.wanted.full),
        tell,
    )
    report = await flow.run()
    run.add(clients=report.read, clients_written=report.outcome.written)


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
