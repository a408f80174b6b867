"""Criteria as people write them: a field, an operator, a value; and conditions in SOQL made of them. Shared by rooms.

The values a person types end up inside one literal each (`domain.criterion_values`), names are those of the org
(`domain.field_paths`): nothing typed reaches a query as it is.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Operator(StrEnum):
    """How a field is compared (2.6)."""

    EQUALS = "equals"
    NOT_EQUALS = "not equals"
    CONTAINS = "contains"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater or equal"
    LESS = "less"
    LESS_OR_EQUAL = "less or equal"
    IS_NULL = "is null"


MOST_CRITERIA: Final = 30
LONGEST_VALUE: Final = 255


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row: a field path (`Email`, `Account.Industry`), an operator, a value as a person types it.

    For `is null` the value is yes (or blank) or no.
    """

    field: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong; `row` is the criterion's number from 1, 0 for the logic or the whole."""

    row: int
    text: str

    def __str__(self) -> str:
        return f"Row {self.row}: {self.text}" if self.row else self.text


class NotThis(Exception):
    """What is wrong with one row or the logic; becomes a Problem."""


def kept(criterion: Criterion) -> dict[str, str]:
    """As JSON."""
    return {"field": criterion.field, "operator": criterion.operator, "value": criterion.value}


def both(*conditions: str) -> str:
    """Conditions in SOQL that must all hold; blank ones always do."""
    found = [f"({one})" for one in conditions if one]
    return " AND ".join(found)
