"""A parsed query as parameterised SQL, and the shape of what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from fairlead_emulators.salesforce.model.acting import seen
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject
from fairlead_emulators.salesforce.soql import text
from fairlead_emulators.salesforce.soql.ast import (
    Among,
    Call,
    Column,
    Comparison,
    Condition,
    FieldsOf,
    Joined,
    Order,
    Query,
)
from fairlead_emulators.salesforce.soql.parser import AGGREGATES
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope, object_of
from fairlead_emulators.salesforce.soql.tokens import SoqlError
from fairlead_emulators.salesforce.soql.where import Conditions, function_of, is_long

FIELDS_LIMIT: Final = 200
MAX_CHILDREN: Final = 20
PARENT: Final = "parent id"
"""The last column of a child query."""


@dataclass(frozen=True, slots=True)
class Context:
    """When, where and of whom the query is asked."""

    now: datetime
    zone: tzinfo
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """One value of a record: its path in the answer, and the field it comes from. `parents` are the objects on the way."""

    path: tuple[str, ...]
    field: Field
    parents: tuple[SObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A query of children, run once for all parents: its last column is the parent's id."""

    name: str
    query: "Compiled"
    per_parent: int | None
    skip: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL with its parameters, and how its columns become records.

    A record's row (not an aggregate's) is its id, a value an output, then the id of each of `parents`, which are paths.
    `shape` is count, aggregate or records.
    """

    sql: str
    params: list[Any]
    shape: str
    sobject: SObject
    outputs: list[Output]
    children: list[Child] = field(default_factory=list)
    parents: list[tuple[str, ...]] = field(default_factory=list)


def compile_query(query: Query, schema: Schema, context: Context) -> Compiled:
    """Resolve and compile. Raises SoqlError."""
    return _Compiler(schema, context, Scope(schema, object_of(schema, query.source), "t", query.alias)).compile(query)


@dataclass(slots=True)
class _Compiler:
    schema: Schema
    context: Context
    scope: Scope

    def compile(self, query: Query, *, parent_key: Field | None = None) -> Compiled:
        items = self._expanded(query)
        calls = [item for item in items if isinstance(item, Call)]
        if query.having is not None and not query.group_by:
            raise SoqlError("MALFORMED_QUERY", "HAVING needs GROUP BY")
        if query.counts_only:
            return self._counted(query)
        if any(call.function == "count" and not call.path for call in calls):
            raise SoqlError("MALFORMED_QUERY", "COUNT() must be the only item of SELECT")
        if query.group_by or any(call.function in AGGREGATES for call in calls):
            return self._aggregate(query, items)
        return self._records(query, items, parent_key)

    def _expanded(self, query: Query) -> list[Column | Call | Query]:
        items: list[Column | Call | Query] = []
        for item in query.select:
            if isinstance(item, FieldsOf):
                few = (query.limit is not None and query.limit <= FIELDS_LIMIT) or _names_ids(query.where)
                if item.which != "standard" and not few:
                    raise SoqlError(
                        "MALFORMED_QUERY",
                        f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}",
                    )
                wanted = {"all": (True, False), "standard": (False,), "custom": (True,)}[item.which]
                items += [Column(f.name) for f in self.scope.sobject.fields.values() if f.custom in wanted]
            else:
                items.append(item)
        return items

    def _conditions(self) -> Conditions:
        return Conditions(self.scope, self.context.now, self.context.zone, self._semi_join)

    def _where(self, query: Query, conditions: Conditions) -> str:
        parts = [conditions.sql(query.where)] if query.where is not None else []
        if not (self.context.deleted or query.all_rows) and self.scope.sobject.field("IsDeleted") is not None:
            parts.append(f"{self.scope.prefix}.IsDeleted = 0")
        parts += seen(self.scope.sobject, self.scope.prefix)
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def _limits(self, query: Query) -> str:
        if query.limit is None and not query.offset:
            return ""
        return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"

    def _counted(self, query: Query) -> Compiled:
        if query.order_by or query.group_by:
            raise SoqlError("MALFORMED_QUERY", "COUNT() takes no ORDER BY or GROUP BY")
        conditions = self._conditions()
        where = self._where(query, conditions)
        inner = f"SELECT 1 FROM {self.scope.source}{where}{self._limits(query)}"
        return Compiled(f"SELECT COUNT(*) FROM ({inner})", conditions.params, "count", self.scope.sobject, [])

    def _records(self, query: Query, items: Sequence[Column | Call | Query], parent_key: Field | None) -> Compiled:
        outputs, columns, children = [], [f"{self.scope.prefix}.Id"], []
        seen: set[tuple[str, ...]] = set()
        for item in items:
            if isinstance(item, Query):
                children.append(self._child(item))
                continue
            if isinstance(item, Call):
                raise SoqlError("MALFORMED_QUERY", f"{item.function.upper()} needs GROUP BY")
            if item.alias:
                raise SoqlError("MALFORMED_QUERY", "only aggregate expressions use field aliasing")
            found = self.scope.resolve(item.path)
            key = tuple(name.lower() for name in found.path)
            if key in seen:
                raise SoqlError("INVALID_FIELD", f"duplicate field selected: {item.path}")
            seen.add(key)
            outputs.append(Output(found.path, found.field, found.parents))
            columns.append(found.sql)
        if len(children) > MAX_CHILDREN:
            raise SoqlError("MALFORMED_QUERY", f"at most {MAX_CHILDREN} child relationships are allowed")
        conditions = self._conditions()
        where = self._where(query, conditions)
        if any(_aggregates(key.by) for key in query.order_by):
            raise SoqlError("MALFORMED_QUERY", "ORDER BY an aggregate needs GROUP BY")
        order = self._order_by(query.order_by)
        limits = "" if parent_key else self._limits(query)
        steps = (output.path[:depth] for output in outputs for depth in range(1, len(output.path)))
        parents = list(dict.fromkeys(steps))
        columns += [self.scope.resolve(".".join((*path, "Id"))).sql for path in parents]
        if parent_key is not None:
            columns.append(f'{self.scope.prefix}."{parent_key.name}" AS "{PARENT}"')
        sql = f"SELECT {', '.join(columns)} FROM {self.scope.source}{where}{order}{limits}"
        return Compiled(sql, conditions.params, "records", self.scope.sobject, outputs, children, parents)

    def _child(self, query: Query) -> Child:
        relationship = self.scope.sobject.child(query.source)
        if relationship is None or relationship.name is None:
            raise SoqlError(
                "INVALID_TYPE", f"Didn't understand relationship '{query.source}' in FROM part of query call."
            )
        child = object_of(self.schema, relationship.child_object)
        key = child.field(relationship.field)
        assert key is not None
        compiler = _Compiler(self.schema, self.context, Scope(self.schema, child, "t", query.alias))
        compiled = compiler.compile(query, parent_key=key)
        if compiled.shape != "records":
            raise SoqlError("MALFORMED_QUERY", "Aggregates are not allowed in a child query")
        return Child(relationship.name, compiled, query.limit, query.offset)

    def _semi_join(self, query: Query, outer: Conditions, left: Resolved) -> tuple[str, list[Any]]:
        bounded = query.limit is not None or query.offset
        if query.order_by or bounded or query.group_by or query.having is not None or len(query.select) != 1:
            raise SoqlError("MALFORMED_QUERY", "A semi join sub-select has one field and no ORDER BY or LIMIT")
        item = query.select[0]
        sobject = object_of(self.schema, query.source)
        if not isinstance(item, Column):
            raise SoqlError("MALFORMED_QUERY", "A semi join sub-select has one field")
        if sobject.name == self.scope.sobject.name:
            raise SoqlError(
                "MALFORMED_QUERY", f"The inner and outer selects should not be on the same object: {query.source}"
            )
        scope = Scope(self.schema, sobject, f"s{outer.semi_joins}", query.alias)
        inner = _Compiler(self.schema, self.context, scope)
        found = scope.resolve(item.path)
        if found.field.type not in {"id", "reference"}:
            raise SoqlError("INVALID_FIELD", f"Semi join sub-selects need an id or reference field, not {item.path}")
        if not _targets(self.scope, left) & _targets(scope, found):
            raise SoqlError(
                "MALFORMED_QUERY",
                f"The selected field '{item.path}' in the subquery and the left operand field '{left.field.name}' in the "
                "where expression in the outer query should point to the same object type",
            )
        conditions = Conditions(scope, self.context.now, self.context.zone, _no_nesting)
        where = inner._where(query, conditions)  # the same class, one query further in
        clause = f"{where} AND" if where else " WHERE"
        return f"SELECT {found.sql} FROM {scope.source}{clause} {found.sql} IS NOT NULL", conditions.params

    def _order_by(self, keys: Sequence[Order]) -> str:
        if not keys:
            return ""
        parts = []
        for key in keys:
            found = self._key(key.by)
            if is_long(found.field) or found.field.type == "multipicklist":
                raise SoqlError("INVALID_FIELD", f"field '{found.field.name}' can not be sorted in a query call")
            last = key.descending if key.nulls_last is None else key.nulls_last
            parts.append(f"{found.sql} {'DESC' if key.descending else 'ASC'} NULLS {'LAST' if last else 'FIRST'}")
        return " ORDER BY " + ", ".join(parts)

    def _key(self, by: Column | Call) -> Resolved:
        return self.scope.resolve(by.path) if isinstance(by, Column) else function_of(self.scope, by)

    def _aggregate(self, query: Query, items: Sequence[Column | Call | Query]) -> Compiled:
        if query.limit is not None and not query.group_by:
            raise SoqlError("MALFORMED_QUERY", "aggregate queries need GROUP BY with LIMIT")
        if any(_aggregates(key) for key in query.group_by):
            raise SoqlError("MALFORMED_QUERY", "An aggregate cannot stand in GROUP BY")
        grouped = [self._key(key) for key in query.group_by]
        for key in grouped:
            if is_long(key.field) or key.field.type == "multipicklist":
                raise SoqlError("MALFORMED_QUERY", f"field '{key.field.name}' can not be grouped in a query call")
        keys = {found.sql for found in grouped}
        outputs: list[Output] = []
        columns: list[str] = []
        unnamed = 0
        for item in items:
            if isinstance(item, Query):
                raise SoqlError("MALFORMED_QUERY", "Child queries are not allowed with GROUP BY")
            found = self._key(item)
            free = isinstance(item, Column) or item.function not in AGGREGATES
            if free and found.sql not in keys:
                raise SoqlError("MALFORMED_QUERY", f"Field must be grouped or aggregated: {found.field.name}")
            nameless = isinstance(item, Call) and not item.alias
            name = f"expr{unnamed}" if nameless else item.alias or found.path[-1]
            unnamed += nameless
            if any(output.path[0].lower() == name.lower() for output in outputs):
                raise SoqlError("MALFORMED_QUERY", f"duplicate alias: {name}")
            outputs.append(Output((name,), found.field))
            columns.append(found.sql)
        conditions = self._conditions()
        where = self._where(query, conditions)
        for by in (key.by for key in query.order_by):
            if not _aggregates(by) and self._key(by).sql not in keys:
                raise SoqlError("MALFORMED_QUERY", f"Ordered field must be grouped or aggregated: {by.path}")
        conditions.grouped = keys
        group = f" GROUP BY {', '.join(text.folded(key.sql, key.field) for key in grouped)}" if grouped else ""
        having = f" HAVING {conditions.sql(query.having)}" if query.having is not None else ""
        order = self._order_by(query.order_by)
        sql = f"SELECT {', '.join(columns)} FROM {self.scope.source}{where}{group}{having}{order}{self._limits(query)}"
        return Compiled(sql, conditions.params, "aggregate", self.scope.sobject, outputs)


def _aggregates(item: Column | Call) -> bool:
    return isinstance(item, Call) and item.function in AGGREGATES


def _names_ids(where: Condition | None) -> bool:
    """Whether the condition lets through only rows whose ids it names, at most FIELDS_LIMIT of them."""
    if isinstance(where, Joined):
        return where.op == "and" and any(_names_ids(part) for part in where.parts)
    if isinstance(where, Comparison):
        return where.op == "=" and isinstance(where.left, Column) and where.left.path.lower() == "id"
    if isinstance(where, Among):
        return where.op == "in" and where.left.path.lower() == "id" and 0 < len(where.values) <= FIELDS_LIMIT
    return False


def _targets(scope: Scope, found: Resolved) -> set[str]:
    """The objects whose ids the field holds."""
    own = found.parents[-1] if found.parents else scope.sobject
    return {own.name} if found.field.type == "id" else set(found.field.reference_to)


def _no_nesting(query: Query, outer: Conditions, left: Resolved) -> tuple[str, list[Any]]:
    raise SoqlError("MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported")
