"""What people type about imports, on pages and on the command line, as it is kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.words import noop
from fairlead.features.import_wizard.rules.columns import NEW, Column, Line, type_for
from fairlead.features.import_wizard.rules.words import SourceKind

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES: Final = (
    noop("Monday"), noop("Tuesday"), noop("Wednesday"), noop("Thursday"), noop("Friday"), noop("Saturday"), noop("Sunday"),
)  # fmt: skip
ALL: Final = "all"


class BadSource(FixTheSettings):
    """What was given of a source, of columns or of a schedule cannot be read."""

    code = "FL-559"


def source(
    campaign: str | None, statuses: Sequence[str], report: str | None, list_view: str | None, soql: str | None
) -> tuple[str, dict[str, Any]] | None:
    """The kind of source and how it is kept; None where none was given. Raises BadSource."""
    given = [one for one in (campaign, report, list_view, soql) if one]
    if not given:
        return None
    if len(given) > 1:
        raise BadSource("Several sources were given.", next_step="Give one of campaign, report, list view, query.")
    if campaign:
        return SourceKind.CAMPAIGN.value, {"id": campaign, "statuses": list(statuses)}
    if report:
        return SourceKind.REPORT.value, {"id": report}
    if list_view:
        of, _, view = list_view.partition(":")
        if not of or not view:
            raise BadSource(f"{list_view!r} names no list view.", next_step="Give OBJECT:ID, such as Contact:00B….")
        return SourceKind.LIST_VIEW.value, {"object": of, "id": view}
    return SourceKind.SOQL.value, {"soql": soql}


def changes(plain: Mapping[str, Any], hours: str | None, days: str | None) -> dict[str, Any]:
    """What was given, without what was not; hours and days as numbers. Hours without days are on all days. Raises BadSource."""
    found = {name: value for name, value in plain.items() if value is not None}
    if hours is not None:
        found["hours"] = hours_of(hours)
        if days is None and found["hours"]:
            found["days"] = list(range(7))
    if days is not None:
        found["days"] = days_of(days)
    return found


def hours_of(text: str) -> list[int]:
    """`1,13` as numbers; `all` for all. Raises BadSource."""
    if text.strip().lower() == ALL:
        return list(range(24))
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and int(word) < 24 for word in words):
        raise BadSource(f"{text!r} are no hours.", next_step="Give hours from 0 to 23 by commas, or all.")
    return sorted({int(word) for word in words})


def days_of(text: str) -> list[int]:
    """`mon,thu` as numbers from 0; `all` for all. Raises BadSource."""
    if text.strip().lower() == ALL:
        return list(range(7))
    words = [word.strip().lower()[:3] for word in text.split(",") if word.strip()]
    if not all(word in DAYS for word in words):
        raise BadSource(f"{text!r} are no days.", next_step=f"Give some of {', '.join(DAYS)}, or all.")
    return sorted({DAYS.index(word) for word in words})


def lines(given: Sequence[str], columns: Sequence[Column]) -> tuple[Line, ...]:
    """`COLUMN=TO` as lines; a new custom field has the type that fits its column. Raises BadSource."""
    known = {column.name: column for column in columns}
    found = []
    for text in given:
        name, equals, to = (part.strip() for part in text.rpartition("="))
        if not equals or not name or not to:
            raise BadSource(
                f"{text!r} says not where a column goes.", next_step="Give COLUMN=TO, such as Email=EmailAddress."
            )
        kind = type_for(known.get(name, Column(name))) if to.startswith(NEW) else ""
        found.append(Line(name, to, kind))
    return tuple(found)
