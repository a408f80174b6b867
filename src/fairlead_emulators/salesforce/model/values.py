"""Turns what a client sent into what a field keeps, a column at a time, and says which cells it refuses."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field

fact("string_too_long")
fact("invalid_email")
fact("restricted_picklist")
fact("value_types")
fact("malformed_id")
fact("empty_text_is_null")
fact("date_range")


class Keep(Enum):
    """A cell that was not sent: an insert takes the default, an update leaves the field alone."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
Errors = dict[int, RowError]

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9\u0080-\U0010ffff!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9\u0080-\U0010ffff!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
_TRUE: Final = {"true": 1, "1": 1, "yes": 1, "false": 0, "0": 0, "no": 0}
_FIRST, _BEYOND = "1700-01-01", "4001-01-01"  # the dates that an org takes
_NUMBERS: Final = frozenset({"int", "double", "currency", "percent"})


class _Refused(ValueError):
    """One cell is not of its field's type; carries the row error."""

    def __init__(self, error: RowError) -> None:
        super().__init__(error.message)
        self.error = error


def convert(field: Field, cells: Sequence[Any]) -> tuple[list[Any], Errors]:
    """The column as it is kept, and why some cells are refused, by row. Cells are JSON values, texts or KEEP."""
    if field.type in ("boolean", "date", "datetime", "reference", "id") or field.type in _NUMBERS:
        return _by_cell(field, cells, _CONVERTERS.get(field.type, _number))
    return _texts(field, cells)


def _by_cell(field: Field, cells: Sequence[Any], converter: Callable[[Field, Any], Any]) -> tuple[list[Any], Errors]:
    errors: Errors = {}
    kept: list[Any] = []
    for row, cell in enumerate(cells):
        if cell is KEEP or cell is None:
            kept.append(cell)
            continue
        try:
            kept.append(None if cell == "" else converter(field, cell))
        except _Refused as refused:
            errors[row] = refused.error
            kept.append(None)
    return kept, errors


def _texts(field: Field, cells: Sequence[Any]) -> tuple[list[Any], Errors]:
    errors: Errors = {}
    limit = field.length or 131072
    check = _TEXT_CHECKS.get(field.type)
    for row, cell in enumerate(cells):
        if cell.__class__ is str:
            if len(cell) > limit:
                message = f"{field.label}: data value too large: {cell} (max length={limit})"
                errors[row] = RowError("STRING_TOO_LONG", message, (field.name,))
            elif check is not None and cell:
                refused = check(field, cell)
                if refused is not None:
                    errors[row] = refused
            if not cell.isascii() and not _is_utf8(cell):
                errors[row] = RowError("JSON_PARSER_ERROR", "The text is not valid UTF-8", (field.name,))
        elif cell is not KEEP and cell is not None:
            errors[row] = _json_mismatch(field, "string", cell)
    return [None if cell == "" else cell for cell in cells], errors


def _is_utf8(text: str) -> bool:
    """Whether it can be kept: JSON may carry half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _email(field: Field, text: str) -> RowError | None:
    if _EMAIL.fullmatch(text):
        return None
    return RowError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", (field.name,))


def _picklist(field: Field, text: str) -> RowError | None:
    if not field.restricted or text in field.picklist:
        return None
    message = f"{field.label}: bad value for restricted picklist field: {text}"
    return RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (field.name,))


def _multipicklist(field: Field, text: str) -> RowError | None:
    return next((bad for part in text.split(";") if (bad := _picklist(field, part)) is not None), None)


def _json_mismatch(field: Field, wanted: str, cell: Any) -> RowError:
    kinds = {bool: "VALUE_BOOLEAN", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", dict: "START_OBJECT"}
    kind = kinds.get(type(cell), "START_ARRAY" if isinstance(cell, list) else "VALUE_STRING")
    return RowError(
        "JSON_PARSER_ERROR", f"Cannot deserialize instance of {wanted} from {kind} value {cell}", (field.name,)
    )


def _wrong_type(field: Field, cell: Any) -> _Refused:
    message = f"{field.label}: value not of required type: {cell}"
    return _Refused(RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, (field.name,)))


def _boolean(field: Field, cell: Any) -> int:
    if isinstance(cell, bool):
        return int(cell)
    if isinstance(cell, str) and cell.lower() in _TRUE:
        return _TRUE[cell.lower()]
    raise _wrong_type(field, cell)


def _number(field: Field, cell: Any) -> float | int:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise _Refused(_json_mismatch(field, field.type, cell))
    try:
        number = float(cell)
    except ValueError:
        raise _wrong_type(field, cell) from None
    whole_digits = (field.precision - field.scale) if field.precision else 18
    if not math.isfinite(number) or abs(number) >= 10.0**whole_digits:
        message = f"{field.label}: value outside of valid range on numeric field: {cell}"
        raise _Refused(RowError("NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,)))
    if field.type == "int":
        if number != int(number):
            raise _wrong_type(field, cell)
        return int(number)
    return round(number, field.scale) if field.precision else number


def _date(field: Field, cell: Any) -> str:
    if isinstance(cell, str):
        kept = parse_date(cell)
        if kept is not None:
            return kept
    raise _wrong_type(field, cell)


def _datetime(field: Field, cell: Any) -> str:
    if isinstance(cell, str):
        kept = parse_datetime(cell)
        if kept is not None:
            return kept
    raise _wrong_type(field, cell)


def _reference(field: Field, cell: Any) -> str:
    kept = to18(cell) if isinstance(cell, str) else None
    if kept is None:
        message = f"{field.label}: id value of incorrect type: {cell}"
        raise _Refused(RowError("MALFORMED_ID", message, (field.name,)))
    return kept


@lru_cache(maxsize=65536)
def parse_date(text: str) -> str | None:
    """`YYYY-MM-DD`, also when a time follows; None when it is no date."""
    try:
        kept = date.fromisoformat(text[:10]).isoformat() if len(text) == 10 or text[10:11] == "T" else ""
    except ValueError:
        return None
    return kept if _FIRST <= kept < _BEYOND else None


@lru_cache(maxsize=65536)
def parse_datetime(text: str) -> str | None:
    """A moment with its zone (`Z`, `+00:00`, `+0000`) as it is kept: UTC with milliseconds; None when it is none."""
    if len(text) < 16 or text[10:11] != "T":
        return None
    try:
        moment = datetime.fromisoformat(text)
        kept = stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return kept if _FIRST <= kept < _BEYOND else None


def stamp(moment: datetime) -> str:
    """An aware moment as it is kept: `2026-01-31T09:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_CONVERTERS: Final[dict[str, Callable[[Field, Any], Any]]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "reference": _reference,
    "id": _reference,
}
_TEXT_CHECKS: Final[dict[str, Callable[[Field, str], RowError | None]]] = {
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
}
