"""Criteria and logic as the WHERE of a SOQL query, so that Salesforce itself evaluates them (formula and parent fields too)."""

from collections.abc import Sequence
from dataclasses import dataclass

from fairlead.domain import field_paths, logic
from fairlead.domain.criteria import MOST_CRITERIA, Criterion, NotThis, Problem
from fairlead.domain.criterion_values import Atom, atom
from fairlead.domain.field_paths import Objects
from fairlead.domain.logic import Node, Row


@dataclass(frozen=True, slots=True)
class Condition:
    """What criteria ask of a record. `where` is blank where every record will do, or where there are `problems`."""

    where: str
    tree: Node | None
    atoms: tuple[Atom, ...]
    problems: tuple[Problem, ...] = ()


def condition(object: str, criteria: Sequence[Criterion], logic_text: str, objects: Objects) -> Condition:
    """The condition of criteria, with all that is wrong with them; more than `MOST_CRITERIA` are for the caller to refuse."""
    problems: list[Problem] = []
    atoms: list[Atom] = []
    for number, one in enumerate(criteria[:MOST_CRITERIA], 1):
        try:
            found = field_paths.find(one.field, object, objects)
            atoms.append(atom(found.path, found.field, one.operator, one.value))
        except NotThis as wrong:
            problems.append(Problem(number, str(wrong)))
    tree = None
    try:
        tree = logic.parse(logic_text, len(criteria))
    except NotThis as wrong:
        told = str(wrong)
        problems.append(Problem(0, told[0].upper() + told[1:]))
    sound = tree is not None and not problems and len(criteria) <= MOST_CRITERIA
    where = soql(tree, atoms) if tree is not None and sound else ""
    return Condition(where, tree, tuple(atoms), tuple(problems))


def soql(tree: Node, atoms: Sequence[Atom]) -> str:
    """The condition, in brackets wherever parts are joined."""
    if isinstance(tree, Row):
        return atoms[tree.number - 1].soql
    return "(" + f" {tree.op} ".join(soql(part, atoms) for part in tree.parts) + ")"
