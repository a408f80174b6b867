"""Whether two rules of one list can both hold for a record: told before they are saved.

What is found here are contradictions that no record can escape. Where there is none, Salesforce is asked how many records
satisfy both just now.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, Final

from fairlead.domain.criteria import Operator
from fairlead.domain.criterion_values import Atom
from fairlead.domain.logic import AND, Node, Row
from fairlead.features.subscriber_rules.rules.compiling import Compiled

MOST_TERMS: Final = 256
_UNKNOWN: Final = None


def exclude_each_other(one: Compiled, other: Compiled) -> bool:
    """Whether no record can satisfy both. False where it is not sure."""
    if one.tree is None and other.tree is None:
        return False
    first, second = _terms(one), _terms(other)
    if first is None or second is None or len(first) * len(second) > MOST_TERMS:
        return False
    return all(impossible([*a, *b]) for a, b in product(first, second))


def _terms(of: Compiled) -> list[tuple[Atom, ...]] | None:
    """The ways in which it can hold, each as atoms that must all hold; None where there are too many."""
    return [()] if of.tree is None else _expanded(of.tree, of.atoms)


def _expanded(node: Node, atoms: Sequence[Atom]) -> list[tuple[Atom, ...]] | None:
    if isinstance(node, Row):
        return [(atoms[node.number - 1],)]
    terms: list[tuple[Atom, ...]] = [()] if node.op == AND else []
    for part in node.parts:
        found = _expanded(part, atoms)
        if found is None:
            return None
        terms = [a + b for a, b in product(terms, found)] if node.op == AND else terms + found
        if len(terms) > MOST_TERMS:
            return None
    return terms


def impossible(atoms: Iterable[Atom]) -> bool:
    """Whether no record can satisfy all of these."""
    by_path: dict[str, list[Atom]] = defaultdict(list)
    for one in atoms:
        by_path[one.path].append(one)
    return any(_clash(found) for found in by_path.values())


def _clash(atoms: Sequence[Atom]) -> bool:
    """Of one field."""
    nulls = {one.value for one in atoms if one.operator is Operator.IS_NULL}
    if len(nulls) > 1:
        return True
    others = [one for one in atoms if one.operator is not Operator.IS_NULL]
    if True in nulls and any(one.operator is not Operator.NOT_EQUALS for one in others):
        return True  # whatever is compared with a blank field does not hold, but for “not equals”
    known = [one for one in others if one.value is not _UNKNOWN]
    equal = [one for one in known if one.operator is Operator.EQUALS]
    if any(not _agrees(one.value, other) for one in equal for other in known):
        return True
    if known and known[0].kind == "boolean":
        return {one.value for one in known if one.operator is Operator.NOT_EQUALS} == {True, False}
    return _empty_range(known)


def _agrees(value: Any, other: Atom) -> bool:
    """Whether a field that has this value satisfies the other as well."""
    wanted: Any = other.value
    match other.operator:
        case Operator.EQUALS:
            return bool(value == wanted)
        case Operator.NOT_EQUALS:
            return bool(value != wanted)
        case Operator.STARTS_WITH:
            return bool(value.startswith(wanted))
        case Operator.ENDS_WITH:
            return bool(value.endswith(wanted))
        case Operator.CONTAINS:
            if other.kind == "multipicklist":
                return set(wanted.split(";")) <= set(value.split(";"))
            return wanted in value
        case Operator.GREATER:
            return bool(value > wanted)
        case Operator.GREATER_OR_EQUAL:
            return bool(value >= wanted)
        case Operator.LESS:
            return bool(value < wanted)
        case _:
            return bool(value <= wanted)


def _empty_range(atoms: Sequence[Atom]) -> bool:
    """Whether the lower bounds lie above the upper ones."""
    lows = [(one.value, one.operator is Operator.GREATER) for one in atoms if one.operator in _LOW]
    highs = [(one.value, one.operator is Operator.LESS) for one in atoms if one.operator in _HIGH]
    pairs: Iterable[tuple[tuple[Any, bool], tuple[Any, bool]]] = product(lows, highs)
    return any(low > high or (low == high and (open_low or open_high)) for (low, open_low), (high, open_high) in pairs)


_LOW: Final = (Operator.GREATER, Operator.GREATER_OR_EQUAL)
_HIGH: Final = (Operator.LESS, Operator.LESS_OR_EQUAL)
