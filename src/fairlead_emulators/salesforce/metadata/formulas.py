"""Formula fields as SQL expressions over the record's own row, so that they can be read, filtered and sorted by.

The grammar is parsed by sqlglot; what this org does not evaluate is refused when it is deployed, by its name.
"""

from collections.abc import Callable
from typing import Any, Final

from fairlead_emulators.salesforce.metadata.formula_text import plain
from fairlead_emulators.salesforce.model.schema import Field, SObject

_NUMBERS: Final = {"int", "double", "currency", "percent"}
_KEPT: Final = (
    "Add", "Sub", "Mul", "Div", "Neg", "Paren", "And", "Or", "Not", "EQ", "NEQ", "GT", "GTE", "LT", "LTE", "Literal",
    "Boolean", "Null", "Abs", "Round", "Lower", "Upper", "Length", "Trim", "Greatest", "Least", "Coalesce",
)  # fmt: skip


class BadFormula(ValueError):
    """A formula that this org cannot evaluate; the text is its problem."""


def to_sql(formula: str, kind: str, sobject: SObject, *, blank_as_zero: bool) -> str:
    """The SQLite expression of a formula whose result is of describe type `kind`. Raises BadFormula.

    Percent fields show hundredfold what their formula gives.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import ParseError, TokenError

    try:
        tree = parse_one(plain(formula))
    except (ParseError, TokenError):
        raise BadFormula(f"Syntax error in the formula: {formula[:200]}") from None

    def rewritten(node: Any) -> Any:
        rule = _RULES.get(type(node).__name__.lower())
        if rule:
            return rule(exp, node.copy(), sobject, blank_as_zero)
        if isinstance(node, exp.If | exp.Case) or type(node).__name__ in _KEPT:
            return node
        raise BadFormula(f"This org does not evaluate {node.key.upper()} in formulas: {formula[:200]}")

    # From the leaves upwards, so that what a rule wraps has been rewritten before.
    for node in reversed(list(tree.walk())):
        new = rewritten(node)
        if node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    text: str = tree.sql(dialect="sqlite")
    return f"100.0 * ({text})" if kind == "percent" else text


def _column(exp: Any, node: Any, sobject: SObject, blank_as_zero: bool) -> Any:
    if node.table:
        raise BadFormula(f"This org evaluates only fields of the record itself, not {node.sql()}")
    found: Field | None = sobject.field(node.name)
    if found is None:
        raise BadFormula(f"Field {node.name} does not exist. Check spelling.")
    column = exp.column(found.name, quoted=True)
    if found.type == "percent":
        column = exp.Paren(this=exp.Div(this=column, expression=exp.Literal.number("100.0")))
    if found.type in _NUMBERS and blank_as_zero:
        return exp.func("COALESCE", column, exp.Literal.number(0))
    return column


def _joined(exp: Any, node: Any, sobject: SObject, blank_as_zero: bool) -> Any:
    return exp.DPipe(this=node.this, expression=node.expression)


def _function(exp: Any, node: Any, sobject: SObject, blank_as_zero: bool) -> Any:
    name = node.name.upper()
    if name == "ISBLANK":
        empty = exp.func("COALESCE", node.expressions[0], exp.Literal.string(""))
        return exp.EQ(this=empty, expression=exp.Literal.string(""))
    if name == "BLANKVALUE":
        return exp.func("COALESCE", *node.expressions)
    if name == "ISPICKVAL":
        return exp.EQ(this=node.expressions[0], expression=node.expressions[1])
    if name in ("ALL_OF", "ANY_OF") and node.expressions:
        join = exp.and_ if name == "ALL_OF" else exp.or_
        return exp.Paren(this=join(*node.expressions, copy=False))
    if name == "TEXT":
        return exp.cast(node.expressions[0], "TEXT")
    raise BadFormula(f"This org does not evaluate {name} in formulas")


def _same(exp: Any, node: Any, sobject: SObject, blank_as_zero: bool) -> Any:
    return node


_RULES: Final[dict[str, Callable[..., Any]]] = {
    "column": _column,
    "bitwiseand": _joined,
    "anonymous": _function,
    "identifier": _same,
    "dpipe": _same,
    "cast": _same,
    "datatype": _same,
}
