"""A reaction that remembers what it was handed, and runs over changes of a whole installation in this process."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairlead import wiring
from fairlead.features.org_changes import rules
from fairlead.features.org_changes.offered import Make, offer
from fairlead.sync.outward import ACCOUNT, CONTACT, LEAD, Gone, OrgPage, OutwardRun
from fairlead.wiring.run_changes import run_org_changes
from tests.faults.whole import Told, Whole

FIELDS = {CONTACT: ["Email", "LastName", "HasOptedOutOfEmail", "Account.Industry"], LEAD: ["Email", "IsConverted"]}


@dataclass
class Remembers:
    """What one reaction was handed since the last `clear`."""

    name: str = "remembers"
    title: str = "Remembers"
    wants: Mapping[str, Collection[str]] = field(default_factory=lambda: FIELDS)
    failure: Exception | None = None
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    gone: dict[str, Gone] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    times: Counter[str] = field(default_factory=Counter)
    bulk: set[bool] = field(default_factory=set)

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        return self.wants

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        assert len(page.records) + len(page.gone) <= 2_000
        self.bulk.add(page.bulk)
        self.created |= page.created
        for one in page.records:
            self.records[str(one["Id"])] = one
            self.times[str(one["Id"])] += 1
        for gone in page.gone:
            self.gone[gone.id] = gone
            self.times[gone.id] += 1

    async def end(self, run: OutwardRun) -> None:
        if self.failure is not None:
            raise self.failure

    def clear(self) -> None:
        for each in (self.records, self.gone, self.created, self.times, self.bulk):
            each.clear()


def react(*makes: Make, if_paused: Collection[Make] = ()) -> None:
    """Have the house wired, with these reactions."""
    wiring.register_runners()
    offer(makes, if_paused=tuple(if_paused))


def changes(whole: Whole, /, *, dies_at: int = 0, **args: Any) -> Told:
    """One run over changes in a job's row, as the worker makes it. Raises Killed where it dies."""
    return whole.work(rules.KIND, run_org_changes, args, dies_at)


__all__ = ["ACCOUNT", "CONTACT", "LEAD", "Remembers", "changes", "react"]
