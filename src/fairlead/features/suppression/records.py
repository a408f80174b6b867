"""What is kept of the readings, and the act that removes the records."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.features.suppression.models import SuppressionReading
from fairlead.features.suppression.rules import Known
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.store import audit
from fairlead.store.ledger_models import RowRefusal, ScopeState
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.stage import ClientScope

KIND: Final = "suppression"


@sync_to_async
def known(org_id: int, client: str) -> Known | None:
    """What the last reading of a client's list noted; None before the first."""
    row = SuppressionReading.objects.filter(org_id=org_id, client=client).first()
    if row is None:
        return None
    return Known(row.total, bytes(row.newest), datetime.fromisoformat(row.whole_at) if row.whole_at else None)


@sync_to_async
def refused(org_id: int, client: str) -> frozenset[bytes]:
    """The ledger's hashes of the keys that the org refuses."""
    found = RowRefusal.objects.filter(org_id=org_id, scope__kind=KIND, scope__client=client)
    return frozenset(bytes(key) for key in found.values_list("key_hash", flat=True))


@sync_to_async
def note(org_id: int, client: ClientScope, reading: Known, fence: Callable[[], None]) -> None:
    """A reading was carried out to its end. Raises for a stale attempt of the job."""
    with transaction.atomic():
        fence()
        SuppressionReading.objects.update_or_create(
            org_id=org_id,
            client=client.id,
            defaults={
                "name": client.name[:255],
                "total": reading.total,
                "newest": reading.newest,
                "whole_at": reading.whole_at.isoformat() if reading.whole_at else "",
            },
        )


async def remove_all(org: Org, by: str) -> int:
    """`remove` on the connected org. Raises a Failure."""
    async with sides.salesforce(org.pk) as salesforce:
        return await remove(org, salesforce, by)


async def remove(org: Org, salesforce: Salesforce, by: str) -> int:
    """Delete all records of suppressed addresses, and forget what was read; tells how many. Raises a Failure.

    Killed on the way, it is begun again: what is left is deleted, and the next sync reads whole lists either way.
    """
    await _forget(org, by)
    with salesforce_failures(f"delete {names.SUPPRESSION}"):
        ids = [row["Id"] async for page in salesforce.query(f"SELECT Id FROM {names.SUPPRESSION}") for row in page]
        results = await salesforce.collections.delete(ids)
    return sum(result.success for result in results)


@sync_to_async
def _forget(org: Org, by: str) -> None:
    with transaction.atomic():
        SuppressionReading.objects.filter(org=org).delete()
        ScopeState.objects.filter(org=org, kind=KIND).delete()
        audit.record(org, by, "remove records", names.SUPPRESSION)
