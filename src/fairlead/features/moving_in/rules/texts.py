"""What the older package's long texts hold. Their form is documented nowhere: what cannot be read for certain is not guessed.

Assumed: JSON, a list of rows, each with a field, an operator by its label, and a value. Anything else is unreadable.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from fairlead.domain.criteria import MOST_CRITERIA, Criterion, Operator

ASSUMED: Final = (
    "How the older package writes its criteria and columns is not documented; compare them with what it shows."
)

_FIELD: Final = ("field", "fieldname", "fieldpath", "sffield", "column")
_OPERATOR: Final = ("operator", "op", "comparison")
_VALUE: Final = ("value", "val")
_COLUMN: Final = ("column", "columnname", "sffield", "source", "from")
_TO: Final = ("field", "cmfield", "customfield", "target", "to")
_OPERATORS: Final = {
    "equals": Operator.EQUALS,
    "equal": Operator.EQUALS,
    "=": Operator.EQUALS,
    "notequals": Operator.NOT_EQUALS,
    "notequal": Operator.NOT_EQUALS,
    "!=": Operator.NOT_EQUALS,
    "contains": Operator.CONTAINS,
    "startswith": Operator.STARTS_WITH,
    "endswith": Operator.ENDS_WITH,
    "greater": Operator.GREATER,
    "greaterthan": Operator.GREATER,
    ">": Operator.GREATER,
    "greaterorequal": Operator.GREATER_OR_EQUAL,
    ">=": Operator.GREATER_OR_EQUAL,
    "less": Operator.LESS,
    "lessthan": Operator.LESS,
    "<": Operator.LESS,
    "lessorequal": Operator.LESS_OR_EQUAL,
    "<=": Operator.LESS_OR_EQUAL,
    "isnull": Operator.IS_NULL,
}
"""By label (2.6), without case, blanks, hyphens and underscores."""


def criteria(text: str) -> tuple[Criterion, ...] | None:
    """The criteria of a rule; empty for none, None where they cannot be read for certain."""
    rows = _rows(text)
    if rows is None or len(rows) > MOST_CRITERIA:
        return None
    found = []
    for row in rows:
        field, operator = _word(row, _FIELD), _OPERATORS.get(_plain(_word(row, _OPERATOR) or ""))
        value = _word(row, _VALUE)
        if not field or operator is None or value is None or not set(row) <= {*_FIELD, *_OPERATOR, *_VALUE}:
            return None
        found.append(Criterion(field, operator.value, value))
    return tuple(found)


def columns(text: str) -> tuple[tuple[str, str], ...] | None:
    """The columns of an import, each with the field of the list it goes to; None where they cannot be read for certain."""
    rows = _rows(text)
    if rows is None:
        return None
    found = []
    for row in rows:
        column, to = _word(row, _COLUMN), _word(row, _TO)
        if not column or not to:
            return None
        found.append((column, to))
    return tuple(found)


def _rows(text: str) -> list[dict[str, Any]] | None:
    if not text.strip():
        return []
    try:
        told = json.loads(text)
    except ValueError:
        return None
    if not isinstance(told, list) or not all(isinstance(row, Mapping) for row in told):
        return None
    return [{_plain(str(name)): value for name, value in row.items()} for row in told]


def _word(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The text under one of these names; None where there is none, or something that is no plain value."""
    for name in names:
        value = row.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value).strip()
    return "" if any(name in row and row[name] is None for name in names) else None


def _plain(word: str) -> str:
    return re.sub(r"[\s_\-]+", "", word).casefold()


def path(objects: str, field: str, root: str) -> str:
    """A field path from the names of relationships and a field. Assumed: names parted by dots, commas or semicolons."""
    steps = [step for step in re.split(r"[\s.,;>/]+", objects) if step]
    if steps and same_name(steps[0], root):
        steps = steps[1:]
    return ".".join([*(_relation(step) for step in steps), field])


def same_name(one: str, other: str) -> bool:
    """Whether two API names are the same: case does not matter."""
    return one.casefold() == other.casefold()


def _relation(step: str) -> str:
    """The relationship of a lookup: `Partner__c` is walked as `Partner__r`, `AccountId` as `Account`."""
    if step.endswith("__c"):
        return f"{step[:-1]}r"
    return step.removesuffix("Id") if len(step) > len("Id") else step


HOUR: Final = re.compile(r"([01]\d|2[0-3]):00")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(text: str) -> list[int]:
    """Full hours of a multi-select picklist, as `01:00;13:00`; what is no full hour is left out."""
    found = [HOUR.fullmatch(part.strip()) for part in text.split(";")]
    return sorted({int(match[1]) for match in found if match})


def days(text: str) -> list[int]:
    """Days of the week of a multi-select picklist, as `mon;thu`: 0 is Monday."""
    return sorted({DAYS.index(day) for part in text.split(";") if (day := part.strip().casefold()) in DAYS})
