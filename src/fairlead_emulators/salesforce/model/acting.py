"""In whose name the org works at the moment, and what that user sees of it. Nobody set means the admin, who sees all."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from fairlead_emulators.salesforce.model.schema import Schema, SObject

Share = Callable[[SObject, str], str]


@dataclass(frozen=True, slots=True)
class Acting:
    """A user who is not the admin. `schema`: the objects and fields of which the user knows.

    `sees` and `edits` give, for an object whose table has that alias in a query, the SQL condition of the records that
    the user may read or change; "" when these are all.
    """

    user_id: str
    schema: Schema
    sees: Share
    edits: Share
    everything: bool = False
    """Whether the user may do all that the admin may."""


acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


_OWN_ROW: Final = "UserPermissionAccess"


def own_row(sobject: SObject, alias: str, *, everything: bool) -> str:
    """The SQL condition of the one row that tells the acting user's rights, where the object has such rows; else ""."""
    return f"{alias}.PermissionsModifyAllData = {int(everything)}" if sobject.name == _OWN_ROW else ""


def seen(sobject: SObject, alias: str) -> list[str]:
    """The conditions, none or one, under which a query may show records of the object."""
    user = acting.get()
    condition = own_row(sobject, alias, everything=True) if user is None else user.sees(sobject, alias)
    return [condition] if condition else []
