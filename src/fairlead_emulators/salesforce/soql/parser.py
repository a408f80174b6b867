"""SOQL by recursive descent: the clauses of a query, in their order."""

from typing import Final

from fairlead_emulators.salesforce.soql.ast import Call, Column, FieldsOf, Order, Query, TypeOf
from fairlead_emulators.salesforce.soql.expressions import MAX_CHILDREN, RESERVED, Expressions
from fairlead_emulators.salesforce.soql.tokens import SoqlError, tokenize, unexpected

MAX_OFFSET: Final = 2_000
MAX_SUBTOTALS: Final = 3
_BEGINS_CLAUSE: Final = frozenset({"using", "where", "with", "group", "order", "limit", "for", "all", "update"})
_AT: Final = frozenset({"at", "above", "below", "above_or_below"})


def parse(text: str) -> Query:
    """The query. Raises SoqlError."""
    parser = _Parser(tokenize(text))
    query = parser.query(depth=0)
    parser.expect_end()
    return query


class _Parser(Expressions):
    def query(self, *, depth: int) -> Query:
        self._need("select")
        select = [self._item(depth)]
        while self._take(","):
            select.append(self._item(depth))
        self._need("from")
        source, aliases = self._from()
        scope = ""
        if self._take("using"):
            self._need("scope")
            scope = self._name().lower()
        where = self._condition() if self._take("where") else None
        categories = self._with()
        group_by, subtotals = self._group_by()
        having = self._condition() if self._take("having") else None
        order_by = self._order_by()
        limit = self._whole("limit")
        offset = self._whole("offset") or 0
        if offset > MAX_OFFSET:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
        all_rows, locks = self._tail()
        return Query(
            tuple(select), source, where, group_by, having, order_by, limit, offset, all_rows=all_rows,
            aliases=aliases, scope=scope, subtotals=subtotals, categories=categories, locks=locks,
        )  # fmt: skip

    def _from(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        source = self._name()
        aliases = []
        alias = self._source_alias()
        if alias:
            aliases.append((alias, ""))
        while self._take(","):
            path = self._name()
            aliases.append((self._source_alias() or path.rpartition(".")[2], path))
        return source, tuple(aliases)

    def _source_alias(self) -> str:
        named = self._take("as")
        token = self._next
        clause = token.word in _BEGINS_CLAUSE or (token.word == "offset" and self._peek(1).kind == "number")
        if token.kind == "name" and not clause and token.word not in RESERVED and "." not in token.text:
            return self._advance().text
        if named:
            self._refuse()
        return ""

    def _item(self, depth: int) -> Column | Call | FieldsOf | TypeOf | Query:
        if self._take("("):
            if depth >= MAX_CHILDREN:
                raise SoqlError("MALFORMED_QUERY", f"Child queries are limited to {MAX_CHILDREN} levels")
            inner = self.query(depth=depth + 1)
            self._need(")")
            return inner
        word, after = self._next.word, self._peek(1)
        if word == "typeof" and after.kind == "name" and after.word != "from":
            return self._type_of()
        if word == "fields" and after.text == "(":
            return self._fields()
        return self._operand(aliases=True)

    def _fields(self) -> FieldsOf:
        self._need("fields", "(")
        which = self._name().lower()
        if which not in {"all", "standard", "custom"}:
            raise SoqlError("MALFORMED_QUERY", f"FIELDS({which}) is not valid: use ALL, CUSTOM or STANDARD")
        self._need(")")
        return FieldsOf(which)

    def _type_of(self) -> TypeOf:
        self._need("typeof")
        relationship = self._name()
        whens = []
        while self._take("when"):
            name = self._name()
            self._need("then")
            whens.append((name, self._field_list()))
        if not whens:
            self._refuse()
        otherwise = self._field_list() if self._take("else") else ()
        self._need("end")
        return TypeOf(relationship, tuple(whens), otherwise)

    def _field_list(self) -> tuple[Column, ...]:
        found = [Column(self._name())]
        while self._take(","):
            found.append(Column(self._name()))
        return tuple(found)

    def _with(self) -> bool:
        """Whether data categories are asked for."""
        categories = False
        while self._take("with"):
            token = self._next
            if self._take("data", "category"):
                categories = True
                self._category()
                while self._take("and"):
                    self._category()
            elif token.word in {"security_enforced", "user_mode", "system_mode"}:
                self._advance()
            else:
                raise unexpected(token.text, token.at)
        return categories

    def _category(self) -> None:
        self._name()
        if self._next.word not in _AT:
            self._refuse()
        self._advance()
        if not self._take("("):
            self._name()
            return
        self._name()
        while self._take(","):
            self._name()
        self._need(")")

    def _group_by(self) -> tuple[tuple[Column | Call, ...], str]:
        if not self._take("group"):
            return (), ""
        self._need("by")
        word, subtotals = self._next.word, ""
        if word in {"rollup", "cube"} and self._peek(1).text == "(":
            self._advance()
            self._need("(")
            subtotals = word
        keys = [self._operand()]
        while self._take(","):
            keys.append(self._operand())
        if subtotals:
            self._need(")")
            if len(keys) > MAX_SUBTOTALS:
                message = f"GROUP BY {subtotals.upper()} takes at most {MAX_SUBTOTALS} fields"
                raise SoqlError("MALFORMED_QUERY", message)
        return tuple(keys), subtotals

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
        token = self._next
        if token.kind != "number" or not token.text.isdecimal():
            self._refuse()
        self._advance()
        return min(int(token.text), 2**31) if len(token.text) <= 10 else 2**31

    def _tail(self) -> tuple[bool, bool]:
        """Whether ALL ROWS stands there, and FOR UPDATE. Tracking and views change nothing in this org."""
        all_rows, locks, seen = False, False, set[str]()
        while (word := self._next.word) in {"for", "update", "all"}:
            self._advance()
            if word == "all":
                self._need("rows")
                all_rows = True
                continue
            token = self._next
            wanted = {"view", "reference", "update"} if word == "for" else {"tracking", "viewstat"}
            if token.word not in wanted or token.word in seen:
                self._refuse()
            seen.add(token.word)
            self._advance()
            locks = locks or (word, token.word) == ("for", "update")
            while word == "update" and self._take(","):
                self._need("viewstat" if "tracking" in seen else "tracking")
        return all_rows, locks
