"""Conditions as SQL, with SOQL's meaning of null, case and dates. Values travel as parameters only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.soql import dates, text
from fairlead_emulators.salesforce.soql.ast import (
    Among,
    Call,
    Column,
    Comparison,
    Condition,
    Joined,
    Literal,
    Not,
    Query,
)
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope
from fairlead_emulators.salesforce.soql.tokens import SoqlError

NUMBERS: Final = frozenset({"int", "double", "currency", "percent", "long"})
IDS: Final = frozenset({"id", "reference"})
MAX_SEMI_JOINS: Final = 2

AGGREGATES: Final = frozenset({"count", "count_distinct", "sum", "avg", "min", "max"})

Subquery = Callable[[Query, "Conditions", Resolved], tuple[str, list[Any]]]


@dataclass(slots=True)
class Conditions:
    """Builds the WHERE of one query. `subquery` turns a semi-join's query into SQL of one column."""

    scope: Scope
    now: datetime
    zone: tzinfo
    subquery: Subquery
    semi_joins: int = 0
    grouped: set[str] | None = None
    """In HAVING: the SQL of the keys of GROUP BY. In WHERE: None, and aggregates are refused."""
    params: list[Any] = field(default_factory=list)

    def sql(self, condition: Condition, *, within: str = "") -> str:
        """The condition. Raises SoqlError."""
        if isinstance(condition, Joined):
            inside = within if within in {"or", "not"} else condition.op
            return text.balanced(condition.op.upper(), [self.sql(p, within=inside) for p in condition.parts])
        if isinstance(condition, Not):
            return f"({self.sql(condition.part, within='not')} IS NOT TRUE)"
        if isinstance(condition, Among):
            return self._among(condition, within)
        return self._comparison(condition)

    def _comparison(self, condition: Comparison) -> str:
        left = self.operand(condition.left)
        _check_filterable(left.field)
        if condition.op == "like":
            return self._like(left, condition.value)
        if condition.value.kind == "null" or _is_empty(left.field, condition):
            return self._null(left, condition.op)
        if condition.value.kind == "range":
            return self._range(left, condition.op, condition.value)
        value = self.value(left.field, condition.value)
        if condition.op in {"=", "!="} and not text.simple(value, left.field):
            found = text.equal(left.sql, value, self.params)
            return found if condition.op == "=" else f"({found} IS NOT TRUE)"
        self.params.append(value)
        if condition.op == "=":
            return f"{left.sql} = ?"
        if condition.op == "!=":
            return f"({left.sql} IS NOT ?)"
        if left.field.type == "boolean":
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on boolean field: {left.field.name}")
        return f"{left.sql} {condition.op} ?"

    def operand(self, left: Column | Call) -> Resolved:
        """The left side: a field, or a function of one. A boolean that is null, as of a parent that is not, is false."""
        if isinstance(left, Column):
            found = self.scope.resolve(left.path)
            if self.grouped is not None and found.sql not in self.grouped:
                raise SoqlError("MALFORMED_QUERY", f"Having field must be grouped or aggregated: {left.path}")
            return replace(found, sql=f"COALESCE({found.sql}, 0)") if found.field.type == "boolean" else found
        if left.function in AGGREGATES and self.grouped is None:
            raise SoqlError("MALFORMED_QUERY", f"Aggregates are not allowed in WHERE: {left.function.upper()}")
        return function_of(self.scope, left)

    def _null(self, left: Resolved, op: str) -> str:
        if op not in {"=", "!="}:
            raise SoqlError("INVALID_FIELD", f"null cannot be compared with {op}: {left.field.name}")
        if left.field.type == "boolean":
            return f"{left.sql} {op} 0"
        return f"{left.sql} IS {'NOT ' if op == '!=' else ''}NULL"

    def _like(self, left: Resolved, value: Literal) -> str:
        if value.kind != "string" or left.field.type in NUMBERS | IDS | {"boolean", "date", "datetime"}:
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator LIKE on field {left.field.name}")
        self.params.append(value.text)
        if not text.simple(value.text, left.field):
            return f"{text.FOLD}({left.sql}) LIKE {text.FOLD}(?) ESCAPE '\\'"
        return f"{left.sql} LIKE ? ESCAPE '\\'"

    def _range(self, left: Resolved, op: str, value: Literal) -> str:
        if left.field.type not in {"date", "datetime"}:
            raise wrong_type(left.field)
        try:
            first, after = dates.span(value.text, value.number, self.now, self.zone)
            low, high = first.isoformat(), after.isoformat()
            if left.field.type == "datetime":
                low, high = dates.midnight(first, self.zone), dates.midnight(after, self.zone)
        except (OverflowError, ValueError):
            raise SoqlError("MALFORMED_QUERY", f"{value.text}:{value.number} lies beyond the calendar") from None
        if op in {"=", "!="}:
            self.params += [low, high]
            inside = f"({left.sql} >= ? AND {left.sql} < ?)"
            return inside if op == "=" else f"({inside} IS NOT TRUE)"
        self.params.append(low if op in {"<", ">="} else high)
        return f"{left.sql} {'<' if op in {'<', '<='} else '>='} ?"

    def _among(self, condition: Among, within: str) -> str:
        left = self.operand(condition.left)
        if condition.op in {"includes", "excludes"}:
            return self._includes(left, condition)
        _check_filterable(left.field)
        if condition.query is not None:
            if within in {"or", "not"}:
                raise SoqlError("MALFORMED_QUERY", "Semi join sub-selects are only allowed at the top level of WHERE")
            return self._semi_join(left, condition)
        values = [self.value(left.field, value) for value in condition.values if value.kind != "null"]
        nulls = len(values) < len(condition.values)
        values = [v for value in values for v in text.spellings(value, left.field)]
        marks = ", ".join("?" * len(values))
        self.params += values
        if condition.op == "in":
            return f"({left.sql} IN ({marks}) OR {left.sql} IS NULL)" if nulls else f"{left.sql} IN ({marks})"
        if nulls:
            return f"({left.sql} NOT IN ({marks}) AND {left.sql} IS NOT NULL)"
        return f"({left.sql} NOT IN ({marks}) OR {left.sql} IS NULL)"

    def _semi_join(self, left: Resolved, condition: Among) -> str:
        self.semi_joins += 1
        if self.semi_joins > MAX_SEMI_JOINS:
            raise SoqlError("MALFORMED_QUERY", f"at most {MAX_SEMI_JOINS} semi join sub-selects are allowed")
        assert condition.query is not None
        if left.field.type not in IDS:
            raise SoqlError(
                "INVALID_FIELD", f"Semi join sub-selects need an id or reference field, not {left.field.name}"
            )
        sql, params = self.subquery(condition.query, self, left)
        self.params += params
        if condition.op == "in":
            return f"{left.sql} IN ({sql})"
        return f"({left.sql} NOT IN ({sql}) OR {left.sql} IS NULL)"

    def _includes(self, left: Resolved, condition: Among) -> str:
        if left.field.type != "multipicklist":
            raise SoqlError(
                "INVALID_FIELD", f"{condition.op.upper()} needs a multi-select picklist, not {left.field.name}"
            )
        any_of = []
        for value in condition.values:
            if value.kind != "string":
                raise wrong_type(left.field)
            chosen = [choice.strip() for choice in value.text.split(";")]
            self.params += [f"%;{_escaped(choice)};%" for choice in chosen]
            one = f"{text.FOLD}(';' || {left.sql} || ';') LIKE {text.FOLD}(?) ESCAPE '\\'"
            any_of.append(" AND ".join([one] * len(chosen)))
        found = "(" + " OR ".join(f"({each})" for each in any_of) + ")"
        return found if condition.op == "includes" else f"({found} IS NOT TRUE)"

    def value(self, field_: Field, literal: Literal) -> Any:
        """The value as the storage keeps it. Raises SoqlError where its type is not the field's."""
        kind = field_.type
        if kind in NUMBERS and literal.kind == "number":
            return float(literal.text)
        if kind == "boolean" and literal.kind == "boolean":
            return int(literal.text == "true")
        if kind == "date" and literal.kind == "date":
            return _date(literal.text)
        if kind == "datetime" and literal.kind == "datetime":
            return _moment(literal.text)
        if kind in IDS and literal.kind == "string":
            return _id(literal.text)
        if kind not in NUMBERS | IDS | {"boolean", "date", "datetime"} and literal.kind == "string":
            return literal.text
        raise wrong_type(field_)


def function_of(scope: Scope, call: Call) -> Resolved:
    """A function of a field, typed by what it gives."""
    if not call.path:
        return Resolved("COUNT(*)", Field("count", "int"), ("count",))
    inner = scope.resolve(call.path)
    if call.function in {"count", "count_distinct"}:
        counted = inner.sql if call.function == "count" else f"DISTINCT {text.folded(inner.sql, inner.field)}"
        return Resolved(f"COUNT({counted})", Field(call.function, "int"), inner.path)
    if call.function in {"sum", "avg"}:
        if inner.field.type not in NUMBERS:
            raise SoqlError(
                "MALFORMED_QUERY", f"field {call.path} does not support aggregate operator {call.function.upper()}"
            )
        return Resolved(f"{call.function.upper()}({inner.sql})", Field(call.function, "double"), inner.path)
    if call.function in {"min", "max"}:
        return Resolved(f"{call.function.upper()}({inner.sql})", inner.field, inner.path)
    return _date_part(call, inner)


_PARTS: Final = {
    "calendar_year": "CAST(SUBSTR({0}, 1, 4) AS INTEGER)",
    "calendar_month": "CAST(SUBSTR({0}, 6, 2) AS INTEGER)",
    "calendar_quarter": "((CAST(SUBSTR({0}, 6, 2) AS INTEGER) + 2) / 3)",
    "day_in_month": "CAST(SUBSTR({0}, 9, 2) AS INTEGER)",
    "day_only": "SUBSTR({0}, 1, 10)",
}


def _date_part(call: Call, inner: Resolved) -> Resolved:
    if inner.field.type not in {"date", "datetime"}:
        raise SoqlError("MALFORMED_QUERY", f"{call.function.upper()} needs a date field, not {call.path}")
    kind = "date" if call.function == "day_only" else "int"
    return Resolved(_PARTS[call.function].format(inner.sql), Field(call.function, kind), inner.path)


def wrong_type(field_: Field) -> SoqlError:
    """The refusal of a value of another type than the field's."""
    names = {"datetime": "dateTime", "reference": "ID", "id": "ID"}
    quotes = field_.type not in NUMBERS | {"boolean", "date", "datetime"}
    should = "should be enclosed in quotes" if quotes else "should not be enclosed in quotes"
    return SoqlError(
        "INVALID_FIELD",
        f"value of filter criterion for field '{field_.name}' must be of type {names.get(field_.type, field_.type)} "
        f"and {should}",
    )


def _is_empty(field_: Field, condition: Comparison) -> bool:
    """An empty text is no value: `= ''` means null."""
    texts = field_.type not in NUMBERS | {"boolean", "date", "datetime"}
    return condition.value == Literal("string", "") and texts and condition.op in {"=", "!="}


def is_long(field_: Field) -> bool:
    """A text that can be neither filtered, sorted nor grouped."""
    return field_.type == "textarea" and field_.length > 255


def _check_filterable(field_: Field) -> None:
    if is_long(field_):
        raise SoqlError("INVALID_FIELD", f"field '{field_.name}' can not be filtered in a query call")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _id(text: str) -> str:
    if text == "":
        return text
    full = to18(text)
    if full is None:
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return full


def _date(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        raise SoqlError("MALFORMED_QUERY", f"{text} is not a date") from None


def _moment(text: str) -> str:
    try:
        return dates.moment(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise SoqlError("MALFORMED_QUERY", f"{text} is not a date-time") from None
