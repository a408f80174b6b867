"""How values read in an e-mail: numbers, money, days, times, yes and no, by a pattern as spreadsheets and Salesforce know it.

`#,##0.00` groups and rounds a number, with words before or behind it (`$#,##0.00`, `#,##0.00 EUR`, `0%`); `d MMMM yyyy`
and `h:mm a` write days and times with English names; `Yes|No` writes a tick box. Blank: as short as it can be told.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

NUMBERS: Final = frozenset({"int", "long", "double", "currency", "percent"})
DAYS: Final = frozenset({"date", "datetime", "time"})
LONGEST: Final = 60
_DEFAULTS: Final[Mapping[str, str]] = {
    "currency": "#,##0.00",
    "date": "yyyy-MM-dd",
    "datetime": "yyyy-MM-dd HH:mm",
    "time": "HH:mm",
    "boolean": "Yes|No",
}
_NUMBER: Final = re.compile(r"([^#0]*)(#,##0|#?0)(?:\.(0+))?([^#0]*)", re.ASCII)
_TOKEN: Final = re.compile(r"yyyy|yy|MMMM|MMM|MM|M|dd|d|EEEE|EEE|HH|H|hh|h|mm|ss|a|'[^']*'|[^A-Za-z']+")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_OF_TIMES: Final = frozenset({"HH", "H", "hh", "h", "mm", "ss", "a"})


class BadFormat(ValueError):
    """A pattern does not fit a type of field; says what does."""


def check(type: str, pattern: str) -> None:
    """Raises BadFormat where values of this type cannot be written so."""
    if not pattern:
        return
    if len(pattern) > LONGEST:
        raise BadFormat(f"a format has at most {LONGEST} characters")
    if type in NUMBERS:
        if not _NUMBER.fullmatch(pattern):
            raise BadFormat("a number is written as 0, 0.00 or #,##0.00, with words before or behind it")
    elif type in DAYS:
        tokens = _tokens(pattern)
        if type == "date" and _OF_TIMES & set(tokens):
            raise BadFormat("a day has no hours: write it as d MMMM yyyy or yyyy-MM-dd")
        if type == "time" and not set(filter(str.isalpha, tokens)) <= _OF_TIMES:
            raise BadFormat("a time has no day: write it as HH:mm or h:mm a")
    elif type == "boolean":
        if pattern.count("|") != 1:
            raise BadFormat("a tick box is written as two words with a bar between them: Yes|No")
    else:
        raise BadFormat("only numbers, days, times and tick boxes take a format")


def written(value: Any, type: str, pattern: str, zone: tzinfo = UTC) -> str:
    """A value of Salesforce as the e-mail says it; null is blank. A value that is none of its type stays as it is."""
    if value is None:
        return ""
    pattern = pattern or _DEFAULTS.get(type, "")
    try:
        if type in NUMBERS:
            return _number(Decimal(str(value)), pattern)
        if type in DAYS:
            return _day(_moment(str(value), type, zone), pattern)
        if type == "boolean":
            yes, no = pattern.split("|")
            return yes if value in (True, "true") else no
    except (InvalidOperation, ValueError):
        pass
    return str(value).replace(";", ", ") if type == "multipicklist" else str(value)


def _number(number: Decimal, pattern: str) -> str:
    if not pattern:
        return f"{number.normalize():f}" if number else "0"
    match = _NUMBER.fullmatch(pattern)
    if match is None:
        raise ValueError(pattern)
    before, whole, places, behind = match.groups()
    rounded = number.quantize(Decimal(1).scaleb(-len(places or "")), rounding=ROUND_HALF_UP)
    told = f"{rounded.copy_abs():{',' if ',' in whole else ''}f}"
    sign = "-" if rounded < 0 else ""
    return f"{sign}{before}{told}{behind}"


def _moment(text: str, type: str, zone: tzinfo) -> datetime:
    if type == "date":
        return datetime.combine(date.fromisoformat(text[:10]), time(), UTC)
    if type == "time":
        return datetime.combine(date(2000, 1, 1), time.fromisoformat(text.rstrip("Z")), UTC)
    return datetime.fromisoformat(text.replace("+0000", "+00:00")).astimezone(zone)


def _tokens(pattern: str) -> list[str]:
    found = _TOKEN.findall(pattern)
    if "".join(found) != pattern:
        raise BadFormat("a day or time takes d, dd, EEE, EEEE, M, MM, MMM, MMMM, yy, yyyy, H, HH, h, hh, mm, ss and a")
    return list(found)


def _day(at: datetime, pattern: str) -> str:
    hour = at.hour % 12 or 12
    words = {
        "yyyy": f"{at.year:04}", "yy": f"{at.year % 100:02}", "MMMM": _MONTHS[at.month - 1],
        "MMM": _MONTHS[at.month - 1][:3], "MM": f"{at.month:02}", "M": str(at.month), "dd": f"{at.day:02}",
        "d": str(at.day), "EEEE": _WEEKDAYS[at.weekday()], "EEE": _WEEKDAYS[at.weekday()][:3], "HH": f"{at.hour:02}",
        "H": str(at.hour), "hh": f"{hour:02}", "h": str(hour), "mm": f"{at.minute:02}", "ss": f"{at.second:02}",
        "a": "AM" if at.hour < 12 else "PM",
    }  # fmt: skip
    return "".join(words.get(token, token.strip("'") or "'") for token in _tokens(pattern))
