"""Functions of fields: what each takes, what it gives, and its SQL."""

import math
import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.model.uses import aggregatable
from fairlead_emulators.salesforce.soql import text
from fairlead_emulators.salesforce.soql.ast import Call, Place
from fairlead_emulators.salesforce.soql.resolve import Resolved, Scope
from fairlead_emulators.salesforce.soql.tokens import SoqlError

NUMBERS: Final = frozenset({"int", "double", "currency", "percent", "long"})
IDS: Final = frozenset({"id", "reference"})
AGGREGATES: Final = frozenset({"count", "count_distinct", "sum", "avg", "min", "max"})
LOCAL: Final = "soql_local"
DISTANCE: Final = "soql_distance"

#: SQL of each part of a date; fiscal years are calendar years in this org.
_PARTS: Final = {
    "calendar_year": "CAST(SUBSTR({0}, 1, 4) AS INTEGER)",
    "calendar_month": "CAST(SUBSTR({0}, 6, 2) AS INTEGER)",
    "calendar_quarter": "((CAST(SUBSTR({0}, 6, 2) AS INTEGER) + 2) / 3)",
    "fiscal_year": "CAST(SUBSTR({0}, 1, 4) AS INTEGER)",
    "fiscal_month": "CAST(SUBSTR({0}, 6, 2) AS INTEGER)",
    "fiscal_quarter": "((CAST(SUBSTR({0}, 6, 2) AS INTEGER) + 2) / 3)",
    "day_in_month": "CAST(SUBSTR({0}, 9, 2) AS INTEGER)",
    "day_in_week": "(CAST(STRFTIME('%w', SUBSTR({0}, 1, 10)) AS INTEGER) + 1)",
    "day_in_year": "CAST(STRFTIME('%j', SUBSTR({0}, 1, 10)) AS INTEGER)",
    "week_in_month": "((CAST(SUBSTR({0}, 9, 2) AS INTEGER) + 6) / 7)",
    "week_in_year": "((CAST(STRFTIME('%j', SUBSTR({0}, 1, 10)) AS INTEGER) + 6) / 7)",
    "hour_in_day": "CAST(SUBSTR({0}, 12, 2) AS INTEGER)",
    "day_only": "SUBSTR({0}, 1, 10)",
}
DATE_PARTS: Final = frozenset(_PARTS)
FUNCTIONS: Final = (
    AGGREGATES | DATE_PARTS | {"tolabel", "format", "convertcurrency", "converttimezone", "grouping", "distance"}
)
INSIDE: Final = {
    "format": frozenset({"convertcurrency", "min", "max", "sum", "avg", "distance"}),
    **dict.fromkeys(DATE_PARTS, frozenset({"converttimezone"})),
}
"""Functions that may stand inside another."""
_FORMATTED: Final = NUMBERS | {"date", "datetime"}
_EARTH: Final = {"km": 6_371.0, "mi": 3_959.0}

fact("soql_functions")
fact("soql_currency")


@dataclass(frozen=True, slots=True)
class Functions:
    """Resolves functions for one query: in the user's zone; `subtotalled` are the SQL texts left out of a subtotal."""

    scope: Scope
    zone: tzinfo
    everything: bool = False
    subtotalled: frozenset[str] = frozenset()
    grouped: frozenset[str] | None = None

    def __call__(self, call: Call) -> Resolved:
        """The function of a field, typed by what it gives. Raises SoqlError."""
        if call.function == "count" and call.inner is None and not call.path:
            return Resolved("COUNT(*)", Field("count", "int"), ("count",))
        if call.function == "distance":
            return self._distance(call)
        if call.function in DATE_PARTS:
            return self._date_part(call)
        if call.function == "converttimezone":
            raise _malformed("convertTimezone() can only be used in a date function", call)
        inner = self(call.inner) if call.inner is not None else self.scope.resolve(call.path)
        if call.function in AGGREGATES:
            return _aggregate(call, inner)
        if call.function == "grouping":
            return self._grouping(call, inner)
        return _shown(call, inner)

    def _grouping(self, call: Call, inner: Resolved) -> Resolved:
        if self.grouped is None or inner.sql not in self.grouped:
            raise _malformed(f"GROUPING() needs a field of GROUP BY ROLLUP or CUBE: {call.path}", call)
        return Resolved(str(int(inner.sql in self.subtotalled)), Field("grouping", "int"), ("grouping",))

    def _date_part(self, call: Call) -> Resolved:
        inner = self.scope.resolve(call.path)
        moments = {"hour_in_day", "day_only"}
        if inner.field.type not in ({"datetime"} if call.function in moments else {"date", "datetime"}):
            raise _malformed(f"{call.function.upper()} needs a date field, not {call.path}", call)
        sql = inner.sql
        if call.inner is not None:
            if inner.field.type != "datetime":
                raise _malformed(f"convertTimezone() needs a date-time field, not {call.path}", call)
            sql = f"{LOCAL}({sql}, '{_key(self.zone)}')"
        kind = "date" if call.function == "day_only" else "int"
        return Resolved(_PARTS[call.function].format(sql), Field(call.function, kind), inner.path)

    def _distance(self, call: Call) -> Resolved:
        if not self.everything:
            raise SoqlError("MALFORMED_QUERY", "DISTANCE() is not served by this org", word="DISTANCE")
        inner, place = self.scope.resolve(call.path), call.place
        assert isinstance(place, Place)
        if inner.field.type not in {"location", "address"}:
            raise _malformed(f"DISTANCE() needs a location, not {call.path}", call)
        if abs(place.latitude) > 90 or abs(place.longitude) > 180:
            raise _malformed("latitudes lie between -90 and 90, longitudes between -180 and 180", call)
        sql = f"{DISTANCE}({inner.sql}, {place.latitude!r}, {place.longitude!r}, '{place.unit}')"
        return Resolved(sql, Field("distance", "double"), ("distance",))


def _key(zone: tzinfo) -> str:
    return str(zone).replace("'", "''")


def _malformed(message: str, call: Call) -> SoqlError:
    return SoqlError("MALFORMED_QUERY", message, word=call.path or call.function)


def _aggregate(call: Call, inner: Resolved) -> Resolved:
    kind, function = inner.field.type, call.function
    allowed = kind in NUMBERS if function in {"sum", "avg"} else aggregatable(inner.field)
    if not allowed or inner.display:
        message = f"field {call.path} does not support aggregate operator {function.upper()}"
        raise _malformed(message, call)
    if function in {"count", "count_distinct"}:
        counted = inner.sql if function == "count" else f"DISTINCT {text.folded(inner.sql, inner.field)}"
        return Resolved(f"COUNT({counted})", Field(function, "int"), inner.path)
    if function in {"sum", "avg"}:
        return Resolved(f"{function.upper()}({inner.sql})", replace(inner.field, type="double"), inner.path)
    return Resolved(f"{function.upper()}({inner.sql})", inner.field, inner.path)


def _shown(call: Call, inner: Resolved) -> Resolved:
    """`toLabel`, `FORMAT`, `convertCurrency`: the value itself, perhaps written for people."""
    kind = inner.field.type
    if call.function == "convertcurrency":
        if kind != "currency":
            raise _malformed(f"convertCurrency() needs a currency field, not {call.path}", call)
        return inner
    if call.function == "format":
        if kind not in _FORMATTED:
            raise _malformed(f"FORMAT() needs a number, date, time or currency field, not {call.path}", call)
        return replace(inner, display=True)
    if kind in NUMBERS | IDS | {"date", "datetime", "location", "address"}:
        raise _malformed(f"toLabel() needs a picklist, not {call.path}", call)
    return inner


def prepare(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection."""
    try:
        text.prepare(connection)
        connection.create_function(LOCAL, 2, _local, deterministic=True)
        connection.create_function(DISTANCE, 4, _distance, deterministic=True)
    except sqlite3.OperationalError:
        # it takes new ones at any time, but replaces none while a statement runs, such as a bulk query that is read
        # in parts: then they are known
        return


@lru_cache(maxsize=8)
def _zone(key: str) -> tzinfo:
    return UTC if key == "UTC" else ZoneInfo(key)


def _local(value: Any, zone: str) -> Any:
    """The moment as the zone's clock shows it."""
    if not isinstance(value, str):
        return None
    return datetime.fromisoformat(value).astimezone(_zone(zone)).isoformat()[:19]


def _distance(value: Any, latitude: float, longitude: float, unit: str) -> float | None:
    """Along the great circle."""
    if not isinstance(value, str):
        return None
    found = text.point(value)
    if found is None:
        return None
    one, other = math.radians(found[0]), math.radians(latitude)
    half = math.sin((other - one) / 2) ** 2
    half += math.cos(one) * math.cos(other) * math.sin(math.radians(longitude - found[1]) / 2) ** 2
    return 2 * _EARTH[unit] * math.asin(min(1.0, math.sqrt(half)))
