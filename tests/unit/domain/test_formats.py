"""Values as an e-mail says them."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fairlead.domain.formats import BadFormat, check, written


@pytest.mark.parametrize(
    ("value", "type", "pattern", "said"),
    [
        (None, "currency", "0", ""),
        (1234.5, "currency", "", "1,234.50"),
        (1234.5, "currency", "$#,##0.00", "$1,234.50"),
        (-1234.555, "double", "#,##0.00 EUR", "-1,234.56 EUR"),
        (-0.001, "double", "0.00", "0.00"),
        (3.0, "double", "", "3"),
        (0, "int", "", "0"),
        (15, "percent", "0%", "15%"),
        ("a lot", "int", "0", "a lot"),
        ("2026-03-09", "date", "", "2026-03-09"),
        ("2026-03-09", "date", "EEEE, d MMMM yyyy", "Monday, 9 March 2026"),
        ("2026-03-09", "date", "EEE dd.MM.yy", "Mon 09.03.26"),
        ("2026-03-09", "date", "M/d/yyyy 'at' MMM", "3/9/2026 at Mar"),
        ("2026-03-09T22:05:07.000+0000", "datetime", "", "2026-03-09 22:05"),
        ("2026-03-09T22:05:07.000+0000", "datetime", "h:mm a ss H hh", "10:05 PM 07 22 10"),
        ("00:30:00.000Z", "time", "h:mm a", "12:30 AM"),
        ("never", "date", "", "never"),
        (True, "boolean", "", "Yes"),
        (False, "boolean", "paid|open", "open"),
        ("a;b", "multipicklist", "", "a, b"),
        ("a;b", "string", "", "a;b"),
        (7, "double", "#.#", "7"),
    ],
)
def test_a_value_is_written_by_its_pattern(value: Any, type: str, pattern: str, said: str) -> None:
    assert written(value, type, pattern) == said


def test_a_moment_is_told_in_a_zone_of_choice() -> None:
    sydney, moment = ZoneInfo("Australia/Sydney"), "2026-01-31T22:05:07.000+0000"
    assert written(moment, "datetime", "d MMM HH:mm", sydney) == "1 Feb 09:05"
    assert written(moment, "datetime", "d MMM HH:mm", UTC) == "31 Jan 22:05"


@pytest.mark.parametrize(
    ("type", "pattern"),
    [
        ("double", "many"), ("date", "HH:mm"), ("date", "tomorrow"), ("time", "yyyy"), ("boolean", "Yes"),
        ("string", "0"), ("double", "0" * 61),
    ],
)  # fmt: skip
def test_a_pattern_that_does_not_fit_is_refused(type: str, pattern: str) -> None:
    with pytest.raises(BadFormat):
        check(type, pattern)


@pytest.mark.parametrize(
    ("type", "pattern"),
    [("string", ""), ("currency", "$#,##0.00"), ("datetime", "d MMM HH:mm"), ("time", "h:mm a"), ("boolean", "on|off")],
)
def test_a_pattern_that_fits_is_taken(type: str, pattern: str) -> None:
    check(type, pattern)
