"""How a report says a value: `label` for people, `value` for programs."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field

fact("report_cells")
fact("report_granularity")

NONE: Final = "-"


def cell(field: Field, value: Any, label: Any = None) -> dict[str, Any]:
    """One data cell. `value` and `label` are as SOQL gives them; `label` is a parent's name where there is one."""
    if value is None:
        return {"label": NONE, "value": None}
    if field.type == "currency":
        return {"label": f"${value:,.2f}", "value": {"amount": value, "currency": None}}
    return {"label": str(label) if label is not None else _label(field, value), "value": _value(field, value)}


def _value(field: Field, value: Any) -> Any:
    return value.replace("+0000", "Z") if field.type == "datetime" and isinstance(value, str) else value


def _label(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.type == "percent":
        return f"{value:,.{field.scale}f}%"
    if isinstance(value, int | float):
        return f"{value:,.{field.scale}f}"
    if field.type == "date":
        return day_label(date.fromisoformat(value))
    if field.type == "datetime":
        moment = datetime.fromisoformat(value)
        return f"{day_label(moment.date())} {moment.hour % 12 or 12}:{moment:%M} {'PM' if moment.hour > 11 else 'AM'}"
    return str(value)


def day_label(day: date) -> str:
    """`1/31/2026`."""
    return f"{day.month}/{day.day}/{day.year}"


def _week(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


_SPANS: Final[dict[str, tuple[Callable[[date], date], Callable[[date], str]]]] = {
    "Day": (lambda day: day, day_label),
    "Week": (_week, lambda day: f"{day_label(day)} - {day_label(day + timedelta(days=6))}"),
    "Month": (lambda day: day.replace(day=1), lambda day: f"{day:%B} {day.year}"),
    "Quarter": (_quarter, lambda day: f"Q{(day.month + 2) // 3} CY{day.year}"),
    "Year": (lambda day: day.replace(month=1, day=1), lambda day: str(day.year)),
}
GRANULARITIES: Final = ("None", *_SPANS)


def span(granularity: str, text: str) -> tuple[str, str]:
    """The first day of the week, month … that a date (or moment) is in, and what it is called."""
    begins, named = _SPANS[granularity if granularity != "None" else "Day"]
    first = begins(date.fromisoformat(text[:10]))
    return first.isoformat(), named(first)
