"""A reaction that remembers what it was handed, and runs over changes of a whole installation in this process."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync

from fairlead import wiring
from fairlead.domain.failure import Failure
from fairlead.features.org_changes import rules
from fairlead.features.org_changes.offered import Make, offer
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job, State
from fairlead.sync.outward import ACCOUNT, CONTACT, LEAD, Gone, OrgPage, OutwardRun
from fairlead.wiring.run_changes import run_org_changes
from tests.faults.whole import Killed, Mortal, Told, Whole, _died

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
    job = Job.objects.filter(org=whole.org, kind=rules.KIND, state=State.RUNNING).first()
    if job is None:
        job = Job.objects.create(org=whole.org, kind=rules.KIND, args=args, state=State.RUNNING, attempt=1)
    else:
        job.attempt += 1
        job.save(update_fields=["attempt"])
    context = Mortal(job, dies_at) if dies_at else JobContext(job)
    failure: Failure | None = None

    async def run() -> None:
        try:
            await run_org_changes(context)
        finally:
            await context.close()

    try:
        async_to_sync(run)()
    except Failure as raised:
        failure = raised
    except BaseException as raised:
        if _died(raised):
            raise Killed from raised
        raise
    job.refresh_from_db()
    Job.objects.filter(pk=job.pk).update(state=State.FAILED if failure else State.DONE)
    return Told(failure, {stage["name"]: stage for stage in job.stages}, dict(job.counts))


__all__ = ["ACCOUNT", "CONTACT", "LEAD", "Remembers", "changes", "react"]
