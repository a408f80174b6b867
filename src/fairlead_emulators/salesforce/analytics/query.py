"""A report as SOQL: which rows it has, in which order."""

from collections.abc import Iterator

from fairlead_emulators.salesforce.analytics.definitions import CrossFilter, DateFilter, Definition
from fairlead_emulators.salesforce.analytics.types import ReportType
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables.filters import BadFilter, combined, condition

fact("report_filters")
fact("report_cross_filters")


def where(org: Org, report: Definition, kind: ReportType) -> str:
    """The condition of the report's rows, with `WHERE`; empty when all rows are wanted. Raises ApiError 400."""
    try:
        parts = [*kind.where, *_dates(report.date, kind)]
        if report.mine and kind.sobject.field("OwnerId"):
            parts.append(f"OwnerId = '{org.acting_user()}'")
        parts += [_cross(org, each, kind) for each in report.cross_filters]
        own = [condition(kind.column(each.column), each.operator, each.value) for each in report.filters]
        if own:
            parts.append(f"({combined(own, report.logic)})")
    except BadFilter as error:
        raise ApiError(400, "INVALID_REPORT_METADATA", str(error)) from None
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def _dates(frame: DateFilter, kind: ReportType) -> Iterator[str]:
    if frame.duration != "CUSTOM":
        yield condition(kind.column(frame.column), "equals", frame.duration)
        return
    if frame.start:
        yield condition(kind.column(frame.column), "greaterOrEqual", frame.start)
    if frame.end:
        yield condition(kind.column(frame.column), "lessOrEqual", frame.end)


def _cross(org: Org, each: CrossFilter, kind: ReportType) -> str:
    other = org.storage.schema.object(each.sobject)
    field = other.field(each.field) if other else None
    if other is None or field is None:
        raise BadFilter(f"The cross filter names what the org lacks: {each.sobject}.{each.field}")
    joint = "NOT IN" if each.without else "IN"
    column = kind.column(each.column)
    return f"{column.path} {joint} (SELECT {field.name} FROM {other.name} WHERE {field.name} != null)"


def order(report: Definition, kind: ReportType) -> str:
    """`ORDER BY` of detail rows: groups first, then the report's own order, then by id so that it is total."""
    keys = [
        f"{kind.column(g.column).shown} {'DESC' if g.descending else 'ASC'}" for g in (*report.down, *report.across)
    ]
    if report.sort:
        column = kind.column(report.sort[0])
        keys.append(f"{column.shown} {'DESC NULLS LAST' if report.sort[1] else 'ASC NULLS FIRST'}")
    paths = [key.partition(" ")[0] for key in keys]
    unique = [key for place, key in enumerate(keys) if paths[place] not in paths[:place]]
    return " ORDER BY " + ", ".join([*unique, *(["Id"] if "Id" not in paths else [])])


def paths(report: Definition, kind: ReportType) -> list[str]:
    """What detail rows select: each column's value, and its parent's name or its own record's id."""
    found: dict[str, None] = {"Id": None}
    for name in (*report.columns, *(each.column for each in (*report.down, *report.across))):
        column = kind.column(name)
        found |= {column.path: None, column.shown: None}
        holder = column.path.rpartition(".")[0]
        if holder:
            found[f"{holder}.Id"] = None
    return list(found)
