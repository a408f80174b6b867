"""The parts of clauses: fields and functions, values, conditions."""

import re
from typing import Final

from fairlead_emulators.salesforce.soql.ast import (
    Among,
    Call,
    Column,
    Comparison,
    Condition,
    Joined,
    Literal,
    Not,
    Place,
    Query,
)
from fairlead_emulators.salesforce.soql.dates import FIXED, NUMBERED
from fairlead_emulators.salesforce.soql.functions import AGGREGATES, FUNCTIONS, INSIDE
from fairlead_emulators.salesforce.soql.reader import Reader
from fairlead_emulators.salesforce.soql.tokens import SoqlError, Token, unescape, unexpected

MAX_CHILDREN: Final = 5
"""Levels of child queries, one inside another."""
MAX_LITERAL: Final = 4_000
MAX_NESTED: Final = 200
RESERVED: Final = frozenset(
    {"and", "asc", "desc", "excludes", "first", "from", "group", "having", "in", "includes", "last", "like", "limit"}
    | {"not", "null", "nulls", "or", "select", "using", "where", "with"}
)
"""Words that cannot be aliases."""
_COMPARE: Final = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}\d*", re.ASCII)


class Expressions(Reader):
    """Reads fields, functions, values and conditions."""

    _nested = 0
    _semi_join = False

    def query(self, *, depth: int) -> Query:
        """One SELECT; `depth` 0 is the outermost."""
        raise NotImplementedError

    def _operand(self, *, aliases: bool = False) -> Column | Call:
        name_token = self._next
        name = self._name()
        found: Column | Call = self._call(name, name_token.at) if self._next.text == "(" else Column(name)
        alias = self._item_alias() if aliases else ""
        if not alias:
            return found
        if isinstance(found, Column):
            return Column(found.path, alias)
        return Call(found.function, found.path, alias, found.inner, found.place)

    def _item_alias(self) -> str:
        token = self._next
        if token.kind == "name" and token.word not in RESERVED and "." not in token.text:
            return self._advance().text
        return ""

    def _call(self, name: str, at: int) -> Call:
        function = name.lower()
        if function not in FUNCTIONS:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '('\nUnknown function: {name}", at=at)
        self._need("(")
        if function == "distance":
            return self._distance()
        if function == "count" and self._take(")"):
            return Call(function)
        inner_at = self._next
        path, inner = self._name(), None
        if self._next.text == "(":
            if path.lower() not in INSIDE.get(function, ()):
                raise unexpected(inner_at.text, inner_at.at)
            inner = self._call(path, inner_at.at)
            path = inner.path
        self._need(")")
        return Call(function, path, inner=inner)

    def _distance(self) -> Call:
        path = self._name()
        self._need(",", "geolocation", "(")
        latitude = self._number()
        self._need(",")
        longitude = self._number()
        self._need(")", ",")
        unit = self._next
        if unit.kind != "string" or unescape(unit).lower() not in {"mi", "km"}:
            self._refuse()
        self._advance()
        self._need(")")
        return Call("distance", path, place=Place(latitude, longitude, unescape(unit).lower()))

    def _number(self) -> float:
        if self._next.kind != "number":
            self._refuse()
        return float(self._advance().text)

    def _condition(self) -> Condition:
        self._nested += 1
        if self._nested > MAX_NESTED:
            raise SoqlError("QUERY_TOO_COMPLICATED", "The condition is nested too deeply")
        parts = [self._unary()]
        op = self._next.word if self._next.word in {"and", "or"} else ""
        while op and self._take(op):
            parts.append(self._unary())
        if self._next.word in {"and", "or"}:
            # AND and OR side by side need brackets
            self._refuse()
        self._nested -= 1
        return parts[0] if len(parts) == 1 else Joined(op, tuple(parts))

    def _unary(self) -> Condition:
        negations = 0
        while self._take("not"):
            negations += 1
        if negations:
            part = self._unary()
            return Not(part) if negations % 2 else Not(Not(part))
        if self._take("("):
            inner = self._condition()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        token = self._next
        if token.kind == "op" and token.text in _COMPARE:
            self._advance()
            return Comparison(left, _COMPARE[token.text], self._literal())
        if self._take("like"):
            return Comparison(left, "like", self._literal(like=True))
        if self._take("not"):
            self._need("in")
            return self._among(left, "not in")
        if token.word in {"in", "includes", "excludes"}:
            self._advance()
            return self._among(left, token.word)
        raise unexpected(token.text, token.at)

    def _among(self, left: Column | Call, op: str) -> Among:
        self._need("(")
        if self._next.word == "select":
            if op in {"includes", "excludes"} or isinstance(left, Call):
                self._refuse()
            if self._semi_join:
                raise SoqlError(
                    "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported", at=self._next.at
                )
            self._semi_join = True
            inner = self.query(depth=MAX_CHILDREN)
            self._semi_join = False
            self._need(")")
            return Among(left, op, query=inner)
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._need(")")
        return Among(left, op, tuple(values))

    def _literal(self, *, like: bool = False) -> Literal:
        token = self._next
        if token.kind == "end":
            self._refuse()
        self._advance()
        if token.kind == "string":
            text = unescape(token, like=like)
            if len(text) > MAX_LITERAL:
                raise SoqlError("MALFORMED_QUERY", f"A text in WHERE is longer than {MAX_LITERAL} characters")
            return Literal("string", text)
        if token.kind in {"number", "date", "datetime"}:
            return Literal(token.kind, token.text)
        if token.word in {"true", "false"}:
            return Literal("boolean", token.word)
        if token.word == "null":
            return Literal("null", "")
        return self._date_literal(token) or self._currency(token)

    def _date_literal(self, token: Token) -> Literal | None:
        if token.word in FIXED:
            return Literal("range", token.word)
        if token.word in NUMBERED and self._take(":"):
            number = self._next
            if number.kind != "number" or not number.text.isdecimal() or len(number.text) > 5:
                self._refuse()
            self._advance()
            return Literal("range", token.word, int(number.text))
        return None

    def _currency(self, token: Token) -> Literal:
        """`USD5000`, `USD5000.01`, `USD-500`: a currency's code with the amount right behind it."""
        if token.kind != "name" or not _CURRENCY.fullmatch(token.text):
            raise unexpected(token.text, token.at)
        amount, rest = token.text[3:], self._next
        joined = rest.kind == "number" and rest.at == token.at + len(token.text)
        if joined and (not amount or rest.text.startswith(".")):
            amount += self._advance().text
        if not amount:
            raise unexpected(token.text, token.at)
        return Literal("currency", amount)


def aggregates(item: object) -> bool:
    """Whether the item is an aggregate, perhaps inside FORMAT()."""
    if not isinstance(item, Call):
        return False
    return item.function in AGGREGATES or aggregates(item.inner)
