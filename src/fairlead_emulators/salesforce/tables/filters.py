"""Filters of list views and reports as conditions of SOQL."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.values import parse_date, parse_datetime
from fairlead_emulators.salesforce.soql.dates import FIXED, NUMBERED
from fairlead_emulators.salesforce.tables.columns import Column

fact("filter_values")
fact("filter_logic")

_COMPARED: Final = {
    "equals": "=",
    "notEqual": "!=",
    "lessThan": "<",
    "greaterThan": ">",
    "lessOrEqual": "<=",
    "greaterOrEqual": ">=",
}
_LIKE: Final = {"contains": "%{}%", "notContain": "%{}%", "startsWith": "{}%"}
_AMONG: Final = {"includes": "INCLUDES", "excludes": "EXCLUDES"}
OPERATORS: Final = (*_COMPARED, *_LIKE, *_AMONG)
_VALUE: Final = re.compile(r'(?:^|,)\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))')
_DATE_LITERAL: Final = re.compile(r"([A-Z][A-Z0-9_]*)(:\d{1,4})?")
_TOKEN: Final = re.compile(r"\s*(\d+|\(|\)|AND\b|OR\b|NOT\b)", re.IGNORECASE)
_NUMBERS: Final = frozenset({"int", "double", "currency", "percent"})
_NEXT_DAY: Final = {"greaterThan": ">=", "lessOrEqual": "<"}


class BadFilter(ValueError):
    """A filter that cannot be applied; the text says why."""


def quoted(text: str) -> str:
    """A SOQL text literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def values_of(text: str) -> list[str]:
    """The values of a filter: parted by commas, in quotes when a comma belongs to one."""
    found = [whole or bare.strip() for whole, bare in _VALUE.findall(text)]
    return [value.replace('""', '"') for value in found] or [""]


def condition(column: Column, operator: str, text: str) -> str:
    """One filter as SOQL. Raises BadFilter."""
    if operator not in OPERATORS:
        raise BadFilter(f"The filter operator {operator} is not valid: use one of {', '.join(OPERATORS)}")
    values = values_of(text)
    if operator in _AMONG:
        return f"{column.path} {_AMONG[operator]} ({', '.join(quoted(value) for value in values)})"
    if operator in _LIKE:
        return _like(column, operator, values)
    joint = " AND " if operator == "notEqual" else " OR "
    parts = [_compared(column, operator, value) for value in values]
    return parts[0] if len(parts) == 1 else f"({joint.join(parts)})"


def _like(column: Column, operator: str, values: Sequence[str]) -> str:
    def pattern(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("%", "\\%").replace("_", "\\_")
        return f"{column.shown} LIKE '{_LIKE[operator].format(escaped)}'"

    joined = "(" + " OR ".join(pattern(value) for value in values) + ")"
    return f"(NOT {joined})" if operator == "notContain" else joined


def _compared(column: Column, operator: str, value: str) -> str:
    sign, kind = _COMPARED[operator], column.field.type
    if value == "":
        return f"{column.path} {sign} null" if kind != "boolean" else f"{column.path} {sign} false"
    if kind == "boolean":
        return f"{column.path} {sign} {'true' if value.lower() in ('1', 'true', 'yes') else 'false'}"
    if kind in _NUMBERS:
        return f"{column.path} {sign} {_number(column, value)}"
    if kind in ("date", "datetime"):
        return _moment(column, operator, value)
    if kind in ("reference", "id"):
        known = to18(value)
        if known is not None:
            return f"{column.path} {sign} '{known}'"
        if kind == "id" or column.shown == column.path:
            raise BadFilter(f"The filter value of {column.path} is no id: {value}")
        return f"{column.shown} {sign} {quoted(value)}"
    return f"{column.path} {sign} {quoted(value)}"


def _number(column: Column, value: str) -> str:
    try:
        return repr(float(value.replace(" ", ""))).removesuffix(".0")
    except ValueError:
        raise BadFilter(f"The filter value of {column.path} is no number: {value}") from None


def _moment(column: Column, operator: str, value: str) -> str:
    sign = _COMPARED[operator]
    literal = value.strip().upper().replace(" ", "_")
    if _is_relative(literal):
        return f"{column.path} {sign} {literal}"
    day = _day(value)
    if column.field.type == "date":
        if day is None:
            raise BadFilter(f"The filter value of {column.path} is no date: {value}")
        return f"{column.path} {sign} {day.isoformat()}"
    if day is None:
        moment = parse_datetime(value)
        if moment is None:
            raise BadFilter(f"The filter value of {column.path} is no date and time: {value}")
        return f"{column.path} {sign} {moment}"
    start, end = (f"{each.isoformat()}T00:00:00Z" for each in (day, day + timedelta(days=1)))
    if operator == "equals":
        return f"({column.path} >= {start} AND {column.path} < {end})"
    if operator == "notEqual":
        return f"({column.path} < {start} OR {column.path} >= {end})"
    return f"{column.path} {_NEXT_DAY.get(operator, sign)} {end if operator in _NEXT_DAY else start}"


def _is_relative(literal: str) -> bool:
    match = _DATE_LITERAL.fullmatch(literal)
    return match is not None and match.group(1).lower() in (NUMBERED if match.group(2) else FIXED)


def _day(value: str) -> date | None:
    """The day of `2026-01-31` or `1/31/2026`; None when it is none."""
    kept = parse_date(value) if len(value) == 10 else None
    if kept is not None:
        return date.fromisoformat(kept)
    try:
        return datetime.strptime(value, "%m/%d/%Y").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        return None


def combined(conditions: Sequence[str], logic: str | None) -> str:
    """All conditions as one, by a filter logic such as `1 AND (2 OR 3)`; joined by AND without. Raises BadFilter."""
    if not logic or not logic.strip():
        return " AND ".join(conditions)
    parts: list[str] = []
    place = 0
    text = logic.strip()
    used: set[int] = set()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise BadFilter(f"The filter logic cannot be read: {logic}")
        token = match.group(1)
        if token.isdecimal():
            number = int(token)
            if not 1 <= number <= len(conditions):
                raise BadFilter(f"The filter logic names filter {number}, of {len(conditions)}")
            used.add(number)
            token = f"({conditions[number - 1]})"
        parts.append(token.upper() if token.lower() in ("and", "or", "not") else token)
        place = match.end()
    missing = set(range(1, len(conditions) + 1)) - used
    if missing:
        raise BadFilter(f"The filter logic leaves filter {min(missing)} out: {logic}")
    return "(" + " ".join(parts) + ")"
