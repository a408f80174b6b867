r"""A criterion as a SOQL condition, by the type of its field. Whatever a person types ends up inside one literal.

SOQL reads quoted texts with backslash escapes; in a pattern of LIKE `\%` and `\_` stand for themselves. Numbers, dates
and ids are taken apart and written anew, so that nothing else of them can be left.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from fairlead.domain.criteria import LONGEST_VALUE, NotThis, Operator
from fairlead.domain.field_paths import Field
from fairlead.domain.record_id import to_18

_PLAIN: Final = (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IS_NULL)
_LIKE: Final = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH)
_ORDER: Final = (Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL)
SIGNS: Final[Mapping[Operator, str]] = {
    Operator.EQUALS: "=",
    Operator.NOT_EQUALS: "!=",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
}
_YES: Final = frozenset({"yes", "true", "1", "on"})
_NO: Final = frozenset({"no", "false", "0", "off"})
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_LARGEST_WHOLE: Final = 2**31
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:?\d{2})", re.ASCII | re.IGNORECASE)
_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1700, 4000
"""Years that Salesforce keeps."""

_UNITS: Final = ("WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
DATE_WORDS: Final = frozenset(
    {"TODAY", "YESTERDAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"}
    | {f"{which}_{unit}" for which in ("LAST", "THIS", "NEXT") for unit in _UNITS}
)
_COUNTED: Final = frozenset(
    {"LAST_N_DAYS", "NEXT_N_DAYS", "N_DAYS_AGO"}
    | {f"{which}_N_{unit}S" for which in ("LAST", "NEXT") for unit in _UNITS}
    | {f"N_{unit}S_AGO" for unit in _UNITS}
)
_COUNTED_WORD: Final = re.compile(r"([A-Z_]+):(\d{1,4})", re.ASCII)
MOST_DAYS, MOST_OF_OTHERS = 9_999, 200
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "'": "\\'", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class Atom:
    """A criterion that fits its field. `value` is what two of them are compared by: a folded text, Decimal, moment, bool.

    `is null` has a bool (yes or no); a word for a date (`TODAY`) has None, for nobody can tell today what it will be.
    """

    path: str
    kind: str
    operator: Operator
    value: object
    soql: str


def atom(path: str, field: Field, operator: str, value: str) -> Atom:
    """The criterion as a condition. Raises NotThis with what is wrong; texts never repeat the value."""
    kind = _KINDS.get(field.type)
    if kind is None:
        raise NotThis(f"{field.name} is a {field.type} field: it cannot be compared")
    try:
        op = Operator(operator)
    except ValueError:
        raise NotThis(f"there is no operator “{operator[:40]}”") from None
    if op not in OPERATORS[kind]:
        can = ", ".join(OPERATORS[kind])
        raise NotThis(f"“{op}” does not fit {field.name} (a {field.type} field); it takes: {can}")
    typed = _clean(value)
    if op is Operator.IS_NULL:
        wanted = _yes_or_no(typed or "yes", field)
        return Atom(path, kind, op, wanted, f"{path} {'=' if wanted else '!='} null")
    if not typed:
        raise NotThis(f"{field.name} needs a value; for blank fields choose “{Operator.IS_NULL}”")
    compared, soql = _WRITERS[kind](path, field, op, typed)
    return Atom(path, kind, op, compared, soql)


def _clean(value: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value.strip()):
        raise NotThis("the value holds a line break or another character that cannot be seen")
    if len(value.strip()) > LONGEST_VALUE:
        raise NotThis(f"the value has more than {LONGEST_VALUE} characters")
    return value.strip()


def quoted(text: str) -> str:
    """The text as a SOQL literal."""
    return f"'{text.translate(_ESCAPES)}'"


def _pattern(text: str, op: Operator) -> str:
    inside = text.translate(_ESCAPES).replace("%", "\\%").replace("_", "\\_")
    before = "" if op is Operator.STARTS_WITH else "%"
    after = "" if op is Operator.ENDS_WITH else "%"
    return f"'{before}{inside}{after}'"


def _text(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    if op in _LIKE:
        return value.casefold(), f"{path} LIKE {_pattern(value, op)}"
    return value.casefold(), f"{path} {SIGNS[op]} {quoted(value)}"


def _picklist(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    return _text(path, field, op, value if op in _LIKE else _chosen(field, value))


def _multipicklist(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    """`contains` is INCLUDES: all of the values given, whatever else is chosen; `equals` compares the whole choice."""
    values = [_chosen(field, part) for part in value.split(";") if part.strip()]
    if not values:
        raise NotThis(f"{field.name} needs a value; several are parted by semicolons")
    joined = ";".join(values)
    if op is Operator.CONTAINS:
        return joined.casefold(), f"{path} INCLUDES ({quoted(joined)})"
    return joined.casefold(), f"{path} {SIGNS[op]} {quoted(joined)}"


def _chosen(field: Field, value: str) -> str:
    """A value of a picklist by its name or label; any text where the picklist is open to all."""
    typed = value.strip()
    for one in field.picklist_values:
        if typed.casefold() in (one.value.casefold(), (one.label or "").casefold()):
            return one.value
    if field.restricted_picklist:
        raise NotThis(f"the picklist {field.name} has no such value")
    return typed


def _number(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    if not _NUMBER.fullmatch(value):
        raise NotThis(f"{field.name} takes a number as 1234.5, without separators or a currency sign")
    number = Decimal(value)
    return number, f"{path} {SIGNS[op]} {number:f}"


def _whole(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    if not _WHOLE.fullmatch(value) or not -_LARGEST_WHOLE <= int(value) < _LARGEST_WHOLE:
        raise NotThis(f"{field.name} takes a whole number as 1234")
    return Decimal(int(value)), f"{path} {SIGNS[op]} {int(value)}"


def _boolean(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    yes = _yes_or_no(value, field)
    return yes, f"{path} {SIGNS[op]} {'true' if yes else 'false'}"


def _yes_or_no(value: str, field: Field) -> bool:
    word = value.lower()
    if word not in _YES | _NO:
        raise NotThis(f"{field.name} takes yes or no here")
    return word in _YES


def _date_word(value: str) -> str:
    """The word for a date in SOQL, as `LAST_N_DAYS:30`; blank where it is none. Raises NotThis."""
    word = value.upper().replace(" ", "_")
    counted = _COUNTED_WORD.fullmatch(word)
    if counted and counted.group(1) in _COUNTED:
        count, most = int(counted.group(2)), MOST_DAYS if "DAY" in counted.group(1) else MOST_OF_OTHERS
        if not 1 <= count <= most:
            raise NotThis(f"{counted.group(1)} takes a number from 1 to {most:,}")
        return f"{counted.group(1)}:{count}"
    return word if word in DATE_WORDS else ""


def _date(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    if word := _date_word(value):
        return None, f"{path} {SIGNS[op]} {word}"
    try:
        day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise NotThis(f"{field.name} takes a date as 2026-01-31, or a word as TODAY or LAST_N_DAYS:30")
    return day, f"{path} {SIGNS[op]} {day.isoformat()}"


def _moment(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    if word := _date_word(value):
        return None, f"{path} {SIGNS[op]} {word}"
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC) if _MOMENT.fullmatch(value) else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        told = "a date and time with its zone as 2026-01-31T12:00:00Z, or a word as TODAY or LAST_N_DAYS:30"
        raise NotThis(f"{field.name} takes {told}")
    return moment, f"{path} {SIGNS[op]} {moment:%Y-%m-%dT%H:%M:%SZ}"


def _id(path: str, field: Field, op: Operator, value: str) -> tuple[object, str]:
    if not _ID.fullmatch(value) or to_18(value[:15]) != to_18(value):
        raise NotThis(f"{field.name} takes the id of a record, of 15 or 18 characters")
    full = to_18(value)
    return full, f"{path} {SIGNS[op]} '{full}'"


Writer = Callable[[str, Field, Operator, str], tuple[object, str]]
_WRITERS: Final[Mapping[str, Writer]] = {
    "text": _text,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "number": _number,
    "whole": _whole,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "id": _id,
}
OPERATORS: Final[Mapping[str, tuple[Operator, ...]]] = {
    "text": (*_PLAIN, *_LIKE),
    "picklist": (*_PLAIN, *_LIKE),
    "multipicklist": (*_PLAIN, Operator.CONTAINS),
    "number": (*_PLAIN, *_ORDER),
    "whole": (*_PLAIN, *_ORDER),
    "boolean": (Operator.EQUALS, Operator.NOT_EQUALS),
    "date": (*_PLAIN, *_ORDER),
    "datetime": (*_PLAIN, *_ORDER),
    "id": _PLAIN,
}
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string", "textarea", "phone", "url", "email", "combobox", "encryptedstring"), "text"),
    **dict.fromkeys(("double", "currency", "percent"), "number"),
    **dict.fromkeys(("int", "long"), "whole"),
    **dict.fromkeys(("id", "reference"), "id"),
    "picklist": "picklist",
    "multipicklist": "multipicklist",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}
"""Kinds by the type of the description. A formula has the type of what it gives."""
