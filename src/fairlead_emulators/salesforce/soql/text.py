"""Texts without regard to case. SQLite's NOCASE knows ASCII only: other letters are matched in both cases.

A few such letters become a list of spellings, so that an index still serves; many are folded row by row.
"""

import json
import sqlite3
from itertools import product
from typing import Any, Final

from fairlead_emulators.salesforce.model.schema import Field

FOLD: Final = "soql_fold"
"""The SQL function that lowers a text; `prepare` makes it known to a connection."""
MAX_SPELLINGS: Final = 64


def prepare(connection: sqlite3.Connection) -> None:
    """Make FOLD known."""
    connection.create_function(FOLD, 1, _fold, deterministic=True)


def _fold(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def point(value: str) -> tuple[float, float] | None:
    """Latitude and longitude of a kept location; None where one is missing."""
    found = json.loads(value)
    latitude, longitude = found.get("latitude"), found.get("longitude")
    return None if latitude is None or longitude is None else (float(latitude), float(longitude))


def simple(value: Any, field: Field) -> bool:
    """Whether the column's own collation compares this value rightly."""
    return not isinstance(value, str) or value.isascii() or not field.sql_type.endswith("NOCASE")


def folded(sql: str, field: Field) -> str:
    """SQL that is equal for texts equal but for their case."""
    return f"{FOLD}({sql})" if field.sql_type.endswith("NOCASE") else sql


def spellings(value: Any, field: Field) -> list[Any]:
    """The value in the cases that NOCASE takes for different texts: at most MAX_SPELLINGS of them.

    With more letters beyond ASCII than that allows: as written, all lower, all upper.
    """
    return [value] if simple(value, field) else _spellings(value) or [value, value.lower(), value.upper()]


def _spellings(value: str) -> list[str]:
    """Every mixture of upper and lower beyond ASCII; empty when there are too many."""
    choices = [_cases(c) for c in value]
    if sum(len(choice) > 1 for choice in choices) > MAX_SPELLINGS.bit_length() - 1:
        return []
    return ["".join(letters) for letters in product(*choices)]


def _cases(char: str) -> list[str]:
    return [char] if char.isascii() else sorted({c for c in (char, char.lower(), char.upper()) if len(c) == 1})


def equal(sql: str, value: str, params: list[Any]) -> str:
    """SQL of `sql` being the text in any case; adds its parameters."""
    found = _spellings(value)
    if found:
        params += found
        return f"{sql} IN ({', '.join('?' * len(found))})"
    params.append(value)
    return f"{FOLD}({sql}) = {FOLD}(?)"


def balanced(op: str, parts: list[str]) -> str:
    """The parts joined as a shallow tree: SQLite refuses chains deeper than 1,000."""
    if len(parts) <= 2:
        return "(" + f" {op} ".join(parts) + ")"
    half = len(parts) // 2
    return f"({balanced(op, parts[:half])} {op} {balanced(op, parts[half:])})"
