"""Conditions as SQL, with SOQL's meaning of null, case and dates. Values travel as parameters only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.model.uses import filterable
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
from fairlead_emulators.salesforce.soql.expressions import aggregates
from fairlead_emulators.salesforce.soql.functions import IDS, NUMBERS, Functions
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope
from fairlead_emulators.salesforce.soql.tokens import SoqlError

MAX_SEMI_JOINS: Final = 2
_NO_TEXTS: Final = NUMBERS | {"boolean", "date", "datetime"}

Subquery = Callable[[Query, "Conditions", Resolved], tuple[str, list[Any]]]


@dataclass(slots=True)
class Conditions:
    """Builds the WHERE of one query. `subquery` turns a semi-join's query into SQL of one column."""

    scope: Scope
    now: datetime
    zone: tzinfo
    subquery: Subquery
    functions: Functions
    semi_joins: int = 0
    grouped: frozenset[str] | None = None
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
        left, value = self.operand(condition.left), condition.value
        _check_filterable(left.field)
        if value.kind == "range" and isinstance(condition.left, Call) and left.field.type != "datetime":
            raise SoqlError("MALFORMED_QUERY", f"A date function cannot be compared with {value.text.upper()}")
        if value.kind == "currency" and isinstance(condition.left, Call):
            raise SoqlError("MALFORMED_QUERY", "An aggregate cannot be compared with an amount in a currency")
        if condition.op == "like":
            return self._like(left, value)
        if value.kind == "null" or _is_empty(left.field, condition):
            return self._null(left, condition.op)
        if value.kind == "range":
            return self._range(left, condition.op, value)
        return self._compared(left, condition.op, self.value(left.field, value))

    def _compared(self, left: Resolved, op: str, value: Any) -> str:
        if op in {"=", "!="} and not text.simple(value, left.field):
            found = text.equal(left.sql, value, self.params)
            return found if op == "=" else f"({found} IS NOT TRUE)"
        self.params.append(value)
        if op == "=":
            return f"{left.sql} = ?"
        if op == "!=":
            return f"({left.sql} IS NOT ?)"
        if left.field.type == "boolean":
            raise _operator(op, left.field)
        return f"{left.sql} {op} ?"

    def operand(self, left: Column | Call) -> Resolved:
        """The left side: a field, or a function of one. A boolean that is null, as of a parent that is not, is false."""
        if isinstance(left, Column):
            found = self.scope.resolve(left.path)
            if self.grouped is not None and found.sql not in self.grouped:
                message = f"Having field must be grouped or aggregated: {left.path}"
                raise SoqlError("MALFORMED_QUERY", message, word=left.path)
            if found.sql in self.functions.subtotalled:
                return replace(found, sql="NULL")
            return replace(found, sql=f"COALESCE({found.sql}, 0)") if found.field.type == "boolean" else found
        if aggregates(left) and self.grouped is None:
            raise SoqlError("MALFORMED_QUERY", f"Aggregates are not allowed in WHERE: {left.function.upper()}")
        if left.function in {"format", "convertcurrency"}:
            message = f"{left.function.upper()} is not allowed in a filter"
            raise SoqlError("MALFORMED_QUERY", message, word=left.function)
        found = self.functions(left)
        if self.grouped is not None and not aggregates(left) and left.function != "grouping":
            if found.sql not in self.grouped:
                message = f"Having field must be grouped or aggregated: {left.path}"
                raise SoqlError("MALFORMED_QUERY", message, word=left.path)
            found = replace(found, sql="NULL") if found.sql in self.functions.subtotalled else found
        return found

    def _null(self, left: Resolved, op: str) -> str:
        if op not in {"=", "!="}:
            raise SoqlError(
                "INVALID_FIELD", f"null cannot be compared with {op}: {left.field.name}", word=left.field.name
            )
        if left.field.type == "boolean":
            return f"{left.sql} {op} 0"
        return f"{left.sql} IS {'NOT ' if op == '!=' else ''}NULL"

    def _like(self, left: Resolved, value: Literal) -> str:
        if value.kind != "string" or left.field.type in _NO_TEXTS | IDS | {"multipicklist"}:
            raise _operator("LIKE", left.field)
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
        if condition.query is not None:
            return self._semi_join(condition, within)
        left = self.operand(condition.left)
        if condition.op in {"includes", "excludes"}:
            return self._includes(left, condition)
        _check_filterable(left.field)
        values = [self.value(left.field, v) for v in condition.values if v.kind not in {"null", "range"}]
        spans = [v for v in condition.values if v.kind == "range"]
        nulls = any(v.kind == "null" for v in condition.values)
        values = [v for value in values for v in text.spellings(value, left.field)]
        self.params += values
        parts = [f"{left.sql} IN ({', '.join('?' * len(values))})"] if values or not (spans or nulls) else []
        parts += [self._range(left, "=", each) for each in spans]
        found = text.balanced("OR", [*parts, *([f"{left.sql} IS NULL"] if nulls else [])])
        return found if condition.op == "in" else f"({found} IS NOT TRUE)"

    def _semi_join(self, condition: Among, within: str) -> str:
        assert isinstance(condition.left, Column)
        assert condition.query is not None
        if self.grouped is not None:
            raise SoqlError("MALFORMED_QUERY", "Semi join sub-selects are not allowed in HAVING")
        if within in {"or", "not"}:
            message = "Semi join sub-selects are only allowed at the top level of WHERE"
            raise SoqlError("MALFORMED_QUERY", message, word=condition.left.path)
        self.semi_joins += 1
        if self.semi_joins > MAX_SEMI_JOINS:
            raise SoqlError("MALFORMED_QUERY", f"at most {MAX_SEMI_JOINS} semi join sub-selects are allowed")
        if len(self.scope.parts(condition.left.path)) > 1:
            message = f"The left operand of a semi join must be a field of the object itself: {condition.left.path}"
            raise SoqlError("MALFORMED_QUERY", message, word=condition.left.path)
        left = self.scope.resolve(condition.left.path)
        if left.field.type not in IDS:
            message = f"Semi join sub-selects need an id or reference field, not {left.field.name}"
            raise SoqlError("INVALID_FIELD", message, word=left.field.name)
        sql, params = self.subquery(condition.query, self, left)
        self.params += params
        if condition.op == "in":
            return f"{left.sql} IN ({sql})"
        return f"({left.sql} NOT IN ({sql}) OR {left.sql} IS NULL)"

    def _includes(self, left: Resolved, condition: Among) -> str:
        if left.field.type != "multipicklist":
            message = f"{condition.op.upper()} needs a multi-select picklist, not {left.field.name}"
            raise SoqlError("INVALID_FIELD", message, word=left.field.name)
        any_of = []
        for value in condition.values:
            if value.kind != "string":
                raise wrong_type(left.field)
            chosen = [choice.strip() for choice in value.text.split(";")]
            self.params += [f"%;{_escaped(choice)};%" for choice in chosen]
            one = f"{text.FOLD}(';' || {left.sql} || ';') LIKE {text.FOLD}(?) ESCAPE '\\'"
            any_of.append(" AND ".join([one] * len(chosen)))
        found = text.balanced("OR", [f"({each})" for each in any_of])
        return found if condition.op == "includes" else f"({found} IS NOT TRUE)"

    def value(self, field_: Field, literal: Literal) -> Any:
        """The value as the storage keeps it. Raises SoqlError where its type is not the field's."""
        kind = field_.type
        if kind in NUMBERS and literal.kind == "number":
            return float(literal.text)
        if kind == "currency" and literal.kind == "currency":
            return float(literal.text)
        if kind == "boolean" and literal.kind == "boolean":
            return int(literal.text == "true")
        if kind == "date" and literal.kind == "date":
            return _date(literal.text)
        if kind == "datetime" and literal.kind == "datetime":
            return _moment(literal.text)
        if kind in IDS and literal.kind == "string":
            return _id(literal.text)
        if kind not in _NO_TEXTS | IDS and literal.kind == "string":
            return literal.text
        raise wrong_type(field_)


def wrong_type(field_: Field) -> SoqlError:
    """The refusal of a value of another type than the field's."""
    names = {"datetime": "dateTime", "reference": "ID", "id": "ID"}
    should = "should not be enclosed in quotes" if field_.type in _NO_TEXTS else "should be enclosed in quotes"
    return SoqlError(
        "INVALID_FIELD",
        f"value of filter criterion for field '{field_.name}' must be of type {names.get(field_.type, field_.type)} "
        f"and {should}",
        word=field_.name,
    )


def _operator(op: str, field_: Field) -> SoqlError:
    return SoqlError(
        "INVALID_QUERY_FILTER_OPERATOR",
        f"invalid operator on {field_.type} field: {op} on field {field_.name}",
        word=field_.name,
    )


def _is_empty(field_: Field, condition: Comparison) -> bool:
    """An empty text is no value: `= ''` means null."""
    return condition.value == Literal("string", "") and field_.type not in _NO_TEXTS and condition.op in {"=", "!="}


def _check_filterable(field_: Field) -> None:
    if not filterable(field_):
        message = f"field '{field_.name}' can not be filtered in a query call"
        raise SoqlError("INVALID_FIELD", message, word=field_.name)


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
