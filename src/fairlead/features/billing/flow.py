"""What the billing room runs: look at the subscription, count people when that is due, let the plan follow the count.

Each stage reads before it writes, so that it may be stopped and begun again anywhere; one that fails does not stop the others.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from fairlead.domain.failure import Failure, the_one_to_act_on
from fairlead.features.billing import counting, keeping, rules
from fairlead.features.billing.rules import Subscription
from fairlead.jobs.context import JobContext, in_database
from fairlead.store.models import Org
from fairlead.sync import known, sides

PAYMENT, COUNT, PLAN, STANDING = "payment", "count", "plan", "standing"
STAGES: Final = [
    (PAYMENT, "Subscription at Stripe"),
    (COUNT, "Active people"),
    (PLAN, "Plan"),
    (STANDING, "What is due"),
]


async def run(context: JobContext) -> None:
    """One look. Raises BillingOff, PlansMissing, or the Failure of a stage that did not come to its end."""
    keeping.check_on()
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    await in_database(keeping.row_of, org)
    await context.stages(STAGES)
    look = _Look(context, org)
    failures: list[Failure] = []
    for name, work in ((PAYMENT, look.read), (COUNT, look.count), (PLAN, look.follow), (STANDING, look.tell)):
        await context.check_cancelled()
        await context.stage(name, state="running")
        try:
            said = await work()
        except Failure as failure:
            failures.append(failure)
            said = failure
        if said is None:
            await context.stage(name, state="done")
        else:  # something to be said is a message of its stage, and no failure of the job
            await context.stage(name, state="failed", message=str(said), code=said.code, step=said.step)
    if failures:
        raise the_one_to_act_on(failures, "stages", len(STAGES))


@dataclass(slots=True)
class _Look:
    """One run. Each stage gives what is to be said, or raises a Failure."""

    context: JobContext
    org: Org
    found: Subscription | None = None

    async def read(self) -> Failure | None:
        """Read what Stripe says now, whatever the news was."""
        from fairlead.features.billing.at_stripe import Stripe

        customer = (await in_database(keeping.row_of, self.org)).customer
        all_of_them = await asyncio.to_thread(lambda: Stripe().subscriptions(customer))
        self.found = rules.chosen(all_of_them)
        await in_database(keeping.note_reading, self.org, self.found, timezone.now(), self.context.fence)
        several = rules.living(all_of_them)
        return rules.SeveralSubscriptions(several) if several > 1 else None

    async def count(self) -> None:
        """Count people, where that is asked for or due."""
        row, now = await in_database(keeping.row_of, self.org), timezone.now()
        before, asked = keeping.counted(row), bool(self.context.args.get("count"))
        if not asked and not rules.count_due(before, now):
            return
        clients = [one.scope.id for one in await in_database(known.clients, self.org.pk) if one.selected]
        if clients:
            async with sides.campaign_monitor(self.org.pk) as account:
                found = await counting.count(account, clients, None if asked else before, now, self._ticked)
        else:
            found = counting.Count(0, 0, rules.Counted(now, now, b""))
        people = found.people if found.people is not None else row.people or 0
        await in_database(keeping.note_count, self.org, people, found.lists, found.basis, self.context.fence)
        await self.context.counts(people=people)

    async def follow(self) -> Failure | None:
        """Move the subscription to the plan that fits the count; nothing is moved before the first count."""
        row, plans = await in_database(keeping.row_of, self.org), keeping.plans()
        if row.people is None:
            return None
        plan = rules.move_to(plans, row.people, self.found)
        if plan is not None and self.found is not None:
            from fairlead.features.billing.at_stripe import Stripe

            before = self.found
            await asyncio.to_thread(lambda: Stripe().move(before, plan.price))
            await in_database(keeping.note_move, self.org, before.price, plan.price, self.context.fence)
        return rules.beyond(plans, row.people)

    async def tell(self) -> Failure | None:
        """What is due, if anything is."""
        row = await in_database(keeping.row_of, self.org)
        return rules.problem(keeping.standing_of(row), keeping.grace())

    async def _ticked(self, lists: int) -> None:
        await self.context.check_cancelled()
        await self.context.stage(COUNT, done=lists, unit="lists")
