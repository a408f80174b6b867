"""Field history: who changed a tracked field, when, from what to what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.history import history_name, parent_field
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.records.outcome import Work
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("history_rows")
fact("history_of_long_texts")

_TYPES: Final = {"boolean": "Boolean", "date": "DateOnly", "datetime": "DateTime", "reference": "EntityId"}
_TYPES_OF_NUMBERS: Final = {"int": "Integer", "double": "Double", "currency": "Currency", "percent": "Percent"}
_LONGEST: Final = 255
Row = tuple[str, str, str, str | None, str | None]


def tracked(org: Org, sobject: SObject) -> dict[str, Field]:
    """The fields of the object whose changes are kept, by name: deployed with trackHistory, or set in `tracked_fields`."""
    if org.storage.whole.object(history_name(sobject)) is None:
        return {}
    named = {str(name).lower() for name in org.settings.get("tracked_fields", {}).get(sobject.name, ())}
    return {f.name: f for key, f in sobject.fields.items() if f.track_history or key in named}


def note_changes(work: Work, ids: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> None:
    """Keeps what the update, which is still to come, changes in tracked fields. `columns`: kept values, one per id."""
    sobject = work.batch.sobject
    fields = {name: f for name, f in tracked(work.org, sobject).items() if name in columns}
    if not fields:
        return
    before = rows_by_id(work.connection, sobject, ids, list(fields))
    rows: list[Row] = []
    for place, (name, field) in enumerate(fields.items()):
        for record_id, new in zip(ids, columns[name], strict=True):
            old = before[record_id][place]
            if old != new:
                kind = (_TYPES | _TYPES_OF_NUMBERS).get(field.type, "Text")
                rows.append((record_id, name, kind, _told(field, old), _told(field, new)))
    _keep(work, rows)


def note_new(work: Work, ids: Sequence[str]) -> None:
    """Keeps that records of a tracked object were made."""
    if tracked(work.org, work.batch.sobject):
        _keep(work, [(record_id, "created", "Text", None, None) for record_id in ids])


def _told(field: Field, value: Any) -> str | None:
    if value is None:
        return None
    if field.type == "boolean":
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= _LONGEST else None


def _keep(work: Work, rows: Iterable[Row]) -> None:
    rows = list(rows)
    sobject = work.org.storage.whole.objects[history_name(work.batch.sobject).lower()]
    ids = work.org.storage.new_ids(sobject.key_prefix, len(rows)) if rows else []
    who, when = work.org.acting_user(), work.org.now()
    work.connection.executemany(
        f"INSERT INTO {quoted(sobject.name)} ({parent_field(work.batch.sobject)}, Field, DataType, OldValue, NewValue, "
        "Id, CreatedById, CreatedDate, IsDeleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        ((*row, record_id, who, when) for row, record_id in zip(rows, ids, strict=True)),
    )
    work.org.storage.changed(sobject, len(rows))
