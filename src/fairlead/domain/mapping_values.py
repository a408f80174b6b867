"""Values of a mapping: how a field of Salesforce reads as a field of a list, and back. Pure.

Texts stand for values: blank is none, several choices are joined by `SEVERAL`, dates are ISO, numbers are as short as they
can be, yes and no are `Yes` and `No`. `docs/howto/map-fields.md` has the table; a test holds it against `TAKES`.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fairlead.domain.field_values import DoesNotFit, fillable, value_of
from fairlead.domain.mapping import LONGEST_VALUE, MOBILE, NAME, Fitted, ListField, OrgField

SEVERAL: Final = "\x1f"
FIRST_DAY: Final = "1900-01-01"
LAST_DAY: Final = "2076-06-06"
"""Campaign Monitor takes days between these two; others it passes over without a word."""

LONGEST_NAME: Final = 250

_TEXTS: Final = ("string", "textarea", "phone", "url", "email", "combobox", "encryptedstring", "id", "reference")
_NUMBERS: Final = ("int", "long", "double", "currency", "percent")
_CHOICES: Final = ("picklist", "multipicklist")
_DAYS: Final = ("date", "datetime", "time")
_PLAIN: Final = (*_TEXTS, *_NUMBERS, *_CHOICES, *_DAYS, "boolean")

TAKES: Final[dict[str, tuple[str, ...]]] = {
    "Text": _PLAIN,
    "Number": (*_NUMBERS, "string"),
    "Date": ("date", "datetime", "string"),
    "MultiSelectOne": ("picklist", "string", "boolean", "combobox"),
    "MultiSelectMany": ("multipicklist", "picklist", "string"),
    "Country": ("picklist", "string"),
    "USState": ("picklist", "string"),
    MOBILE: ("phone", "string"),
    "Consent": ("boolean", "picklist", "string"),
}
"""Kind of a list's field → types of Salesforce fields whose values it can take."""

GIVES: Final[dict[str, tuple[str, ...]]] = {
    "Text": tuple(name for name in _PLAIN if name not in ("id", "reference", "time")),
    "Number": (*_NUMBERS, "string", "textarea"),
    "Date": ("date", "datetime", "string", "textarea"),
    "MultiSelectOne": ("picklist", "string", "textarea", "boolean", "combobox", "multipicklist"),
    "MultiSelectMany": ("multipicklist", "string", "textarea"),
    "Country": ("picklist", "string", "textarea"),
    "USState": ("picklist", "string", "textarea"),
    MOBILE: (),
    "Consent": (),
}
"""Kind of a list's field → types of Salesforce fields that can take its values."""

_YES: Final = frozenset({"true", "yes", "1", "on"})
_NO: Final = frozenset({"false", "no", "0", "off"})

Phone = Callable[[str], str]
"""A number as people write it, in the form of E.164. Raises DoesNotFit."""


def org_text(value: Any) -> str:
    """A value of Salesforce as text; null is blank."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return _shortest(str(value))
    return str(value).strip()


def to_list(fitted: Fitted, value: Any, phone: Phone) -> str:
    """A value of Salesforce as the list's field has it, the line's default where it is blank. Raises DoesNotFit."""
    text = org_text(value)
    field = fitted.target
    if not text:
        return list_text(field, fitted.line.default, phone)
    if fitted.source.type == "multipicklist":
        text = text.replace(";", SEVERAL)
    return list_text(field, text, phone)


def list_text(field: ListField, text: str, phone: Phone) -> str:
    """A text as the list's field has it. Raises DoesNotFit."""
    return _KINDS[field.data_type](field, text.strip(), phone) if text.strip() else ""


def shown_text(field: ListField, text: str) -> str:
    """What Campaign Monitor shows of a field, in the form in which values are compared; what has none stays as it is."""
    try:
        return list_text(field, text, str)
    except DoesNotFit:
        return text.strip()


def wire_text(field: ListField, text: str) -> str:
    """A value as Campaign Monitor is told it."""
    return text.replace("-", "/") if field.data_type == "Date" else text


def to_org(field: OrgField, kind: str, text: str) -> Any:
    """A value of a list as the Salesforce field takes it, None for blank. Raises DoesNotFit."""
    if not text:
        return False if field.type == "boolean" else None
    if field.type in ("textarea", "string", "multipicklist") and kind in ("MultiSelectMany", "MultiSelectOne"):
        text = text.replace(SEVERAL, ";")
    return value_of(field, text)


def fits_outward(source: OrgField, target: ListField) -> bool:
    """Whether values of the one can be values of the other at all."""
    return source.type in TAKES.get(target.data_type, ())


def fits_inward(target: ListField, source: OrgField) -> bool:
    """Whether values of the list's field can be values of the Salesforce field at all."""
    return source.type in GIVES.get(target.data_type, ()) and fillable(source)


def _text(field: ListField, text: str, phone: Phone) -> str:
    text = " ".join(text.replace(SEVERAL, ";").split())  # members show a value as one line
    most = LONGEST_NAME if field.key == NAME else LONGEST_VALUE
    if len(text) > most:
        raise DoesNotFit(f"it takes at most {most} characters")
    return text


def _number(field: ListField, text: str, phone: Phone) -> str:
    return _shortest(text)


def _shortest(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise DoesNotFit("it takes a number") from None
    if not number.is_finite():
        raise DoesNotFit("it takes a number")
    if number == number.to_integral_value():
        return f"{number.to_integral_value():f}" if number else "0"
    return f"{number.normalize():f}"


def _date(field: ListField, text: str, phone: Phone) -> str:
    try:
        day = date.fromisoformat(text[:10].replace("/", "-")).isoformat()
    except ValueError:
        raise DoesNotFit("it takes a date as 2026-01-31") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DoesNotFit(f"it takes days from {FIRST_DAY} to {LAST_DAY}")
    return day


def _option(field: ListField, text: str, phone: Phone) -> str:
    known = {option.lower(): option for option in field.options}
    if text.lower() not in known:
        raise DoesNotFit("it takes only the choices that the list's field has")
    return known[text.lower()]


def _options(field: ListField, text: str, phone: Phone) -> str:
    parts = [part.strip() for part in text.replace(";", SEVERAL).split(SEVERAL) if part.strip()]
    chosen = {_option(field, part, phone) for part in parts}
    return SEVERAL.join(option for option in field.options if option in chosen)


def _mobile(field: ListField, text: str, phone: Phone) -> str:
    return phone(text)


def _consent(field: ListField, text: str, phone: Phone) -> str:
    word = text.lower()
    if word not in _YES | _NO:
        raise DoesNotFit("it takes yes or no")
    return "Yes" if word in _YES else "No"


_KINDS: Final[dict[str, Callable[[ListField, str, Phone], str]]] = {
    "Text": _text,
    "Number": _number,
    "Date": _date,
    "MultiSelectOne": _option,
    "MultiSelectMany": _options,
    "Country": _option,
    "USState": _option,
    MOBILE: _mobile,
    "Consent": _consent,
}


def kind_for(source: OrgField) -> tuple[str, Sequence[str]]:
    """The kind of a new custom field for a Salesforce field, and its choices."""
    if source.type in _NUMBERS:
        return "Number", ()
    if source.type in ("date", "datetime"):
        return "Date", ()
    if source.type == "boolean":
        return "MultiSelectOne", ("Yes", "No")
    if source.type in _CHOICES:
        options = [one.value for one in source.picklist_values if one.active]
        if options and (source.restricted_picklist or source.type == "multipicklist"):
            return "MultiSelectOne" if source.type == "picklist" else "MultiSelectMany", options
    return "Text", ()
