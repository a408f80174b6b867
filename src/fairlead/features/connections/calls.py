"""Counts the calls to both sides of an org, and notes what is left of the org's API calls, for whoever watches."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, transaction

from fairlead.salesforce.limits import Budget
from fairlead.salesforce.transport import Call
from fairlead.store import measures, tracing

log = structlog.get_logger(__name__)

CALLS: Final = "calls"
CALLS_LEFT: Final = "salesforce_calls_left"
CALLS_LIMIT: Final = "salesforce_calls_limit"
CAMPAIGN_MONITOR: Final = "campaign_monitor"
SALESFORCE: Final = "salesforce"


class Heard(Protocol):
    """Who hears of every call to either side."""

    def campaign_monitor_call(self, method: str, template: str, status: int) -> None: ...
    def salesforce_call(self, call: Call) -> None: ...


def outcome(status: int) -> str:
    """How a call ended, in one word; `status` 0: no answer came."""
    if status == 429:
        return "limited"
    if status == 0:
        return "no_answer"
    return "ok" if status < 400 else "refused" if status < 500 else "failed"


@dataclass(slots=True)
class Counting:
    """Counts in memory while a side is open, tells `beside` of each call, and writes once when the side is closed."""

    org_id: int
    beside: Heard | None = None
    made: Counter[tuple[str, str]] = field(default_factory=Counter)

    def campaign_monitor_call(self, method: str, template: str, status: int) -> None:
        self.made[CAMPAIGN_MONITOR, outcome(status)] += 1
        tracing.record("call", 0.0, side=CAMPAIGN_MONITOR, method=method, door=template, status=status, org=self.org_id)
        if self.beside:
            self.beside.campaign_monitor_call(method, template, status)

    def salesforce_call(self, call: Call) -> None:
        self.made[SALESFORCE, outcome(call.status)] += 1
        told: dict[str, str | int] = {"method": call.method, "door": call.door, "status": call.status}
        tracing.record("call", call.seconds, side=SALESFORCE, org=self.org_id, **told)
        if self.beside:
            self.beside.salesforce_call(call)

    async def write(self, budget: Budget | None = None) -> None:
        """Add what was counted. That the database is away is logged: no work fails because it was not counted."""
        try:
            await sync_to_async(self._write)(budget)
        except DatabaseError as error:
            log.warning("calls not counted", error=type(error).__name__)

    def _write(self, budget: Budget | None) -> None:
        with transaction.atomic():
            for (side, how), count in sorted(self.made.items()):
                measures.add(self.org_id, CALLS, count, side=side, outcome=how)
            if budget is not None and budget.limit is not None and budget.remaining is not None:
                measures.put(self.org_id, CALLS_LEFT, budget.remaining)
                measures.put(self.org_id, CALLS_LIMIT, budget.limit)
        self.made.clear()
