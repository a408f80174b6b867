"""A parsed query as parameterised SQL, and the shape of what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from fairlead_emulators.salesforce.schema import Field, Schema, SObject
from fairlead_emulators.salesforce.soql.ast import Call, Column, FieldsOf, Order, Query
from fairlead_emulators.salesforce.soql.parser import AGGREGATES
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope, object_of
from fairlead_emulators.salesforce.soql.tokens import SoqlError
from fairlead_emulators.salesforce.soql.where import LONG, Conditions, function_of

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

    The first column of a record's row is its id (not of aggregates). `shape` is count, aggregate or records.
    """

    sql: str
    params: list[Any]
    shape: str
    sobject: SObject
    outputs: list[Output]
    children: list[Child] = field(default_factory=list)


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
        if query.counts_only:
            return self._counted(query)
        if any(call == Call("count", "") for call in calls):
            raise SoqlError("MALFORMED_QUERY", "COUNT() must be the only item of SELECT")
        if query.group_by or any(call.function in AGGREGATES for call in calls):
            return self._aggregate(query, items)
        if query.having is not None:
            raise SoqlError("MALFORMED_QUERY", "HAVING needs GROUP BY")
        return self._records(query, items, parent_key)

    def _expanded(self, query: Query) -> list[Column | Call | Query]:
        items: list[Column | Call | Query] = []
        for item in query.select:
            if isinstance(item, FieldsOf):
                if item.which != "standard" and not (query.limit is not None and query.limit <= FIELDS_LIMIT):
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
        if parent_key is not None:
            columns.append(f'{self.scope.prefix}."{parent_key.name}" AS "{PARENT}"')
        sql = f"SELECT {', '.join(columns)} FROM {self.scope.source}{where}{order}{limits}"
        return Compiled(sql, conditions.params, "records", self.scope.sobject, outputs, children)

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

    def _semi_join(self, query: Query, outer: Conditions) -> tuple[str, list[Any]]:
        if query.order_by or query.limit is not None or query.group_by or len(query.select) != 1:
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
            if found.field.type in LONG | {"multipicklist"}:
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
            outputs.append(Output((name,), found.field))
            columns.append(found.sql)
        conditions = self._conditions()
        where = self._where(query, conditions)
        for by in (key.by for key in query.order_by):
            if not _aggregates(by) and self._key(by).sql not in keys:
                raise SoqlError("MALFORMED_QUERY", f"Ordered field must be grouped or aggregated: {by.path}")
        conditions.aggregates = True
        group = f" GROUP BY {', '.join(found.sql for found in grouped)}" if grouped else ""
        having = f" HAVING {conditions.sql(query.having)}" if query.having is not None else ""
        order = self._order_by(query.order_by)
        sql = f"SELECT {', '.join(columns)} FROM {self.scope.source}{where}{group}{having}{order}{self._limits(query)}"
        return Compiled(sql, conditions.params, "aggregate", self.scope.sobject, outputs)


def _aggregates(item: Column | Call) -> bool:
    return isinstance(item, Call) and item.function in AGGREGATES


def _no_nesting(query: Query, outer: Conditions) -> tuple[str, list[Any]]:
    raise SoqlError("MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported")
