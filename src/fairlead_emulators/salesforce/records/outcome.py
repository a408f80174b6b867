"""What becomes of the rows of a batch: ids, row errors, and the errors that several operations share."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.model.values import KEEP
from fairlead_emulators.salesforce.state.org import Org

DELETED: Final = RowError("ENTITY_IS_DELETED", "entity is deleted")
NO_SUCH_ID: Final = RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
CONVERTED: Final = RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
LOCKED: Final = RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
FULL: Final = RowError("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")
ROLLED_BACK: Final = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


@dataclass(slots=True)
class Written:
    """What became of each row: its id (None when refused), whether it is new, why it was refused.

    `matches` holds the ids of rows whose external id several records have.
    """

    ids: list[str | None]
    created: list[bool]
    errors: dict[int, RowError]
    matches: dict[int, list[str]] = field(default_factory=dict)

    def refuse(self, row: int, error: RowError) -> None:
        """Takes a row back."""
        self.errors[row] = error
        self.ids[row] = None
        self.created[row] = False


@dataclass(slots=True)
class Work:
    """A batch on its way into the org. `checked`: the rules of the API hold; `told`: change events and history tell.

    `notes` is what a rule before the write leaves for the consequences after it.
    """

    org: Org
    connection: sqlite3.Connection
    batch: Batch
    written: Written
    key: Field | None = None
    checked: bool = True
    told: bool = True
    notes: dict[str, Any] = field(default_factory=dict)

    def new(self) -> list[int]:
        """Rows to insert, without the refused ones."""
        return [r for r in range(self.batch.count) if self.written.ids[r] is None and r not in self.batch.errors]

    def old(self) -> list[int]:
        """Rows to update, without the refused ones."""
        return [r for r in range(self.batch.count) if self.written.ids[r] is not None and r not in self.batch.errors]

    def column(self, name: str) -> list[Any]:
        """The batch's cells of a field, made when it has none; changing a cell changes the batch."""
        return self.batch.columns.setdefault(name.lower(), [KEEP] * self.batch.count)

    def given(self, name: str, rows: Iterable[int]) -> dict[int, Any]:
        """The cells of a field that were sent, by row."""
        cells = self.batch.columns.get(name.lower())
        return {} if cells is None else {row: cells[row] for row in rows if cells[row] is not KEEP}

    def refuse(self, row: int, code: str, message: str, *fields: str) -> None:
        """Refuses a row that has no error yet."""
        self.batch.errors.setdefault(row, RowError(code, message, fields))


class Refused(ValueError):
    """An operation on single records that the org does not carry out; `error` says why."""

    def __init__(self, error: RowError) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.error = error


def refused(code: str, message: str, *fields: str) -> Refused:
    """The refusal with that code and message."""
    return Refused(RowError(code, message, fields))
