"""Writes batches: insert, update, upsert, delete. Rules first, then one `executemany` per kind of row."""

from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.records import (
    automation,
    duplicates,
    licences,
    permitted,
    rules,
    special,
    storing,
    validation,
)
from fairlead_emulators.salesforce.records.locks import refuse_locked, refuse_over_limit
from fairlead_emulators.salesforce.records.outcome import (
    CONVERTED,
    DELETED,
    FULL,
    LOCKED,
    NO_SUCH_ID,
    ROLLED_BACK,
    Refused,
    Work,
    Written,
)
from fairlead_emulators.salesforce.records.removing import delete, erase, undelete
from fairlead_emulators.salesforce.records.targets import find_targets
from fairlead_emulators.salesforce.state.org import Org

__all__ = [
    "CONVERTED",
    "DELETED",
    "FULL",
    "LOCKED",
    "NO_SUCH_ID",
    "ROLLED_BACK",
    "Refused",
    "Written",
    "delete",
    "erase",
    "undelete",
    "write",
]


def write(
    org: Org,
    operation: str,
    batch: Batch,
    key: Field | None = None,
    *,
    seeding: bool = False,
    by_platform: bool = False,
) -> Written:
    """Carries out `insert`, `update` or `upsert` (by `key`; None means by Id) of the batch, as one transaction.

    With `seeding`, read-only fields and system dates may be set, no limits or faults apply and nothing is told.
    `by_platform`: what the platform itself does by its own rules; as seeding, but change events and history tell it.
    """
    checked = not (seeding or by_platform)
    with org.storage.transaction() as connection:
        rules.convert_columns(batch)
        rules.resolve_links(connection, batch)
        written = find_targets(connection, operation, batch, key)
        work = Work(org, connection, batch, written, key, checked, told=not seeding)
        if checked:
            _refuse_rows(work)
        batch.sobject = org.storage.whole.objects[batch.sobject.name.lower()]  # the user may not see all of it
        special.before_write(work)
        if checked:
            automation.run_before(work)
            duplicates.refuse_duplicates(work)
            validation.refuse_by_rules(work)
            refuse_over_limit(work)
        new, old = work.new(), work.old()
        changed = storing.update(work, old)
        made = storing.insert(work, new)
        special.after_write(work, made, changed)
        automation.run_after(work, made, changed)
    for row in batch.errors:
        written.refuse(row, batch.errors[row])
    return written


def _refuse_rows(work: Work) -> None:
    """The rules that hold for every object."""
    batch = work.batch
    permitted.refuse_operations(work)
    rules.check_access(batch, work.new(), creating=True)
    rules.check_access(batch, work.old(), creating=False)
    rules.check_required(batch, work.new(), creating=True)
    rules.check_required(batch, work.old(), creating=False)
    rules.check_record_types(work.connection, batch)
    rules.check_parents(work.connection, work.org.storage.whole, batch)
    rules.check_owners(work.connection, batch)
    rules.check_unique(work.connection, batch, work.written.ids, work.key)
    rules.check_pairs(work.connection, batch, work.new())
    licences.refuse_unlicensed(work)
    refuse_locked(work)
