"""What an org's own triggers and flows do to writes, switched on as the fault `automation`.

`data` of the fault: `every` (each n-th row, all unless told) with `message` refuses rows; `field` and `value` change
rows after the write; `seconds` of the fault makes the write slow.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.values import convert
from fairlead_emulators.salesforce.records import storing
from fairlead_emulators.salesforce.records.outcome import Work, Written

fact("automation")

_SLOWEST: Final = 30.0


def run_before(work: Work) -> None:
    """Refuses rows and takes its time, when the fault strikes; what it changes later is noted."""
    fault = work.org.faults.take("automation", object=work.batch.sobject.name)
    if fault is None:
        return
    time.sleep(min(max(fault.seconds, 0.0), _SLOWEST))
    if "field" in fault.data:
        work.notes["automation"] = (str(fault.data["field"]), fault.data.get("value"))
    if "message" in fault.data or not ("field" in fault.data or fault.seconds):
        every = max(int(fault.data.get("every", 1)), 1)
        told = fault.data.get("message", "the change is not allowed")
        for place, row in enumerate(sorted((*work.new(), *work.old())), 1):
            moment = "BeforeInsert" if work.written.ids[row] is None else "BeforeUpdate"
            if place % every == 0:
                message = f"{work.batch.sobject.name}Trigger: execution of {moment} caused by: {told}"
                work.refuse(row, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def run_after(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """Changes the records that were written, as a trigger after the save does."""
    name, value = work.notes.pop("automation", ("", None))
    sobject, ids = work.batch.sobject, [*made, *changed]
    field = sobject.field(name)
    if field is None or field.calculated or not ids:
        return
    (kept,), errors = convert(field, [value])
    if errors:
        return
    columns: dict[str, list[Any]] = {field.name.lower(): [kept] * len(ids)}
    batch = Batch(sobject, len(ids), columns)
    written = Written(list(ids), [False] * len(ids), batch.errors)
    storing.update(
        Work(work.org, work.connection, batch, written, checked=False, told=work.told), list(range(len(ids)))
    )
