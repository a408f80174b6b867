"""What people do about moving in: look, take over, read the report. Pages and commands call these."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction

from fairlead.features.moving_in import hold, ports, reading
from fairlead.features.moving_in.models import MoveIn, Outcome
from fairlead.features.moving_in.rules import planning
from fairlead.features.moving_in.rules.words import Item, Verdict
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import sides, standing

KIND: Final = "move_in"
TITLE: Final = "Moving in"


@dataclass(frozen=True, slots=True)
class Shown:
    """An item with what became of it, if it was taken over once."""

    item: Item
    outcome: Outcome | None = None

    def as_json(self) -> dict[str, Any]:
        """As commands print it."""
        done = self.outcome
        told = {"state": done.state, "text": done.text, "code": done.code} if done else None
        return self.item.as_json() | {"outcome": told}

    @property
    def line(self) -> tuple[str, ...]:
        """As a line of the report."""
        done = self.outcome
        state = f"{done.get_state_display()}. {done.text}".strip() if done else ""
        item = self.item
        told = f"{item.reason} {item.assumed}".strip()
        return (item.kind.value, item.list_name, item.title, item.verdict.value, told, "; ".join(item.writes), state)


HEAD: Final = ("Kind", "List", "What", "Verdict", "Why", "What is written", "What became of it")


def look(org: Org) -> list[Item]:
    """The plan, read live; whether the package works is noted too. Raises NothingThere, or another Failure."""
    return async_to_sync(plan_of)(org)


async def plan_of(org: Org) -> list[Item]:
    """The same, in the event loop."""
    here = await sync_to_async(ports.here)(org)
    connected = (await sync_to_async(standing.of)(org.pk)).org_id
    seen = await sync_to_async(hold.kept)(org)
    async with sides.salesforce(org.pk) as crm:
        await hold.look(seen, crm, connected)
        await sync_to_async(seen.save)()
        return planning.plan(await reading.read(crm), here)


def apply(org: Org, keys: Collection[str], by: str) -> Job:
    """Ask for these items to be taken over. Raises NoSuchItem for what cannot be, NothingThere, or another Failure."""
    items = planning.chosen(look(org), keys)
    with transaction.atomic():
        move = MoveIn.objects.create(org=org, keys=[item.key for item in items], asked_by=by)
        audit.record(org, by, "move in", f"{len(items)} items", after=move.keys)
        return api.ask(org, KIND, args={"move": move.pk}, by=by)


def with_outcomes(org: Org, items: Sequence[Item]) -> list[Shown]:
    """Items with what became of them."""
    found = {row.key: row for row in Outcome.objects.filter(org=org)}
    return [Shown(item, found.get(item.key)) for item in items]


def usual(items: Sequence[Item]) -> list[str]:
    """The keys of what is ticked unasked."""
    return [item.key for item in items if item.ticked]


def left(shown: Sequence[Shown]) -> list[Shown]:
    """What has no counterpart, needs a person, or was refused."""
    return [
        one
        for one in shown
        if one.item.verdict is not Verdict.TAKE or (one.outcome is not None and one.outcome.state == "refused")
    ]
