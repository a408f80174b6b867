"""Subscribers who changed their address in Campaign Monitor: the new one goes to their contact or lead (C7).

The webhook alone tells which address it was before. Where the record has another address by now, a person decides.
"""

from collections.abc import Callable, Sequence

from django.db import transaction

from fairlead.domain.address import normal
from fairlead.features.field_mappings import agreed, outcome, rules
from fairlead.features.field_mappings.models import AddressChange, Reason
from fairlead.features.field_mappings.rules import Entry
from fairlead.features.field_mappings.settings import FOLLOW_ADDRESSES
from fairlead.jobs.context import in_database
from fairlead.salesforce.query import split_in
from fairlead.store import secrets
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.stage import Run

AT_ONCE = 200


async def write(run: Run) -> None:
    """Write the addresses that wait for a sync. Killed anywhere, what was written is found done. Raises a Failure."""
    waiting = await in_database(_waiting, run.org_id)
    if not run.settings.of(FOLLOW_ADDRESSES):
        await in_database(_settle, run, waiting, [])
        return
    for start in range(0, len(waiting), AT_ONCE):
        await run.progress.check_cancelled()
        await _some(run, waiting[start : start + AT_ONCE])


def _waiting(org_id: int) -> list[AddressChange]:
    return list(AddressChange.objects.filter(org_id=org_id, reason=Reason.NEXT_SYNC).order_by("id"))


async def _some(run: Run, rows: Sequence[AddressChange]) -> None:
    for name in ("Contact", "Lead"):
        mine = [row for row in rows if row.object == name]
        held = await _addresses(run, name, [row.record for row in mine])
        done = [row for row in mine if held.get(row.record) in (None, _new(row))]
        due = [row for row in mine if held.get(row.record) == secrets.unseal(bytes(row.old))]
        apart = [row for row in mine if row not in done and row not in due]
        with salesforce_failures(f"write {name} records"):
            sent = [{"Id": row.record, rules.EMAIL: _new(row)} for row in due]
            told = await run.salesforce.collections.update(name, sent) if sent else []
        written = [row for row, result in zip(due, told, strict=True) if result.success or not result.retryable]
        run.add(written=sum(result.success for result in told))
        run.add(refused=sum(not result.success for result in told))
        await in_database(_settle, run, [*done, *written], apart)


async def _addresses(run: Run, name: str, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    with salesforce_failures(f"read {name} records"):
        for soql in split_in(f"SELECT Id, {rules.EMAIL} FROM {name} WHERE Id IN", ids):
            async for page in run.salesforce.query(soql):
                found |= {str(row["Id"]): normal(str(row[rules.EMAIL] or "")) for row in page}
    return found


def _new(row: AddressChange) -> str:
    return secrets.unseal(bytes(row.new))


def _settle(run: Run, done: Sequence[AddressChange], apart: Sequence[AddressChange]) -> None:
    """Forget what is done, and remember both addresses as they are; what is apart waits for a person."""
    digest: Callable[[str], bytes] = outcome.digest_by(run.ledger)
    with transaction.atomic():
        run.fence()
        for row in done:
            key = bytes(row.member)
            known = agreed.of(run.org_id, row.list, [key]).get(key, {})
            address = digest(_new(row))
            agreed.keep(run.org_id, row.list, {key: {**known, rules.ADDRESS: Entry(address, address, address)}})
        AddressChange.objects.filter(pk__in=[row.pk for row in done]).delete()
        AddressChange.objects.filter(pk__in=[row.pk for row in apart]).update(reason=Reason.BOTH_CHANGED)
