"""Subscriber rules of a list, over both emulators: people in the org, who is on the list, and runs of the reaction that may die."""

import itertools
import urllib.error
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import async_to_sync

from fairlead import wiring
from fairlead.domain.criteria import Criterion
from fairlead.features.subscriber_rules import keeping, past, saving
from fairlead.features.subscriber_rules.flow import RulesReaction
from fairlead.features.subscriber_rules.keeping import Draft
from fairlead.features.subscriber_rules.models import PastRun, Rule
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job, State
from fairlead.store import setting_rows
from fairlead.store.ledger import PostgresLedger
from fairlead.store.models import KnownList, RowRefusal, ScopeState
from fairlead.sync.outward import OrgPage, OutwardRun
from fairlead.sync.stage import ClientScope
from tests.faults.whole import Killed, Mortal, Whole, _died

NEWS = "One news"
_numbers = itertools.count(9_000)


class Dies:
    """Progress and fence of a run that dies at its n-th word, or never."""

    def __init__(self, at: int = 0) -> None:
        self._left = at or 1_000_000

    def fence(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Killed

    async def stage(self, name: str, **told: Any) -> None:
        self.fence()

    async def check_cancelled(self) -> None:
        self.fence()


@dataclass
class RulesWorld:
    """One list with rules."""

    whole: Whole
    list_id: str = ""
    client: str = ""
    made: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, whole: Whole) -> "RulesWorld":
        found = KnownList.objects.get(org=whole.org, name=NEWS)
        return cls(whole, found.list_id, found.client_id)

    # ---- rules

    def rule(self, name: str, *rows: tuple[str, str, str], **more: Any) -> Rule:
        """Save a rule, enabled."""
        criteria = tuple(Criterion(*one) for one in rows)
        draft = Draft(self.list_id, name=name, criteria=criteria, **{"enabled": True, **more})
        return self.save(draft).rule

    def save(self, draft: Draft) -> saving.Saved:
        wiring.register_runners()
        return async_to_sync(saving.save)(self.whole.org, draft, "tests")

    def forget(self) -> None:
        """No rules, no memory of them, nobody of earlier tests in the org."""
        for rule in Rule.objects.filter(org=self.whole.org):
            keeping.delete(self.whole.org, rule.pk, "tests")
        PastRun.objects.all().delete()
        ScopeState.objects.filter(org=self.whole.org, kind="rules").delete()
        for one in self.made:
            self.whole.act(act="delete", object="Contact" if one.startswith("003") else "Lead", id=one)
        self.made.clear()

    # ---- people

    def contact(self, name: str, object: str = "Contact", **more: Any) -> str:
        """A contact or lead with an address made of its name."""
        fields = {"LastName": name, "Email": f"{name.lower()}@rules.example.com", **more}
        if object == "Lead":
            fields["Company"] = "Firm"
        told = self.whole.act(act="create", object=object, fields=fields)
        self.made.append(told["id"])
        return str(told["id"])

    def state(self, name: str) -> str:
        """Where the address of that name stands on the list in Campaign Monitor; blank where it is not on it."""
        found = self.subscriber(name)
        return str(found.get("State", "")) if found else ""

    def subscriber(self, name: str) -> dict[str, Any]:
        path = f"/api/v3.3/subscribers/{self.list_id}.json?email={address(name)}"
        try:
            return dict(self.whole._api("GET", path, None))
        except urllib.error.HTTPError:
            return {}

    def subscribe(self, name: str) -> None:
        self.whole.subscribe(self.list_id, address(name), Name=name)

    def reasons(self) -> list[str]:
        return sorted(RowRefusal.objects.filter(org=self.whole.org, scope__kind="rules").values_list("code", flat=True))

    # ---- runs

    def react(
        self, *ids: str, created: Collection[str] = (), object: str = "Contact", dies_at: int = 0, number: int = 0
    ) -> OutwardRun:
        """One run that is told of these records, as they are now. Raises Killed where it dies."""
        return self.react_to([(object, ids)], created, dies_at, number)

    def react_to(
        self,
        pages: Sequence[tuple[str, Sequence[str]]],
        created: Collection[str] = (),
        dies_at: int = 0,
        number: int = 0,
    ) -> OutwardRun:
        whole, dies = self.whole, Dies(dies_at)
        chosen = setting_rows.values(whole.org)
        wiring.register_runners()

        async def run() -> OutwardRun:
            async with wiring.open_sides(whole.org) as both:
                told = OutwardRun(
                    number or next(_numbers), whole.org.pk, [ClientScope(self.client, "One", "UTC")],
                    both.campaign_monitor, both.salesforce,
                    PostgresLedger(whole.org.pk, number or 1, dies.fence, wiring.ledger_keys()),
                    dies, datetime.now(UTC), chosen, dies.fence,
                )  # fmt: skip
                reaction = RulesReaction()
                wanted = await reaction.fields(told)
                for kind, ids in pages:
                    if kind in wanted:
                        columns = ", ".join(wanted[kind])
                        listed = ", ".join(f"'{one}'" for one in ids)
                        soql = f"SELECT {columns} FROM {kind} WHERE Id IN ({listed})"
                        rows = [row async for page in both.salesforce.query(soql) for row in page]
                        await reaction.page(told, OrgPage(kind, rows, frozenset(created)))
                await reaction.end(told)
                return told

        try:
            return async_to_sync(run)()
        except BaseException as raised:
            if _died(raised):
                raise Killed from raised
            raise

    def ask_past(self, rule: Rule, **more: Any) -> Job:
        """A job as a worker has claimed it."""
        job = past.ask(self.whole.org, rule.pk, "tests", **more)
        Job.objects.filter(pk=job.pk).update(state=State.RUNNING, attempt=1)
        job.refresh_from_db()
        return job

    def run_past(self, job: Job, dies_at: int = 0) -> None:
        """One attempt; the next one of the same job goes on. Raises Killed, or a Failure."""
        wiring.register_runners()
        context = Mortal(job, dies_at) if dies_at else JobContext(job)

        async def run() -> None:
            try:
                await past.run_over_past(context)
            finally:
                await context.close()

        try:
            async_to_sync(run)()
        except BaseException as raised:
            if _died(raised):
                job.attempt += 1
                job.save(update_fields=["attempt"])
                raise Killed from raised
            Job.objects.filter(pk=job.pk).update(state=State.FAILED)
            raise
        Job.objects.filter(pk=job.pk).update(state=State.DONE)
        job.refresh_from_db()


def address(name: str) -> str:
    return f"{name.lower()}@rules.example.com"
