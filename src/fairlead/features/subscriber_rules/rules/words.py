"""The words of a rule: what it does, to whom, and when; and the refusal of one that cannot work."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from fairlead.domain.criteria import Problem
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


OBJECTS: Final = ("Contact", "Lead")


class BadRule(FixTheSettings):
    """A rule that cannot work is not saved; all that is wrong is told at once."""

    code = "FL-396"
    next_step = "Correct this, then save the rule again."

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(f"{problem}." for problem in problems))
