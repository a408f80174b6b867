"""Rows that another transaction holds, and room that is full: what refuses rows for the state of the org."""

from collections.abc import Iterable

from fairlead_emulators.faults import Rule
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.records.outcome import FULL, LOCKED, Work
from fairlead_emulators.salesforce.state.limits import storage_left_kb

fact("row_lock")
fact("parents_are_locked")
fact("storage_limit")


def refuse_locked(work: Work) -> None:
    """Refuses the first free rows while the fault `row_lock` is in force; `data.rows` tells how many, 1 unless told.

    A child's write locks its masters too, a contact's its account: the fault may name the `parent` instead of the object.
    """
    sobject = work.batch.sobject
    _refuse(work, work.org.faults.take("row_lock", object=sobject.name), range(work.batch.count))
    for f in sobject.fields.values():
        cells = work.batch.columns.get(f.name.lower())
        holds = f.cascade_delete or (sobject.name, f.name) == ("Contact", "AccountId")
        if cells is not None and holds and f.reference_to and work.org.faults.any_in_force():
            fault = work.org.faults.take("row_lock", parent=f.reference_to[0])
            _refuse(work, fault, [row for row, cell in enumerate(cells) if isinstance(cell, str)])


def _refuse(work: Work, fault: Rule | None, rows: Iterable[int]) -> None:
    if fault is not None:
        free = [row for row in rows if row not in work.batch.errors]
        for row in free[: int(fault.data.get("rows", 1))]:
            work.batch.errors[row] = LOCKED


def refuse_over_limit(work: Work) -> None:
    """Refuses new rows that data storage has no room for."""
    new, sobject = work.new(), work.batch.sobject
    if not new or not sobject.storage_kb:
        return
    room = storage_left_kb(work.org) // sobject.storage_kb
    if work.org.faults.take("storage_full", object=sobject.name) is not None:
        room = 0
    for row in new[max(room, 0) :]:
        work.batch.errors[row] = FULL
