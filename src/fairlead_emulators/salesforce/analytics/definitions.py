"""Which reports the org has: as data, from what every org has and from what was deployed."""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.package import Component, deployed
from fairlead_emulators.salesforce.state.org import Org

fact("report_definitions")


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: column, operator, value."""

    column: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows of one value (or day, week, month …) stand together."""

    column: str
    granularity: str = "None"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class CrossFilter:
    """Only rows with (or without) records of another object that point to them."""

    column: str
    sobject: str
    field: str
    without: bool


@dataclass(frozen=True, slots=True)
class DateFilter:
    """The time frame: a duration such as `LAST_N_DAYS:7`, or `CUSTOM` from `start` to `end` (either may be empty)."""

    column: str = ""
    duration: str = "CUSTOM"
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """One report. `format` is TABULAR, SUMMARY or MATRIX; `sort` is (column, descending)."""

    name: str
    title: str
    type: str
    format: str
    columns: tuple[str, ...]
    description: str = ""
    folder: str = ""
    filters: tuple[Filter, ...] = ()
    logic: str = ""
    down: tuple[Grouping, ...] = ()
    across: tuple[Grouping, ...] = ()
    cross_filters: tuple[CrossFilter, ...] = ()
    date: DateFilter = DateFilter()
    aggregates: tuple[str, ...] = ("RowCount",)
    sort: tuple[str, bool] | None = None
    mine: bool = False
    details: bool = True
    rows: int | None = None


_DURATIONS: Final = {
    "INTERVAL_TODAY": "TODAY",
    "INTERVAL_YESTERDAY": "YESTERDAY",
    "INTERVAL_TOMORROW": "TOMORROW",
    "INTERVAL_THISWEEK": "THIS_WEEK",
    "INTERVAL_LASTWEEK": "LAST_WEEK",
    "INTERVAL_NEXTWEEK": "NEXT_WEEK",
    "INTERVAL_THISMONTH": "THIS_MONTH",
    "INTERVAL_LASTMONTH": "LAST_MONTH",
    "INTERVAL_NEXTMONTH": "NEXT_MONTH",
    "INTERVAL_CURRENT": "THIS_FISCAL_QUARTER",
    "INTERVAL_PREV1": "LAST_FISCAL_QUARTER",
    "INTERVAL_CURY": "THIS_YEAR",
    "INTERVAL_PREVY": "LAST_YEAR",
    "INTERVAL_CURFY": "THIS_FISCAL_YEAR",
    "INTERVAL_PREVFY": "LAST_FISCAL_YEAR",
    **{f"INTERVAL_LAST{days}": f"LAST_N_DAYS:{days}" for days in (7, 30, 60, 90, 120)},
    **{f"INTERVAL_NEXT{days}": f"NEXT_N_DAYS:{days}" for days in (7, 30, 60, 90, 120)},
}


def definitions(org: Org) -> dict[str, Definition]:
    """All reports by developer name; a deployed one replaces a standard one."""
    with org.storage.lock:
        components = deployed(org.storage.connection)
    found = [*_standard(), *(_from_xml(c) for c in components if _is_file(c, "Report"))]
    return {each.name: each for each in found}


def dashboards(org: Org) -> dict[str, tuple[str, str, str]]:
    """Title, description and folder of the deployed dashboards, by developer name."""
    with org.storage.lock:
        components = [c for c in deployed(org.storage.connection) if _is_file(c, "Dashboard")]
    found = {}
    for component in components:
        root = fromstring(component.xml)
        folder, _, name = component.full_name.rpartition("/")
        found[name] = (_text(root, "title") or name, _text(root, "description"), folder)
    return found


def _is_file(component: Component, kind: str) -> bool:
    """A report or dashboard, not the folder it lies in."""
    return component.type == kind and component.path.endswith(f".{kind.lower()}")


@cache
def _standard() -> tuple[Definition, ...]:
    text = (resources.files(__package__) / "standard.toml").read_text(encoding="utf-8")
    return tuple(_from_toml(each) for each in tomllib.loads(text)["report"])


def _from_toml(each: dict[str, Any]) -> Definition:
    down, across = (tuple(Grouping(*pair) for pair in each.pop(side, ())) for side in ("down", "across"))
    return replace(Definition(**each | {"columns": tuple(each["columns"])}), down=down, across=across)


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _text(element: Element, name: str) -> str:
    return next(((child.text or "").strip() for child in _children(element, name)), "")


def _name(text: str) -> str:
    """A column's name as the API says it."""
    return text.replace("$", ".")


def _from_xml(component: Component) -> Definition:
    root = fromstring(component.xml)
    folder, _, name = component.full_name.rpartition("/")
    criteria = [each for block in _children(root, "filter") for each in _children(block, "criteriaItems")]
    filters = [Filter(_name(_text(e, "column")), _text(e, "operator"), _text(e, "value")) for e in criteria]
    cross = [
        CrossFilter(
            _name(_text(e, "primaryTableColumn")),
            _text(e, "relatedTable"),
            _text(e, "relatedTableJoinColumn"),
            _text(e, "operation") == "without",
        )
        for e in _children(root, "crossFilters")
    ]
    sort = _name(_text(root, "sortColumn"))
    return Definition(
        name=name,
        title=_text(root, "name") or name,
        type=_text(root, "reportType"),
        format=_text(root, "format").upper() or "TABULAR",
        columns=tuple(_name(_text(each, "field")) for each in _children(root, "columns")),
        description=_text(root, "description"),
        folder=folder,
        filters=tuple(filters),
        logic=next((_text(block, "booleanFilter") for block in _children(root, "filter")), ""),
        down=_groupings(root, "groupingsDown"),
        across=_groupings(root, "groupingsAcross"),
        cross_filters=tuple(cross),
        date=_date_filter(root),
        aggregates=_aggregates(root),
        sort=(sort, _text(root, "sortOrder") == "Desc") if sort else None,
        mine=_text(root, "scope") == "user",
        details=_text(root, "showDetails") != "false",
        rows=int(_text(root, "rowLimit")) if _text(root, "rowLimit").isdecimal() else None,
    )


def _groupings(root: Element, tag: str) -> tuple[Grouping, ...]:
    return tuple(
        Grouping(_name(_text(e, "field")), _text(e, "dateGranularity") or "None", _text(e, "sortOrder") == "Desc")
        for e in _children(root, tag)
    )


def _date_filter(root: Element) -> DateFilter:
    for each in _children(root, "timeFrameFilter"):
        interval = _text(each, "interval")
        duration = _DURATIONS.get(interval, "CUSTOM")
        return DateFilter(_name(_text(each, "dateColumn")), duration, _text(each, "startDate"), _text(each, "endDate"))
    return DateFilter()


def _aggregates(root: Element) -> tuple[str, ...]:
    """`RowCount`, and sums and the like of columns: `s!AMOUNT`, `a!`, `mx!`, `m!`."""
    letters = {"Sum": "s", "Average": "a", "Maximum": "mx", "Minimum": "m"}
    found = [
        f"{letters[kind]}!{_name(_text(each, 'field'))}"
        for each in _children(root, "columns")
        for kind in (str(part.text).strip() for part in _children(each, "aggregateTypes"))
        if kind in letters
    ]
    return ("RowCount", *found)
