"""GROUP BY, with subtotals: ROLLUP leaves keys out from the right, CUBE in every combination."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.uses import groupable
from fairlead_emulators.salesforce.soql import text
from fairlead_emulators.salesforce.soql.ast import Call, Column, Order, Query
from fairlead_emulators.salesforce.soql.expressions import aggregates
from fairlead_emulators.salesforce.soql.functions import Functions
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope
from fairlead_emulators.salesforce.soql.shapes import Compiled, Output
from fairlead_emulators.salesforce.soql.tokens import SoqlError
from fairlead_emulators.salesforce.soql.where import Conditions

fact("soql_subtotals")

Key = tuple[Resolved, bool, bool | None]


@dataclass(slots=True)
class Groups:
    """Compiles a query with aggregates. `conditions` makes an empty condition for HAVING."""

    scope: Scope
    functions: Functions
    conditions: Callable[[], Conditions]

    def compile(
        self, query: Query, items: Sequence[Column | Call], where: str, params: list[Any], limits: str
    ) -> Compiled:
        """Raises SoqlError."""
        if query.limit is not None and not query.group_by:
            raise SoqlError("MALFORMED_QUERY", "aggregate queries need GROUP BY with LIMIT", word="LIMIT")
        keys = [self._key(key) for key in query.group_by]
        grouped = frozenset(key.sql for key in keys)
        outputs = self._outputs(query, items, grouped)
        if not query.subtotals:
            sql, more = self._branch(query, items, where, keys, frozenset())
            order = self._order(query.order_by, grouped)
            return Compiled(sql + order + limits, [*params, *more], "aggregate", self.scope.sobject, outputs)
        return self._subtotalled(query, items, where, params, limits, keys, outputs)

    def _key(self, by: Column | Call) -> Resolved:
        if aggregates(by):
            raise SoqlError("MALFORMED_QUERY", "An aggregate cannot stand in GROUP BY", word="GROUP")
        found = self._resolved(by, self.functions)
        if not groupable(found.field) or found.display:
            message = f"field '{found.field.name}' can not be grouped in a query call"
            raise SoqlError("MALFORMED_QUERY", message, word=by.path)
        return found

    def _resolved(self, by: Column | Call, functions: Functions) -> Resolved:
        return self.scope.resolve(by.path) if isinstance(by, Column) else functions(by)

    def _outputs(self, query: Query, items: Sequence[Column | Call], grouped: frozenset[str]) -> list[Output]:
        outputs: list[Output] = []
        unnamed = 0
        functions = self._within(query, grouped)
        for item in items:
            found = self._resolved(item, functions)
            if not aggregates(item) and not _grouping(item) and not self._is_grouped(item, found, grouped):
                message = f"Field must be grouped or aggregated: {found.field.name}"
                raise SoqlError("MALFORMED_QUERY", message, word=item.path)
            nameless = isinstance(item, Call) and not item.alias and item.function not in {"tolabel", "format"}
            name = f"expr{unnamed}" if nameless else item.alias or found.path[-1]
            unnamed += nameless
            if any(output.path[0].lower() == name.lower() for output in outputs):
                raise SoqlError("MALFORMED_QUERY", f"duplicate alias: {name}", word=name)
            outputs.append(Output((name,), found.field, display=found.display))
        return outputs

    def _is_grouped(self, item: Column | Call, found: Resolved, grouped: frozenset[str]) -> bool:
        """A key; or a part of a date that is one."""
        if found.sql in grouped:
            return True
        return isinstance(item, Call) and bool(item.path) and self.scope.resolve(item.path).sql in grouped

    def _within(self, query: Query, grouped: frozenset[str], left_out: frozenset[str] = frozenset()) -> Functions:
        return replace(self.functions, grouped=grouped if query.subtotals else None, subtotalled=left_out)

    def _branch(
        self, query: Query, items: Sequence[Column | Call], where: str, keys: Sequence[Resolved],
        left_out: frozenset[str], order: Sequence[str] = (),
    ) -> tuple[str, list[Any]]:  # fmt: skip
        """The groups of one set of keys, without those left out; the parameters of HAVING."""
        grouped = frozenset(key.sql for key in keys)
        functions = self._within(query, grouped, left_out)
        columns = [self._column(item, functions) for item in items]
        present = [key for key in keys if key.sql not in left_out]
        group = f" GROUP BY {', '.join(text.folded(key.sql, key.field) for key in present)}" if present else ""
        if keys and not present:
            group = " GROUP BY 1 = 1"  # of no rows there is no total
        having, params = "", list[Any]()
        if query.having is not None:
            conditions = self.conditions()
            conditions.grouped, conditions.functions = grouped, functions
            having = f" HAVING {conditions.sql(query.having)}"
            params = conditions.params
        return f"SELECT {', '.join([*columns, *order])} FROM {self.scope.source}{where}{group}{having}", params

    def _column(self, item: Column | Call, functions: Functions) -> str:
        found = self._resolved(item, functions)
        return "NULL" if found.sql in functions.subtotalled and not aggregates(item) else found.sql

    def _order(self, keys: Sequence[Order], grouped: frozenset[str]) -> str:
        return _order_clause([self._order_key(key, grouped, self.functions) for key in keys])

    def _order_key(self, key: Order, grouped: frozenset[str], functions: Functions) -> Key:
        found = self._resolved(key.by, functions)
        if not aggregates(key.by) and not _grouping(key.by) and not self._is_grouped(key.by, found, grouped):
            message = f"Ordered field must be grouped or aggregated: {key.by.path}"
            raise SoqlError("MALFORMED_QUERY", message, word=key.by.path)
        return found, key.descending, key.nulls_last

    def _subtotalled(
        self, query: Query, items: Sequence[Column | Call], where: str, params: list[Any], limits: str,
        keys: Sequence[Resolved], outputs: list[Output],
    ) -> Compiled:  # fmt: skip
        grouped = frozenset(key.sql for key in keys)
        branches, given = [], list[Any]()
        for left_out in _sets(query.subtotals, [key.sql for key in keys]):
            functions = self._within(query, grouped, left_out)
            found = [self._order_key(key, grouped, functions) for key in query.order_by]
            order = [
                "NULL" if key.sql in left_out and not aggregates(each.by) else key.sql
                for (key, _, _), each in zip(found, query.order_by, strict=True)
            ]
            for key in keys:
                order += [str(int(key.sql in left_out)), "NULL" if key.sql in left_out else key.sql]
            sql, more = self._branch(query, items, where, keys, left_out, order)
            branches.append(sql)
            given += [*params, *more]
        first = len(items) + 1
        parts = [
            f"{first + place} {_direction(descending=key.descending, nulls_last=key.nulls_last)}"
            for place, key in enumerate(query.order_by)
        ]
        last = first + len(query.order_by)
        parts += [f"{place} ASC NULLS FIRST" for place in range(last, last + 2 * len(keys))]
        sql = " UNION ALL ".join(branches) + f" ORDER BY {', '.join(parts)}{limits}"
        return Compiled(sql, given, "aggregate", self.scope.sobject, outputs)


def _grouping(item: Column | Call) -> bool:
    return isinstance(item, Call) and item.function == "grouping"


def _sets(subtotals: str, keys: Sequence[str]) -> list[frozenset[str]]:
    """The keys left out of each kind of row: none, then more and more."""
    if subtotals == "rollup":
        return [frozenset(keys[place:]) for place in range(len(keys), -1, -1)]
    return [frozenset(some) for count in range(len(keys) + 1) for some in combinations(keys, count)]


def _order_clause(keys: Sequence[Key]) -> str:
    parts = [
        f"{found.sql} {_direction(descending=descending, nulls_last=nulls_last)}"
        for found, descending, nulls_last in keys
    ]
    return f" ORDER BY {', '.join(parts)}" if parts else ""


def _direction(*, descending: bool, nulls_last: bool | None) -> str:
    last = descending if nulls_last is None else nulls_last
    return f"{'DESC' if descending else 'ASC'} NULLS {'LAST' if last else 'FIRST'}"
