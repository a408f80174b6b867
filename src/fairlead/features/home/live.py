"""What the first page reads from the org: two allowances and counts by day. Kept in memory for minutes; no person is in it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.db.models import IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from fairlead.features.home import rules
from fairlead.jobs.models import Job
from fairlead.jobs.states import ENDED
from fairlead.salesforce.client import Salesforce
from fairlead.store.models import Org
from fairlead.sync import org_days, sides
from fairlead.sync.failures import salesforce_failures
from fairlead.ui.charts import Chart, Series

T = TypeVar("T")
KEPT: Final = 300
"""Seconds for which what was read is shown again."""


def allowances(org: Org, now: datetime) -> list[rules.Allowance]:
    """Storage and API calls of the org. Raises a Failure."""

    async def work(crm: Salesforce) -> tuple[int, int, int, int]:
        with salesforce_failures("read the org's limits"):
            limits = await crm.limits()
        storage, calls = limits["DataStorageMB"], limits["DailyApiRequests"]
        return storage.used, storage.maximum, calls.used, calls.maximum

    used_mb, most_mb, used, most = _ask(org, "limits", work)
    return [rules.storage(used_mb, most_mb), rules.calls(used, most, our_calls(org, now))]


def our_calls(org: Org, now: datetime) -> int:
    """Calls to Salesforce of our jobs that ended within the last 24 hours."""
    ended = Job.objects.filter(org=org, state__in=ENDED, finished_at__gte=now - timedelta(days=1))
    calls = Cast(KeyTextTransform("sf_calls", "counts"), IntegerField())
    return int(ended.aggregate(calls=Sum(calls))["calls"] or 0)


def charts(org: Org, today: date, *, weekly: bool) -> list[Chart]:
    """Growth of the lists, and what people did with e-mails, of the last weeks. Raises a Failure."""
    first = org_days.first_day(today)

    async def work(crm: Salesforce) -> dict[str, Any]:
        kinds = tuple(kind for kind, _ in rules.EVENTS)
        joined, left, events = await asyncio.gather(
            org_days.joined(crm, first), org_days.left(crm, first), org_days.events(crm, first, kinds)
        )
        return {"joined": joined, "left": left, **events}

    counts = _ask(org, f"days {first} {today}", work)

    def series(what: str, label: str) -> Series:
        return Series(label, org_days.spread(counts[what], first, today, weekly=weekly)[1])

    labels, _ = org_days.spread({}, first, today, weekly=weekly)
    unit = "Week (UTC)" if weekly else "Day (UTC)"
    growth = [series("joined", "Joined"), series("left", "Left")]
    activity = [series(kind, label) for kind, label in rules.EVENTS]
    return [
        Chart("growth", "Members who joined and left lists", labels, growth, unit),
        Chart("activity", "Opens, clicks and bounces", labels, activity, unit),
    ]


def _ask(org: Org, what: str, question: Callable[[Salesforce], Awaitable[T]]) -> T:
    """The answer of the org, or the one that was given minutes ago."""
    key = f"home {org.pk} {what}".replace(" ", ":")
    kept: T | None = cache.get(key)
    if kept is not None:
        return kept

    async def work() -> T:
        async with sides.salesforce(org.pk) as crm:
            return await question(crm)

    answer = async_to_sync(work)()
    cache.set(key, answer, KEPT)
    return answer
