"""A report's definition as the API tells and takes it: `reportMetadata`, `reportExtendedMetadata`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fairlead_emulators.salesforce.analytics.cells import GRANULARITIES
from fairlead_emulators.salesforce.analytics.definitions import (
    CrossFilter,
    DateFilter,
    Definition,
    Filter,
    Grouping,
)
from fairlead_emulators.salesforce.analytics.groups import aggregate_label
from fairlead_emulators.salesforce.analytics.types import ReportType
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact

fact("report_metadata")
fact("report_limits_of_shape")

MAX_FILTERS: Final = 20
MAX_COLUMNS: Final = 100
FORMATS: Final = ("TABULAR", "SUMMARY", "MATRIX")


def told(report: Definition, kind: ReportType, record_id: str | None) -> dict[str, Any]:
    """`reportMetadata`."""
    return {
        "aggregates": list(report.aggregates),
        "chart": None,
        "crossFilters": [
            {
                "criteria": [],
                "includesObject": not each.without,
                "primaryEntityField": each.column,
                "relatedEntity": each.sobject,
                "relatedEntityJoinField": each.field,
            }
            for each in report.cross_filters
        ],
        "currency": None,
        "description": report.description or None,
        "detailColumns": list(report.columns),
        "developerName": report.name,
        "division": None,
        "folderId": None,
        "groupingsAcross": [_grouping(each) for each in report.across],
        "groupingsDown": [_grouping(each) for each in report.down],
        "hasDetailRows": report.details,
        "hasRecordCount": True,
        "historicalSnapshotDates": [],
        "id": record_id,
        "name": report.title,
        "reportBooleanFilter": report.logic or None,
        "reportFilters": [
            {
                "column": each.column,
                "filterType": "fieldValue",
                "isRunPageEditable": True,
                "operator": each.operator,
                "value": each.value,
            }
            for each in report.filters
        ],
        "reportFormat": report.format,
        "reportType": {"label": kind.label, "type": kind.name},
        "scope": "user" if report.mine else "organization",
        "showGrandTotal": True,
        "showSubtotals": True,
        "sortBy": [{"sortColumn": report.sort[0], "sortOrder": "Desc" if report.sort[1] else "Asc"}]
        if report.sort
        else [],
        "standardDateFilter": {
            "column": report.date.column or None,
            "durationValue": report.date.duration,
            "endDate": report.date.end or None,
            "startDate": report.date.start or None,
        },
        "standardFilters": [],
        **({"topRows": {"direction": "Asc", "rowLimit": report.rows}} if report.rows else {}),
    }


def _grouping(each: Grouping) -> dict[str, Any]:
    return {
        "dateGranularity": each.granularity,
        "name": each.column,
        "sortAggregate": None,
        "sortOrder": "Desc" if each.descending else "Asc",
    }


def extended(report: Definition, kind: ReportType) -> dict[str, Any]:
    """`reportExtendedMetadata`: label and data type of every column."""
    aggregates = {each: aggregate_label(report, kind, each) for each in report.aggregates}
    return {
        "aggregateColumnInfo": {
            name: {"acrossGroupingContext": None, "dataType": data, "downGroupingContext": None, "label": label}
            for name, (label, data) in aggregates.items()
        },
        "detailColumnInfo": {name: _info(kind, name) for name in report.columns},
        "groupingColumnInfo": {
            each.column: _info(kind, each.column) | {"groupingLevel": level}
            for side in (report.down, report.across)
            for level, each in enumerate(side)
        },
    }


def _info(kind: ReportType, name: str) -> dict[str, Any]:
    column = kind.column(name)
    return {"dataType": column.shown_field.type, "label": column.field.label}


def type_metadata(kind: ReportType) -> dict[str, Any]:
    """`reportTypeMetadata`: all columns that the report type has, table by table."""
    return {
        "categories": [
            {
                "label": table.sobject.label_plural,
                "columns": {
                    f"{table.name}.{name}" if kind.custom else name: {
                        "allowedInCustomDetailFormula": False,
                        "dataType": found.type,
                        "filterable": found.type != "location",
                        "filterValues": [{"apiName": v, "label": v, "name": v} for v in found.picklist],
                        "isLookup": found.type == "reference",
                        "label": found.label,
                        "uniqueCountable": False,
                    }
                    for name in table.listed
                    if (found := table.sobject.field(name)) is not None
                },
            }
            for table in kind.tables
        ]
    }


def merged(report: Definition, asked: Mapping[str, Any]) -> Definition:
    """The report with what a request's `reportMetadata` changes for this run. Raises ApiError 400."""
    changes: dict[str, Any] = {}
    try:
        for name, read in _READERS.items():
            if name in asked:
                changes |= read(asked[name])
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise _wrong(f"reportMetadata cannot be read: {type(error).__name__} in {name}") from None
    changed = replace(report, **changes)
    if len(changed.filters) > MAX_FILTERS:
        raise _wrong(f"The report has {len(changed.filters)} filters; at most {MAX_FILTERS} are allowed")
    if len(changed.columns) > MAX_COLUMNS:
        raise _wrong(f"The report has {len(changed.columns)} columns; at most {MAX_COLUMNS} are allowed")
    return changed


def _wrong(message: str) -> ApiError:
    return ApiError(400, "INVALID_REPORT_METADATA", message)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError
    return tuple(value)


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str | int | float | bool):
        raise TypeError
    return "" if value is None else str(value)


def _filters(value: Any) -> dict[str, Any]:
    found = tuple(Filter(str(e["column"]), str(e["operator"]), _text(e.get("value"))) for e in value or ())
    return {"filters": found}


def _groupings(side: str, value: Any) -> dict[str, Any]:
    found = tuple(
        Grouping(str(e["name"]), str(e.get("dateGranularity") or "None").capitalize(), e.get("sortOrder") == "Desc")
        for e in value or ()
    )
    if any(each.granularity not in GRANULARITIES for each in found):
        raise ValueError(side)
    return {side: found}


def _format(value: Any) -> dict[str, Any]:
    if value not in FORMATS:
        raise ValueError(value)
    return {"format": value}


def _sort(value: Any) -> dict[str, Any]:
    first = next(iter(value or ()), None)
    return {"sort": (str(first["sortColumn"]), first.get("sortOrder") == "Desc") if first else None}


def _date(value: Any) -> dict[str, Any]:
    if value is None:
        return {"date": DateFilter()}
    column, duration = _text(value.get("column")), _text(value.get("durationValue")) or "CUSTOM"
    return {"date": DateFilter(column, duration, _text(value.get("startDate")), _text(value.get("endDate")))}


def _cross(value: Any) -> dict[str, Any]:
    found = tuple(
        CrossFilter(
            str(e["primaryEntityField"]),
            str(e["relatedEntity"]),
            str(e["relatedEntityJoinField"]),
            not e.get("includesObject", True),
        )
        for e in value or ()
    )
    return {"cross_filters": found}


def _aggregates(value: Any) -> dict[str, Any]:
    found = _texts(value)
    if any(each != "RowCount" and each.partition("!")[0] not in ("s", "a", "m", "mx") for each in found):
        raise ValueError(value)
    return {"aggregates": found}


def _rows(value: Any) -> dict[str, Any]:
    return {"rows": max(1, int(value["rowLimit"])) if value else None}


_READERS: Final = {
    "aggregates": _aggregates,
    "crossFilters": _cross,
    "detailColumns": lambda value: {"columns": _texts(value)},
    "groupingsAcross": lambda value: _groupings("across", value),
    "groupingsDown": lambda value: _groupings("down", value),
    "hasDetailRows": lambda value: {"details": bool(value)},
    "reportBooleanFilter": lambda value: {"logic": _text(value)},
    "reportFilters": _filters,
    "reportFormat": _format,
    "scope": lambda value: {"mine": value == "user"},
    "sortBy": _sort,
    "standardDateFilter": _date,
    "topRows": _rows,
}
