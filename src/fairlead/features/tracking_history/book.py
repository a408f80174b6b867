"""The book of events on PostgreSQL. Obeys `fairlead.sync.event_ports.Book`; people stand in it as keyed hashes only.

What a reading notes stays in memory, added up, until it ends; only of a large one parts are put aside (`NotedEvents`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.features.tracking_history import settling
from fairlead.features.tracking_history.models import EventScope, NotedEvents
from fairlead.features.tracking_history.notes import Remembered, Tally
from fairlead.features.tracking_history.settling import Open
from fairlead.sync.event_ports import Noted, Settled


class PostgresBook:
    """What is remembered of the events of an org's e-mails. `fence` is called inside each transaction; it raises if stale."""

    def __init__(self, org_id: int, fence: Callable[[], None]) -> None:
        self._org = org_id
        self._fence = fence
        self._open: dict[Scope, Open] = {}
        self._left: set[tuple[str, str]] | None = None
        self._first = asyncio.Lock()

    @sync_to_async
    def all_known(self) -> dict[tuple[str, str], Known]:
        """By e-mail and kind, what is known as of the last reading that came to its end."""
        found = EventScope.objects.filter(org_id=self._org, ended=True)
        return {(row.mail, row.kind): _known(row) for row in found.iterator(chunk_size=2_000)}

    async def begin(self, scope: Scope) -> None:
        """A reading begins: forget what one that never ended had noted."""
        async with self._first:  # several begin together
            if self._left is None:
                self._left = await self._left_by_others()
        before, name = self._open.get(scope), (scope.list, scope.kind)
        if name in self._left or (before is not None and before.put_aside):
            await self._forget_noted(scope)
            self._left.discard(name)
        self._open[scope] = Open()

    async def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Of these keys those remembered by an earlier reading, and whether each was flagged as suspicious."""
        reading = self._open[scope]
        if reading.known is None:
            reading.known = await sync_to_async(settling.remembered)(self._org, scope)
        return reading.known.find(keys)

    async def note(self, scope: Scope, noted: Noted) -> None:
        """Note events for the end of the reading, each once."""
        reading = self._open[scope]
        reading.tallies.add(noted)
        if noted.keys:
            reading.fresh.append(Remembered.of(noted.keys, noted.minutes, noted.flagged))
        full = reading.tallies.full()
        if full is not None:
            reading.put_aside = True
            await self._put_aside(scope, full)

    def settle(self, ended: Mapping[Scope, Settled]) -> None:
        """Count what readings noted that have ended. Called inside the transaction that moves their cursors."""
        readings = {scope: self._open.pop(scope) if scope in self._open else Open() for scope in ended}
        settling.settle(self._org, ended, readings)

    @sync_to_async
    def _left_by_others(self) -> set[tuple[str, str]]:
        rows = NotedEvents.objects.filter(scope__org=self._org).values_list("scope__mail", "scope__kind")
        return set(rows.distinct())

    @sync_to_async
    def _forget_noted(self, scope: Scope) -> None:
        with transaction.atomic():
            self._fence()
            NotedEvents.objects.filter(scope__org=self._org, scope__mail=scope.list, scope__kind=scope.kind).delete()

    @sync_to_async
    def _put_aside(self, scope: Scope, part: Tally) -> None:
        with transaction.atomic():
            self._fence()
            state = settling.rows(self._org, [scope])[scope]
            if not state.pk:
                state.save()
            for body in part.to_bytes():  # one by one: together they would take their size many times over
                NotedEvents.objects.create(scope=state, body=body)


def _known(row: EventScope) -> Known:
    return Known(
        row.seen,
        row.events,
        row.newest,
        row.read_from,
        row.written_from,
        row.short,
        row.linked,
        row.kept,
        row.full_run,
    )
