"""A run of a report: detail rows up to 2,000, groups, totals over all rows."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from fairlead_emulators.salesforce.analytics import query
from fairlead_emulators.salesforce.analytics.cells import cell
from fairlead_emulators.salesforce.analytics.definitions import Definition, Grouping
from fairlead_emulators.salesforce.analytics.groups import Group, Side, Tally, group_of
from fairlead_emulators.salesforce.analytics.types import ReportType
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.soql import door as soql_door
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables.columns import Column

fact("report_2000_rows")

MAX_ROWS: Final = 2_000


def run(org: Org, report: Definition, kind: ReportType, version: str, *, details: bool) -> dict[str, Any]:
    """`allData`, `factMap`, `groupingsDown`, `groupingsAcross`. Raises ApiError 400."""
    condition = query.where(org, report, kind)
    most = min(report.rows or MAX_ROWS, MAX_ROWS)
    down, across = Side(report.down), Side(report.across)
    tallies: defaultdict[tuple[tuple[Group, ...], tuple[Group, ...]], Tally] = defaultdict(Tally)
    for groups_down, groups_across, values in _all_rows(org, report, kind, condition):
        down.put(groups_down)
        across.put(groups_across)
        for one, other in product(_prefixes(groups_down), _prefixes(groups_across)):
            tallies[one, other].add(values)
    total = tallies[(), ()].rows
    rows: dict[tuple[tuple[Group, ...], tuple[Group, ...]], list[Any]] = defaultdict(list)
    if details:
        for groups_down, groups_across, cells in _details(org, report, kind, condition, version, most):
            rows[groups_down, groups_across].append({"dataCells": cells})
    down_keys, across_keys = down.keys(), across.keys()
    fact_map = {}
    for one, other in product(down_keys, across_keys):
        tally = tallies.get((one, other), Tally())
        fact_map[f"{down_keys[one]}!{across_keys[other]}"] = {
            "aggregates": [tally.told(each) for each in report.aggregates],
            **({"rows": rows.get((one, other), [])} if details else {}),
        }
    wanted = min(total, report.rows) if report.rows else total
    return {
        "allData": not details or wanted <= most,
        "factMap": fact_map,
        "groupingsDown": down.told(),
        "groupingsAcross": across.told(),
        "hasDetailRows": details,
    }


def _prefixes(groups: tuple[Group, ...]) -> list[tuple[Group, ...]]:
    return [groups[:length] for length in range(len(groups) + 1)]


def _all_rows(
    org: Org, report: Definition, kind: ReportType, condition: str
) -> Iterator[tuple[tuple[Group, ...], tuple[Group, ...], dict[str, float | None]]]:
    """Groups and aggregated values of every row, however many there are."""
    groupings = (*report.down, *report.across)
    aggregated = {each: kind.column(each.partition("!")[2]) for each in report.aggregates if "!" in each}
    columns = [kind.column(each.column) for each in groupings]
    asked = dict.fromkeys(
        ["Id", *(p for c in columns for p in (c.path, c.shown)), *(c.path for c in aggregated.values())]
    )
    header, pages = soql_door.stream(
        org, f"SELECT {', '.join(asked)} FROM {kind.sobject.name}{condition}", deleted=False
    )
    place = {path: at for at, path in enumerate(header)}
    for page in pages:
        for row in page:
            found = [
                group_of(grouping, column.field, row[place[column.path]], row[place[column.shown]])
                for grouping, column in zip(groupings, columns, strict=True)
            ]
            values = {name.partition("!")[2]: _number(row[place[c.path]]) for name, c in aggregated.items()}
            split = len(report.down)
            yield tuple(found[:split]), tuple(found[split:]), values


def _number(text: str) -> float | None:
    return float(text) if text else None


def _details(
    org: Org, report: Definition, kind: ReportType, condition: str, version: str, most: int
) -> Iterator[tuple[tuple[Group, ...], tuple[Group, ...], list[dict[str, Any]]]]:
    asked = ", ".join(query.paths(report, kind))
    text = f"SELECT {asked} FROM {kind.sobject.name}{condition}{query.order(report, kind)} LIMIT {most}"
    for record in soql_door.ask(org, text, version, deleted=False).records:
        cells = [_cell(kind, kind.column(name), record) for name in report.columns]
        groups = [tuple(_group(kind, each, record) for each in side) for side in (report.down, report.across)]
        yield groups[0], groups[1], cells


def _group(kind: ReportType, grouping: Grouping, record: dict[str, Any]) -> Group:
    column = kind.column(grouping.column)
    value, label = (_text(_at(record, path)) for path in (column.path, column.shown))
    return group_of(grouping, column.field, value, label)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _at(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _cell(kind: ReportType, column: Column, record: dict[str, Any]) -> dict[str, Any]:
    """A data cell; a record's name and a look-up have the record's id as value."""
    value = _at(record, column.path)
    if column.shown != column.path:
        return cell(column.field, value, _at(record, column.shown))
    holder, _, last = column.path.rpartition(".")
    named = kind.sobject if not holder else _holder(kind, holder)
    if named is not None and last == named.name_field and last != "Id" and value is not None:
        return {"label": value, "value": _at(record, f"{holder}.Id" if holder else "Id")}
    return cell(column.field, value)


def _holder(kind: ReportType, path: str) -> Any:
    sobject: Any = kind.sobject
    for name in path.split("."):
        lookup = sobject.by_relationship(name) if sobject else None
        sobject = kind.schema.object(lookup.reference_to[0]) if lookup else None
    return sobject
