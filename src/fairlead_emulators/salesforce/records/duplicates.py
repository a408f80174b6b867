"""Duplicate rules: a record that looks like another is refused, or saved all the same when the caller insists.

The setting `duplicate_rules` names the fields that must not all be equal: `{"Contact": ["Email"]}`.
"""

import json
from contextvars import ContextVar

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.records.outcome import Work
from fairlead_emulators.salesforce.state.storage import quoted

fact("duplicate_rules")

#: Whether the caller saves duplicates: `Sforce-Duplicate-Rule-Header: allowSave=true`.
allow_save: ContextVar[bool] = ContextVar("allow_save", default=False)


def refuse_duplicates(work: Work) -> None:
    """Refuses rows whose fields of the rule are all set, all sent, and all equal to another live record's."""
    sobject = work.batch.sobject
    rules = work.org.settings.get("duplicate_rules", {})
    names = [
        f.name for n in rules.get(sobject.name, ()) if (f := sobject.field(str(n))) is not None and not f.calculated
    ]
    if not names or allow_save.get():
        return
    rows = sorted((*work.new(), *work.old()))
    cells = [work.given(name, rows) for name in names]
    asked = [
        [row, work.written.ids[row] or "", *(c[row] for c in cells)] for row in rows if all(c.get(row) for c in cells)
    ]
    same = " AND ".join(f"t.{quoted(name)} = w.value ->> {place}" for place, name in enumerate(names, 2))
    found: dict[int, list[str]] = {}
    for row, other in work.connection.execute(
        f"SELECT w.value ->> 0, t.Id FROM json_each(?) AS w CROSS JOIN {quoted(sobject.name)} AS t ON {same} "
        "WHERE t.IsDeleted = 0 AND t.Id <> w.value ->> 1 ORDER BY t.Id",
        (json.dumps(asked),),
    ):
        found.setdefault(int(row), []).append(other)
    for row, others in found.items():
        error = RowError("DUPLICATES_DETECTED", "Use one of these records?", (), sobject.name, tuple(others))
        work.batch.errors.setdefault(row, error)
