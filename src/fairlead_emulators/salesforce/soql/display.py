"""Values as `FORMAT()` writes them for people: the user's locale is en_US, amounts are US dollars."""

from datetime import date, datetime
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field

fact("soql_format")

_NUMBERS: Final = frozenset({"int", "double", "percent", "long"})


def displayed(field: Field, value: Any) -> str | None:
    """The value as a text; None stays."""
    if value is None:
        return None
    if field.type == "datetime":
        moment = datetime.fromisoformat(value)
        return f"{_day(moment)}, {moment.hour % 12 or 12}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"
    if field.type == "date":
        return _day(date.fromisoformat(value))
    if field.type == "currency":
        return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
    if field.type in _NUMBERS:
        digits = field.scale if field.precision else 3
        written = f"{value:,.{digits}f}"
        return written if field.precision or "." not in written else written.rstrip("0").rstrip(".")
    return str(value)


def _day(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"
