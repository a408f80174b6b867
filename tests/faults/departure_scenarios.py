"""What happens to subscribers when contacts and leads are deleted, merged, emptied or converted: the scenarios of the docs.

Each is played on both emulators (`test_departures.py`); the table in the documentation is made from this list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fairlead.domain.setting import Setting
from fairlead.features.departures.rules import OnDelete
from fairlead.features.departures.settings import ON_DELETE, ON_EMPTY, ON_MERGE

PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "deletes-merges-conversions.md"
BEGIN, END = "<!-- scenarios: begin -->", "<!-- scenarios: end -->"

OLD, NEW = "old", "new"
"""The address of the record that goes, and of the one that is kept."""


@dataclass(frozen=True)
class Scenario:
    """`before` and `after` are the states of the two addresses on one list; a missing one is not on the list.

    `act` is delete, empty, merge, merge-tick (the record that goes has Email Opt Out ticked), merge-same (both have the
    same address), delete-shared (another record has the address), convert or restore.
    """

    name: str
    says: str
    act: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    chosen: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


ON: Final[tuple[Setting[Any], ...]] = (ON_DELETE, ON_EMPTY, ON_MERGE)
DELETE = {ON_DELETE.name: OnDelete.DELETE}
UNSUBSCRIBE = {ON_DELETE.name: OnDelete.UNSUBSCRIBE}
EMPTY = {ON_EMPTY.name: True}
ACTIVE, OUT, GONE = "Active", "Unsubscribed", "Deleted"

SCENARIOS: Final = (
    Scenario("kept", "A contact is deleted", "delete", {OLD: ACTIVE}, {OLD: ACTIVE}, {}, "As chosen by default."),
    Scenario("deleted", "A contact is deleted", "delete", {OLD: ACTIVE}, {OLD: GONE}, DELETE),
    Scenario("left", "A contact is deleted", "delete", {OLD: ACTIVE}, {OLD: OUT}, UNSUBSCRIBE),
    Scenario(
        "stays-out", "A contact is deleted", "delete", {OLD: OUT}, {OLD: OUT}, DELETE,
        "Deleted would lose the opt-out.",
    ),
    Scenario(
        "shared", "A contact is deleted, a lead has the same address", "delete-shared", {OLD: ACTIVE}, {OLD: ACTIVE}, DELETE,
        "The person is still there.",
    ),
    Scenario(
        "restored", "A contact is deleted and brought back before Fairlead looks", "restore", {OLD: ACTIVE}, {OLD: ACTIVE},
        DELETE, "The present state counts.",
    ),
    Scenario("emptied-off", "The address of a contact is emptied", "empty", {OLD: ACTIVE}, {OLD: ACTIVE}),
    Scenario("emptied", "The address of a contact is emptied", "empty", {OLD: ACTIVE}, {OLD: GONE}, EMPTY),
    Scenario(
        "merged-same", "Two contacts with the same address are merged", "merge-same", {OLD: ACTIVE}, {OLD: ACTIVE}, DELETE,
        "The kept contact has the address.",
    ),
    Scenario(
        "moves", "Two contacts are merged; the kept one is on no list", "merge", {OLD: ACTIVE}, {NEW: ACTIVE}, {},
        "The membership moves, with its history.",
    ),
    Scenario(
        "both", "Two contacts are merged; both are on the list", "merge", {OLD: ACTIVE, NEW: ACTIVE},
        {OLD: GONE, NEW: ACTIVE}, {}, "One membership is left.",
    ),
    Scenario(
        "strongest", "Two contacts are merged; the one that goes has unsubscribed", "merge", {OLD: OUT, NEW: ACTIVE},
        {OLD: OUT, NEW: OUT}, {}, "The strongest opt-out stays.",
    ),
    Scenario(
        "not-back", "Two contacts are merged; the kept one has unsubscribed", "merge", {OLD: ACTIVE, NEW: OUT},
        {OLD: GONE, NEW: OUT}, {}, "Nobody is subscribed again.",
    ),
    Scenario(
        "tick", "Two contacts are merged; the one that goes has Email Opt Out ticked", "merge-tick", {OLD: ACTIVE},
        {OLD: GONE}, {}, "Nobody who opted out is added; the opt-out is remembered for the kept address.",
    ),
    Scenario(
        "merge-off", "Two contacts are merged; the kept one is on no list", "merge", {OLD: ACTIVE}, {OLD: ACTIVE},
        {ON_MERGE.name: False},
    ),
    Scenario(
        "converted", "A lead is converted", "convert", {OLD: ACTIVE}, {OLD: ACTIVE}, DELETE,
        "The subscriber stays; its records point to the contact.",
    ),
)  # fmt: skip


def table() -> str:
    """The scenarios as the documentation shows them."""
    lines = [
        "| What happens | On a list before | Options | On the list afterwards | Why |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in SCENARIOS:
        cells = (one.says, _states(one.before), _options(one.chosen), _states(one.after), one.why)
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(lines)


def _states(states: Mapping[str, str]) -> str:
    words = {OLD: "the address that goes", NEW: "the kept address"}
    return "; ".join(f"{words[which]}: {state}" for which, state in states.items())


def _options(chosen: Mapping[str, Any]) -> str:
    found = []
    for setting in ON:
        if setting.name in chosen:
            value = chosen[setting.name]
            labels = dict(getattr(setting, "choices", ()))
            found.append(f"*{setting.title}*: {labels.get(value, 'on' if value is True else 'off')}")
    return "; ".join(found) or "as by default"
