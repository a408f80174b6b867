"""In whose name the org works at the moment, and what that user sees of it. Nobody set means the admin, who sees all."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

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


acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


def seen(sobject: SObject, alias: str) -> list[str]:
    """The conditions, none or one, under which a query may show records of the object."""
    user = acting.get()
    condition = user.sees(sobject, alias) if user is not None else ""
    return [condition] if condition else []
