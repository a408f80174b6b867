"""SOQL by recursive descent. What is valid but not served (`TYPEOF`, data categories, roll-ups) is refused by name."""

from typing import Final

from fairlead_emulators.salesforce.soql.ast import (
    Among,
    Call,
    Column,
    Comparison,
    Condition,
    FieldsOf,
    Joined,
    Literal,
    Not,
    Order,
    Query,
)
from fairlead_emulators.salesforce.soql.dates import FIXED, NUMBERED
from fairlead_emulators.salesforce.soql.tokens import SoqlError, Token, tokenize, unescape, unexpected

AGGREGATES: Final = frozenset({"count", "count_distinct", "sum", "avg", "min", "max"})
DATE_PARTS: Final = frozenset({"calendar_year", "calendar_quarter", "calendar_month", "day_in_month", "day_only"})
FUNCTIONS: Final = AGGREGATES | DATE_PARTS
_CLAUSES: Final = frozenset(
    {"where", "with", "group", "having", "order", "limit", "offset", "for", "all", "using", "update"}
)
MAX_CHILDREN: Final = 5
"""Levels of child queries, one inside another."""
MAX_OFFSET: Final = 2_000
MAX_LITERAL: Final = 4_000
_COMPARE: Final = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def parse(text: str) -> Query:
    """The query. Raises SoqlError."""
    parser = _Parser(tokenize(text))
    query = parser.query(depth=0)
    parser.expect_end()
    return query


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nested = 0
        self._semi_join = False

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _take(self, *words: str) -> bool:
        """Consume these words or signs if they come next, all of them."""
        for offset, word in enumerate(words):
            token = self._tokens[min(self._at + offset, len(self._tokens) - 1)]
            if (token.word or token.text) != word:
                return False
        self._at += len(words)
        return True

    def _need(self, *words: str) -> None:
        for word in words:
            if not self._take(word):
                raise unexpected(self._next.text, self._next.at)

    def _name(self) -> str:
        if self._next.kind != "name":
            raise unexpected(self._next.text, self._next.at)
        return self._advance().text

    def expect_end(self) -> None:
        """Refuse what is left over."""
        if self._next.kind != "end":
            raise unexpected(self._next.text, self._next.at)

    def query(self, *, depth: int) -> Query:
        """One SELECT; `depth` 0 is the outermost."""
        self._need("select")
        select = [self._item(depth)]
        while self._take(","):
            select.append(self._item(depth))
        self._need("from")
        source = self._name()
        alias = self._alias()
        if self._take("using"):
            self._need("scope")
            self._name()
        where = self._condition() if self._take("where") else None
        self._with()
        group_by = self._group_by()
        having = self._condition() if self._take("having") else None
        order_by = self._order_by()
        limit = self._whole("limit")
        offset = self._whole("offset") or 0
        if offset > MAX_OFFSET:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
        all_rows = self._tail()
        return Query(
            tuple(select), source, where, group_by, having, order_by, limit, offset, all_rows=all_rows, alias=alias
        )

    def _alias(self) -> str:
        self._take("as")
        if self._next.kind == "name" and self._next.word not in _CLAUSES and "." not in self._next.text:
            return self._advance().text
        return ""

    def _item(self, depth: int) -> Column | Call | FieldsOf | Query:
        if self._take("("):
            if depth >= MAX_CHILDREN:
                raise SoqlError("MALFORMED_QUERY", f"Child queries are limited to {MAX_CHILDREN} levels")
            inner = self.query(depth=depth + 1)
            self._need(")")
            return inner
        token = self._next
        if token.word == "typeof":
            raise SoqlError("MALFORMED_QUERY", "TYPEOF is not served by this org")
        if token.word == "fields" and self._tokens[self._at + 1].text == "(":
            return self._fields()
        return self._operand(aliases=True)

    def _fields(self) -> FieldsOf:
        self._need("fields", "(")
        which = self._name().lower()
        if which not in {"all", "standard", "custom"}:
            raise SoqlError("MALFORMED_QUERY", f"FIELDS({which}) is not valid: use ALL, CUSTOM or STANDARD")
        self._need(")")
        return FieldsOf(which)

    def _operand(self, *, aliases: bool = False) -> Column | Call:
        name = self._name()
        if self._next.text == "(":
            return self._call(name, aliases=aliases)
        alias = ""
        if aliases and self._next.kind == "name" and self._next.word != "from":
            alias = self._advance().text
        return Column(name, alias)

    def _call(self, name: str, *, aliases: bool) -> Call:
        function = name.lower()
        if function not in FUNCTIONS:
            raise SoqlError("MALFORMED_QUERY", f"Invalid function or not served by this org: {name}")
        self._need("(")
        path = "" if self._next.text == ")" else self._name()
        if not path and function != "count":
            raise unexpected(")", self._next.at)
        self._need(")")
        alias = ""
        if aliases and self._next.kind == "name" and self._next.word != "from":
            alias = self._advance().text
        return Call(function, path, alias)

    def _condition(self) -> Condition:
        self._nested += 1
        if self._nested > 200:
            raise SoqlError("QUERY_TOO_COMPLICATED", "The condition is nested too deeply")
        parts = [self._unary()]
        op = self._next.word if self._next.word in {"and", "or"} else ""
        while op and self._take(op):
            parts.append(self._unary())
        if self._next.word in {"and", "or"}:
            # AND and OR side by side need brackets
            raise unexpected(self._next.text, self._next.at)
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
        token = self._advance()
        if token.kind == "op" and token.text in _COMPARE:
            return Comparison(left, _COMPARE[token.text], self._literal())
        if token.word == "like":
            return Comparison(left, "like", self._literal(like=True))
        if token.word == "not":
            self._need("in")
            return self._among(left, "not in")
        if token.word in {"in", "includes", "excludes"}:
            return self._among(left, token.word)
        raise unexpected(token.text, token.at)

    def _among(self, left: Column | Call, op: str) -> Among:
        if not isinstance(left, Column):
            raise SoqlError("MALFORMED_QUERY", f"A function cannot stand before {op.upper()}")
        self._need("(")
        if self._next.word == "select":
            if op in {"includes", "excludes"}:
                raise unexpected(self._next.text, self._next.at)
            if self._semi_join:
                raise SoqlError("MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported")
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
        token = self._advance()
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
        if token.word in FIXED:
            return Literal("range", token.word)
        if token.word in NUMBERED and self._take(":"):
            number = self._advance()
            if number.kind != "number" or not number.text.isdecimal() or len(number.text) > 5:
                raise unexpected(number.text, number.at)
            return Literal("range", token.word, int(number.text))
        raise unexpected(token.text, token.at)

    def _with(self) -> None:
        if self._take("with"):
            word = self._name().lower()
            if word not in {"security_enforced", "user_mode", "system_mode"}:
                raise SoqlError("MALFORMED_QUERY", f"WITH {word} is not served by this org")

    def _group_by(self) -> tuple[Column | Call, ...]:
        if not self._take("group"):
            return ()
        self._need("by")
        if self._next.word in {"rollup", "cube"}:
            raise SoqlError("MALFORMED_QUERY", f"GROUP BY {self._next.text} is not served by this org")
        keys = [self._operand()]
        while self._take(","):
            keys.append(self._operand())
        return tuple(keys)

    def _order_by(self) -> tuple[Order, ...]:
        if not self._take("order"):
            return ()
        self._need("by")
        keys = [self._order()]
        while self._take(","):
            keys.append(self._order())
        return tuple(keys)

    def _order(self) -> Order:
        by = self._operand()
        descending = self._take("desc")
        if not descending:
            self._take("asc")
        nulls_last: bool | None = None
        if self._take("nulls"):
            nulls_last = self._take("last")
            if not nulls_last:
                self._need("first")
        return Order(by, descending, nulls_last)

    def _whole(self, word: str) -> int | None:
        if not self._take(word):
            return None
        token = self._advance()
        if token.kind != "number" or not token.text.isdecimal():
            raise unexpected(token.text, token.at)
        return min(int(token.text), 2**31) if len(token.text) <= 10 else 2**31

    def _tail(self) -> bool:
        all_rows = self._take("all", "rows")
        while self._take("for"):
            token = self._advance()
            if token.word not in {"view", "reference", "update"}:
                raise unexpected(token.text, token.at)
        if self._take("update"):
            token = self._advance()
            if token.word not in {"tracking", "viewstat"}:
                raise unexpected(token.text, token.at)
        return all_rows
