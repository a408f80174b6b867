"""The words of a rule: what it does, to whom, when, and its criteria; and the refusal of one that cannot work."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fairlead.domain.failure import FixTheSettings


class Does(StrEnum):
    """What a rule does with the people that it is true of."""

    ADD = "add"
    REMOVE = "remove"


class When(StrEnum):
    """Which changes of a record a rule looks at (2.6)."""

    CREATED = "created"
    EDITED = "edited"
    BOTH = "both"


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


OBJECTS: Final = ("Contact", "Lead")
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
    """What is wrong; `row` is the criterion's number from 1, 0 for the logic or the rule as a whole."""

    row: int
    text: str

    def __str__(self) -> str:
        return f"Row {self.row}: {self.text}" if self.row else self.text


class BadRule(FixTheSettings):
    """A rule that cannot work is not saved; all that is wrong is told at once."""

    code = "FL-396"
    next_step = "Correct this, then save the rule again."

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(f"{problem}." for problem in problems))


class NotThis(Exception):
    """What is wrong with one row or the logic; becomes a Problem."""


def kept(criterion: Criterion) -> dict[str, str]:
    """As JSON."""
    return {"field": criterion.field, "operator": criterion.operator, "value": criterion.value}
