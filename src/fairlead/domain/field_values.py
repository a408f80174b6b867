"""Texts as values of Salesforce fields, by the field's type. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from math import isfinite
from typing import Any, Final, Protocol

_YES: Final = frozenset({"true", "yes", "on", "1"})
_NO: Final = frozenset({"false", "no", "off", "0"})
_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


class PicklistValue(Protocol):
    @property
    def value(self) -> str: ...
    @property
    def active(self) -> bool: ...


class Field(Protocol):
    """A field as the org describes it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def nillable(self) -> bool: ...
    @property
    def createable(self) -> bool: ...
    @property
    def defaulted_on_create(self) -> bool: ...
    @property
    def restricted_picklist(self) -> bool: ...
    @property
    def picklist_values(self) -> Sequence[PicklistValue]: ...


class DoesNotFit(ValueError):
    """A text is no value of a field; says what is, never the text itself."""


def fillable(field: Field) -> bool:
    """Whether a text can be made a value of it at all."""
    return field.type in _BY_TYPE


def value_of(field: Field, text: str) -> Any:
    """The text as JSON holds it for this field. Raises DoesNotFit."""
    return _BY_TYPE[field.type](field, text.strip())


def _text(field: Field, text: str) -> str:
    if field.length and len(text) > field.length:
        raise DoesNotFit(f"it takes at most {field.length:,} characters")
    return text


def _email(field: Field, text: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", text):
        raise DoesNotFit("it takes an e-mail address")
    return _text(field, text)


def _boolean(field: Field, text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise DoesNotFit("it takes yes or no")
    return word in _YES


def _whole(field: Field, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DoesNotFit("it takes a whole number") from None


def _number(field: Field, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise DoesNotFit("it takes a number")
    return number


def _date(field: Field, text: str) -> str:
    try:
        return date.fromisoformat(text[:10].replace("/", "-")).isoformat()
    except ValueError:
        raise DoesNotFit("it takes a date as 2026-01-31") from None


def _moment(field: Field, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise DoesNotFit("it takes a date and time as 2026-01-31T12:00:00Z") from None
    return moment.isoformat() if moment.tzinfo else f"{moment.isoformat()}Z"


def _id(field: Field, text: str) -> str:
    if not _ID.fullmatch(text):
        raise DoesNotFit("it takes the id of a record, of 15 or 18 characters")
    return text


def _choice(field: Field, text: str) -> str:
    if not field.restricted_picklist:
        return _text(field, text)
    known = {one.value.lower(): one.value for one in field.picklist_values if one.active}
    if text.lower() not in known:
        raise DoesNotFit("it takes only the values of its picklist")
    return known[text.lower()]


def _choices(field: Field, text: str) -> str:
    return ";".join(_choice(field, part.strip()) for part in text.split(";") if part.strip())


_BY_TYPE: Final[dict[str, Callable[[Field, str], Any]]] = {
    "string": _text,
    "textarea": _text,
    "phone": _text,
    "url": _text,
    "combobox": _text,
    "encryptedstring": _text,
    "email": _email,
    "boolean": _boolean,
    "int": _whole,
    "long": _whole,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _moment,
    "reference": _id,
    "picklist": _choice,
    "multipicklist": _choices,
}
