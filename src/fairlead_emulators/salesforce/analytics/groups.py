"""Groups of a summary or matrix report, and what is counted and summed in each."""

from dataclasses import dataclass, field
from typing import Any, Final

from fairlead_emulators.salesforce.analytics.cells import NONE, span
from fairlead_emulators.salesforce.analytics.definitions import Definition, Grouping
from fairlead_emulators.salesforce.analytics.types import ReportType
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field

fact("report_fact_map")
fact("report_aggregates")

Path = tuple[str, ...]
_KINDS: Final = {"s": "Sum of", "a": "Average", "mx": "Largest", "m": "Smallest"}


@dataclass(slots=True)
class Tally:
    """Count of rows; count, sum, least and largest of each aggregated column."""

    rows: int = 0
    columns: dict[str, list[float]] = field(default_factory=dict)

    def add(self, values: dict[str, float | None]) -> None:
        """One more row."""
        self.rows += 1
        for name, value in values.items():
            if value is None:
                continue
            kept = self.columns.setdefault(name, [0, 0.0, value, value])
            kept[0] += 1
            kept[1] += value
            kept[2], kept[3] = min(kept[2], value), max(kept[3], value)

    def told(self, aggregate: str) -> dict[str, Any]:
        """Label and value of `RowCount`, `s!COLUMN` …"""
        if aggregate == "RowCount":
            return {"label": f"{self.rows:,}", "value": self.rows}
        kind, _, name = aggregate.partition("!")
        count, total, least, most = self.columns.get(name, [0, 0.0, 0.0, 0.0])
        value = {"s": total, "a": total / count if count else 0.0, "m": least, "mx": most}[kind]
        return {"label": f"{value:,.2f}", "value": value}


@dataclass(frozen=True, slots=True)
class Group:
    """A value by which rows stand together; `key` sorts, `value` and `label` are told."""

    key: tuple[int, str]
    value: str | None
    label: str


def group_of(grouping: Grouping, kind: Field, value: str, label: str) -> Group:
    """The group of a row, from the text of its value and of what people see."""
    if value == "":
        return Group((0, ""), None, NONE)
    if kind.type in ("date", "datetime"):
        first, named = span(grouping.granularity, value)
        return Group((1, first), first, named)
    return Group((1, label.lower()), value, label)


@dataclass(slots=True)
class Side:
    """The groups down or across: a tree by value."""

    groupings: tuple[Grouping, ...]
    tree: dict[Group, Any] = field(default_factory=dict)

    def put(self, groups: tuple[Group, ...]) -> None:
        """Notes that a row stands there."""
        level = self.tree
        for group in groups:
            level = level.setdefault(group, {})

    def keys(self) -> dict[tuple[Group, ...], str]:
        """`0_1` of each group, by the groups that lead there; `T` of all."""
        found: dict[tuple[Group, ...], str] = {(): "T"}

        def walk(level: dict[Group, Any], so_far: tuple[Group, ...], key: str) -> None:
            for place, group in enumerate(self._sorted(level, len(so_far))):
                own = f"{key}_{place}" if key else str(place)
                found[(*so_far, group)] = own
                walk(level[group], (*so_far, group), own)

        walk(self.tree, (), "")
        return found

    def _sorted(self, level: dict[Group, Any], depth: int) -> list[Group]:
        descending = depth < len(self.groupings) and self.groupings[depth].descending
        return sorted(level, key=lambda group: group.key, reverse=descending)

    def told(self) -> dict[str, Any]:
        """`{groupings: [{key, label, value, groupings}]}`."""

        def items(level: dict[Group, Any], depth: int, key: str) -> list[dict[str, Any]]:
            return [
                {
                    "groupings": items(level[group], depth + 1, own),
                    "key": own,
                    "label": group.label,
                    "value": group.value,
                }
                for place, group in enumerate(self._sorted(level, depth))
                for own in [f"{key}_{place}" if key else str(place)]
            ]

        return {"groupings": items(self.tree, 0, "")}


def aggregate_label(report: Definition, kind: ReportType, aggregate: str) -> tuple[str, str]:
    """Label and data type of an aggregate."""
    if aggregate == "RowCount":
        return "Record Count", "int"
    letter, _, name = aggregate.partition("!")
    found = kind.column(name)
    return f"{_KINDS.get(letter, letter)} {found.field.label}", found.field.type
