"""Segments as they are kept: a list's, with groups of rules."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.store import Store, SubscriberList
from fairlead_emulators.campaignmonitor.ties import next_number

TABLES: Final = """
CREATE TABLE IF NOT EXISTS segments (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, list INTEGER NOT NULL, title TEXT NOT NULL,
    rules TEXT NOT NULL, built_in INTEGER NOT NULL, changed REAL NOT NULL);
CREATE INDEX IF NOT EXISTS segments_by_list ON segments (list, n);
"""


@dataclass(frozen=True)
class Rule:
    """One rule: what it looks at, and the clause that must hold."""

    type: str
    clause: str


Groups = tuple[tuple[Rule, ...], ...]


@dataclass(frozen=True)
class Segment:
    """One segment: every group must hold, by any of its rules. `list`: the list's n; `changed`: unix seconds."""

    n: int
    id: str
    list: int
    title: str
    groups: Groups
    built_in: bool
    changed: float


def segments(store: Store, where: str = "1", *values: object) -> list[Segment]:
    """Segments that an SQL condition selects, in the order they were made."""
    found = store.db.execute(
        f"SELECT n, id, list, title, rules, built_in, changed FROM segments WHERE {where} ORDER BY n", values
    )
    return [
        Segment(n, identity, on, title, _groups(rules), bool(built_in), changed)
        for n, identity, on, title, rules, built_in, changed in found
    ]


def segment(store: Store, identity: str) -> Segment | None:
    """One segment by its id."""
    return next(iter(segments(store, "id = ?", identity.lower())), None)


def add(
    store: Store, on: SubscriberList, title: str, groups: Sequence[Sequence[Rule]], at: float, built_in: bool = False
) -> str:
    """Adds a segment and returns its id. `at`: unix seconds."""
    with store.transaction():
        number = next_number(store, "segments")
        identity = derived("segment", on.id, number, title)
        store.db.execute(
            "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, identity, on.n, title, _written(groups), int(built_in), at),
        )
    return identity


def keep(store: Store, changed: Segment) -> None:
    """Writes a segment's title, rules and time of change."""
    with store.transaction():
        store.db.execute(
            "UPDATE segments SET title = ?, rules = ?, changed = ? WHERE n = ?",
            (changed.title, _written(changed.groups), changed.changed, changed.n),
        )


def remove(store: Store, gone: Segment) -> None:
    """Deletes a segment."""
    with store.transaction():
        store.db.execute("DELETE FROM segments WHERE n = ?", (gone.n,))


def _written(groups: Sequence[Sequence[Rule]]) -> str:
    return json.dumps([[(each.type, each.clause) for each in group] for group in groups])


def _groups(text: str) -> Groups:
    read: list[list[Any]] = json.loads(text)
    return tuple(tuple(Rule(*each) for each in group) for group in read)
