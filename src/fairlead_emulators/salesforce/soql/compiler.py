"""A parsed query as parameterised SQL, and the shape of what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import seen
from fairlead_emulators.salesforce.model.schema import Field, Schema
from fairlead_emulators.salesforce.model.uses import sortable
from fairlead_emulators.salesforce.soql.ast import (
    Among,
    Call,
    Column,
    Comparison,
    Condition,
    FieldsOf,
    Joined,
    Query,
    TypeOf,
)
from fairlead_emulators.salesforce.soql.expressions import aggregates
from fairlead_emulators.salesforce.soql.functions import DATE_PARTS, IDS, Functions
from fairlead_emulators.salesforce.soql.groups import Groups
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope, object_of
from fairlead_emulators.salesforce.soql.shapes import PARENT, Child, Compiled, Context, Output
from fairlead_emulators.salesforce.soql.switches import switch
from fairlead_emulators.salesforce.soql.tokens import SoqlError
from fairlead_emulators.salesforce.soql.where import Conditions

FIELDS_LIMIT: Final = 200
MAX_CHILDREN: Final = 20

fact("soql_beyond")
fact("soql_all_rows")
fact("soql_locks")

Item = Column | Call | TypeOf | Query


def compile_query(query: Query, schema: Schema, context: Context) -> Compiled:
    """Resolve and compile. Raises SoqlError."""
    scope = Scope(schema, object_of(schema, query.source), "t", query.aliases)
    return Compiler(schema, context, scope).compile(query)


@dataclass(slots=True)
class Compiler:
    """Compiles one SELECT; those inside it have compilers of their own."""

    schema: Schema
    context: Context
    scope: Scope

    def compile(self, query: Query, *, parent_key: Field | None = None) -> Compiled:
        """The query, perhaps one of children by that key. Raises SoqlError."""
        self._check(query)
        items = self._expanded(query)
        calls = [item for item in items if isinstance(item, Call)]
        if query.having is not None and not query.group_by:
            raise SoqlError("MALFORMED_QUERY", "HAVING needs GROUP BY", word="HAVING")
        if query.counts_only:
            return self._counted(query)
        if any(call.function == "count" and not call.path for call in calls):
            raise SoqlError("MALFORMED_QUERY", "COUNT() must be the only item of SELECT", word="COUNT")
        if query.group_by or any(aggregates(call) for call in calls):
            return self._grouped(query, items)
        return self._records(query, items, parent_key)

    def _check(self, query: Query) -> None:
        if query.all_rows:
            raise SoqlError("MALFORMED_QUERY", "ALL ROWS not allowed in this context", word="ALL")
        if query.locks and query.order_by:
            raise SoqlError("MALFORMED_QUERY", "ORDER BY not allowed with FOR UPDATE", word="ORDER")
        beyond = any(isinstance(item, TypeOf) for item in query.select) or query.categories
        if beyond and not self.context.everything:
            name = "WITH DATA CATEGORY" if query.categories else "TYPEOF"
            raise SoqlError("MALFORMED_QUERY", f"{name} is not served by this org", word=name.rsplit(maxsplit=1)[-1])

    def _expanded(self, query: Query) -> list[Item]:
        items: list[Item] = []
        for item in query.select:
            if isinstance(item, FieldsOf):
                few = (query.limit is not None and query.limit <= FIELDS_LIMIT) or _names_ids(query.where)
                if item.which != "standard" and not few:
                    raise SoqlError(
                        "MALFORMED_QUERY",
                        f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}",
                        word="FIELDS",
                    )
                if query.group_by or query.subtotals:
                    raise SoqlError("MALFORMED_QUERY", "FIELDS() is not allowed with GROUP BY", word="FIELDS")
                wanted = {"all": (True, False), "standard": (False,), "custom": (True,)}[item.which]
                items += [Column(f.name) for f in self.scope.sobject.fields.values() if f.custom in wanted]
            else:
                items.append(item)
        return items

    def conditions(self) -> Conditions:
        """An empty WHERE of this query."""
        return Conditions(self.scope, self.context.now, self.context.zone, self._semi_join, self._functions())

    def _functions(self) -> Functions:
        return Functions(self.scope, self.context.zone, self.context.everything)

    def where(self, query: Query, conditions: Conditions) -> str:
        """The WHERE clause, perhaps empty."""
        prefix, sobject = self.scope.prefix, self.scope.sobject
        parts = [conditions.sql(query.where)] if query.where is not None else []
        if query.scope == "mine" and sobject.field("OwnerId") is not None:
            parts.append(f"{prefix}.OwnerId = ?")
            conditions.params.append(self.context.user)
        if query.categories:
            parts.append("0")  # nothing in this org has a category
        if not self.context.deleted and sobject.field("IsDeleted") is not None:
            parts.append(f"{prefix}.IsDeleted = 0")
        parts += seen(sobject, prefix)
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def limits(self, query: Query) -> str:
        """LIMIT and OFFSET, perhaps empty."""
        if query.limit is None and not query.offset:
            return ""
        return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"

    def _counted(self, query: Query) -> Compiled:
        if query.order_by or query.group_by:
            raise SoqlError("MALFORMED_QUERY", "COUNT() takes no ORDER BY or GROUP BY", word="COUNT")
        conditions = self.conditions()
        where = self.where(query, conditions)
        if query.limit is None and not query.offset:
            sql = f"SELECT COUNT(*) FROM {self.scope.source}{where}"
        else:
            sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {self.scope.source}{where}{self.limits(query)})"
        return Compiled(sql, conditions.params, "count", self.scope.sobject, [])

    def _grouped(self, query: Query, items: Sequence[Item]) -> Compiled:
        if any(isinstance(item, Query) for item in items):
            raise SoqlError("MALFORMED_QUERY", "Child queries are not allowed with GROUP BY")
        if any(isinstance(item, TypeOf) for item in items):
            raise SoqlError("MALFORMED_QUERY", "TYPEOF is not allowed with GROUP BY", word="TYPEOF")
        shown = [item for item in items if isinstance(item, Column | Call)]
        conditions = self.conditions()
        where = self.where(query, conditions)
        groups = Groups(self.scope, self._functions(), self.conditions)
        return groups.compile(query, shown, where, conditions.params, self.limits(query))

    def _records(self, query: Query, items: Sequence[Item], parent_key: Field | None) -> Compiled:
        outputs: list[Output] = []
        columns, children, further = [f"{self.scope.prefix}.Id"], list[Child](), list[str]()
        for item in items:
            if isinstance(item, Query):
                children.append(self._child(item))
            elif isinstance(item, TypeOf):
                output, sql = switch(self.scope, item, further)
                _add(outputs, output, item.relationship)
                columns.append(sql)
            else:
                found = self._item(item)
                path = (item.alias,) if item.alias else found.path
                _add(outputs, Output(path, found.field, () if item.alias else found.parents, found.display), item.path)
                columns.append(found.sql)
        if len(children) > MAX_CHILDREN:
            raise SoqlError("MALFORMED_QUERY", f"at most {MAX_CHILDREN} child relationships are allowed")
        conditions = self.conditions()
        where = self.where(query, conditions)
        order = self._order_by(query)
        limits = "" if parent_key else self.limits(query)
        steps = (output.path[:depth] for output in outputs for depth in range(1, len(output.path)))
        parents = list(dict.fromkeys(steps))
        columns += [self.scope.resolve(".".join((*path, "Id"))).sql for path in parents]
        columns += further
        if parent_key is not None:
            columns.append(f'{self.scope.prefix}."{parent_key.name}" AS "{PARENT}"')
        prefix, source = self.scope.prefix, self.scope.source
        picked = f"SELECT {', '.join(columns)} FROM {source}"
        return Compiled(
            f"{picked}{where}{order}{limits}", conditions.params, "records", self.scope.sobject, outputs, children, parents,
            ids=f"SELECT {prefix}.Id FROM {source}{where}{order}{limits}",
            some=f"{picked} WHERE {prefix}.Id IN (SELECT value FROM json_each(?))",
            kinds={o.key_prefix: o.name for o in self.schema.objects.values()},
        )  # fmt: skip

    def _item(self, item: Column | Call) -> Resolved:
        if isinstance(item, Column):
            if item.alias:
                raise SoqlError("MALFORMED_QUERY", "only aggregate expressions use field aliasing", word=item.alias)
            return self.scope.resolve(item.path)
        if item.function in DATE_PARTS | {"grouping"}:
            raise SoqlError("MALFORMED_QUERY", f"{item.function.upper()} needs GROUP BY", word=item.function)
        return self._functions()(item)

    def _child(self, query: Query) -> Child:
        name = self.scope.parts(query.source)[-1]
        relationship = self.scope.sobject.child(name)
        if relationship is None or relationship.name is None:
            message = (
                f"Didn't understand relationship '{query.source}' in FROM part of query call. If you are attempting to use a "
                "custom relationship, be sure to append the '__r' after the custom relationship name."
            )
            raise SoqlError("INVALID_TYPE", message, word=query.source)
        if query.scope:
            raise SoqlError("MALFORMED_QUERY", "USING SCOPE is not allowed in a child query", word="SCOPE")
        child = object_of(self.schema, relationship.child_object)
        key = child.field(relationship.field)
        assert key is not None
        compiler = Compiler(self.schema, self.context, Scope(self.schema, child, "t", query.aliases))
        compiled = compiler.compile(query, parent_key=key)
        if compiled.shape != "records":
            raise SoqlError("MALFORMED_QUERY", "Aggregates are not allowed in a child query")
        return Child(relationship.name, compiled, query.limit, query.offset)

    def _semi_join(self, query: Query, outer: Conditions, left: Resolved) -> tuple[str, list[Any]]:
        bounded = query.limit is not None or query.offset
        if query.order_by or bounded or query.group_by or query.having is not None or len(query.select) != 1:
            raise SoqlError("MALFORMED_QUERY", "A semi join sub-select has one field and no ORDER BY or LIMIT")
        item, sobject = query.select[0], object_of(self.schema, query.source)
        if not isinstance(item, Column) or item.alias:
            raise SoqlError("MALFORMED_QUERY", "A semi join sub-select has one field")
        if sobject.name == self.scope.sobject.name:
            message = f"The inner and outer selects should not be on the same object: {query.source}"
            raise SoqlError("MALFORMED_QUERY", message, word=query.source)
        scope = Scope(self.schema, sobject, f"s{outer.semi_joins}", query.aliases)
        inner = Compiler(self.schema, self.context, scope)
        found = scope.resolve(item.path)
        if found.field.type not in IDS:
            message = f"Semi join sub-selects need an id or reference field, not {item.path}"
            raise SoqlError("INVALID_FIELD", message, word=item.path)
        if found.parents:
            message = f"The selected field of a semi join must be a field of the object itself: {item.path}"
            raise SoqlError("MALFORMED_QUERY", message, word=item.path)
        if not _targets(self.scope, left) & _targets(scope, found):
            message = (
                f"The selected field '{item.path}' in the subquery and the left operand field '{left.field.name}' in the "
                "where expression in the outer query should point to the same object type"
            )
            raise SoqlError("MALFORMED_QUERY", message, word=item.path)
        conditions = inner.conditions()
        where = inner.where(query, conditions)
        clause = f"{where} AND" if where else " WHERE"
        return f"SELECT {found.sql} FROM {scope.source}{clause} {found.sql} IS NOT NULL", conditions.params

    def _order_by(self, query: Query) -> str:
        parts = []
        for key in query.order_by:
            if aggregates(key.by):
                raise SoqlError("MALFORMED_QUERY", "ORDER BY an aggregate needs GROUP BY", word=key.by.path)
            if isinstance(key.by, Call) and key.by.function in {"tolabel", "format", "convertcurrency"}:
                message = f"{key.by.function.upper()} is not allowed in ORDER BY"
                raise SoqlError("MALFORMED_QUERY", message, word=key.by.function)
            found = self.scope.resolve(key.by.path) if isinstance(key.by, Column) else self._functions()(key.by)
            parts.append(ordered(found, descending=key.descending, nulls_last=key.nulls_last))
        return f" ORDER BY {', '.join(parts)}" if parts else ""


def ordered(found: Resolved, *, descending: bool, nulls_last: bool | None) -> str:
    """One key of ORDER BY: nulls first when rising, last when falling, unless told."""
    if not sortable(found.field):
        message = f"field '{found.field.name}' can not be sorted in a query call"
        raise SoqlError("INVALID_FIELD", message, word=found.field.name)
    last = descending if nulls_last is None else nulls_last
    return f"{found.sql} {'DESC' if descending else 'ASC'} NULLS {'LAST' if last else 'FIRST'}"


def _add(outputs: list[Output], output: Output, written: str) -> None:
    key = tuple(name.lower() for name in output.path)
    if any(tuple(name.lower() for name in each.path) == key for each in outputs):
        raise SoqlError("INVALID_FIELD", f"duplicate field selected: {written}", word=written)
    outputs.append(output)


def _names_ids(where: Condition | None) -> bool:
    """Whether the condition lets through only rows whose ids it names, at most FIELDS_LIMIT of them."""
    if isinstance(where, Joined):
        among = [_names_ids(part) for part in where.parts]
        return any(among) if where.op == "and" else all(among) and len(among) <= FIELDS_LIMIT
    if isinstance(where, Comparison):
        return where.op == "=" and isinstance(where.left, Column) and where.left.path.lower() == "id"
    if isinstance(where, Among):
        return where.op == "in" and where.left.path.lower() == "id" and 0 < len(where.values) <= FIELDS_LIMIT
    return False


def _targets(scope: Scope, found: Resolved) -> set[str]:
    """The objects whose ids the field holds."""
    return {scope.sobject.name} if found.field.type == "id" else set(found.field.reference_to)
