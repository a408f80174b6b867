"""Criteria and logic as the WHERE of a SOQL query, so that Salesforce itself evaluates them (formula and parent fields too)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.features.subscriber_rules.rules import fields, logic
from fairlead.features.subscriber_rules.rules.fields import Objects
from fairlead.features.subscriber_rules.rules.logic import Node, Row
from fairlead.features.subscriber_rules.rules.values import Atom, atom
from fairlead.features.subscriber_rules.rules.words import (
    MOST_CRITERIA,
    OBJECTS,
    BadRule,
    Criterion,
    NotThis,
    Problem,
)

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
    atoms: list[Atom] = []
    for number, one in enumerate(criteria[:MOST_CRITERIA], 1):
        try:
            found = fields.find(one.field, object, objects)
            atoms.append(atom(found.path, found.field, one.operator, one.value))
        except NotThis as wrong:
            problems.append(Problem(number, str(wrong)))
    tree = None
    try:
        tree = logic.parse(logic_text, len(criteria))
    except NotThis as wrong:
        told = str(wrong)
        problems.append(Problem(0, told[0].upper() + told[1:]))
    if problems:
        raise BadRule(problems)
    where = "" if tree is None else soql(tree, atoms)
    if len(where) > LONGEST_WHERE:
        raise BadRule([Problem(0, f"The criteria are too long: as a query they have {len(where):,} characters")])
    return Compiled(where, tree, tuple(atoms))


def soql(tree: Node, atoms: Sequence[Atom]) -> str:
    """The condition, in brackets wherever parts are joined."""
    if isinstance(tree, Row):
        return atoms[tree.number - 1].soql
    return "(" + f" {tree.op} ".join(soql(part, atoms) for part in tree.parts) + ")"


def both(*conditions: str) -> str:
    """Conditions that must all hold; blank ones always do."""
    found = [f"({one})" for one in conditions if one]
    return " AND ".join(found)
