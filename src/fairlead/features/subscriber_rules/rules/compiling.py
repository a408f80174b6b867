"""A rule's criteria and logic, compiled or refused with all that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.domain import conditions
from fairlead.domain.criteria import MOST_CRITERIA, Criterion, Problem
from fairlead.domain.criterion_values import Atom
from fairlead.domain.field_paths import Objects
from fairlead.domain.logic import Node
from fairlead.features.subscriber_rules.rules.words import OBJECTS, BadRule

LONGEST_WHERE: Final = 4_000
"""Characters; a query with it must still fit an address, with ids of records beside it."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a rule asks of a record. `where` is blank where every record will do."""

    where: str
    tree: Node | None
    atoms: tuple[Atom, ...]

    def names(self, field: str) -> bool:
        """Whether a criterion compares this field of the record itself."""
        return any(one.path == field for one in self.atoms)


def compiled(object: str, criteria: Sequence[Criterion], logic_text: str, objects: Objects) -> Compiled:
    """Raises BadRule with all that is wrong."""
    if object not in OBJECTS:
        raise BadRule([Problem(0, f"A rule looks at {' or '.join(OBJECTS)} records")])
    problems: list[Problem] = []
    if len(criteria) > MOST_CRITERIA:
        problems.append(Problem(0, f"A rule has at most {MOST_CRITERIA} criteria"))
    made = conditions.condition(object, criteria, logic_text, objects)
    problems += made.problems
    if problems:
        raise BadRule(problems)
    if len(made.where) > LONGEST_WHERE:
        raise BadRule([Problem(0, f"The criteria are too long: as a query they have {len(made.where):,} characters")])
    return Compiled(made.where, made.tree, made.atoms)
