"""The book of events on PostgreSQL. Obeys `fairlead.sync.event_ports.Book`; people stand in it as keyed hashes only.

What a reading notes stays in memory, added up, until it ends; only of a large one parts are put aside (`NotedEvents`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.features.tracking_history.models import EventScope, NotedEvents, RememberedEvents
from fairlead.features.tracking_history.notes import Remembered, Tallies, Tally
from fairlead.store import activity
from fairlead.store.models import ScopeState
from fairlead.sync.convert_tracking import ACTIVITY_OF
from fairlead.sync.event_ports import Noted, Settled

_TAKEN = (
    "ended", "seen", "events", "newest", "read_from", "written_from", "short", "linked", "kept", "full_run", "suspicious",
)  # fmt: skip


@dataclass(slots=True)
class _Open:
    """A reading that goes on: what it noted, and what earlier ones remember, once that was asked for."""

    tallies: Tallies = field(default_factory=Tallies)
    fresh: list[Remembered] = field(default_factory=list)
    put_aside: bool = False
    known: Remembered | None = None


class PostgresBook:
    """What is remembered of the events of an org's e-mails. `fence` is called inside each transaction; it raises if stale."""

    def __init__(self, org_id: int, fence: Callable[[], None]) -> None:
        self._org = org_id
        self._fence = fence
        self._open: dict[Scope, _Open] = {}
        self._left: set[tuple[str, str]] | None = None

    @sync_to_async
    def all_known(self) -> dict[tuple[str, str], Known]:
        """By e-mail and kind, what is known as of the last reading that came to its end."""
        found = EventScope.objects.filter(org_id=self._org, ended=True)
        return {(row.mail, row.kind): _known(row) for row in found.iterator(chunk_size=2_000)}

    async def begin(self, scope: Scope) -> None:
        """A reading begins: forget what one that never ended had noted."""
        if self._left is None:
            self._left = await self._left_by_others()
        before, name = self._open.get(scope), (scope.list, scope.kind)
        if name in self._left or (before is not None and before.put_aside):
            await self._forget_noted(scope)
            self._left.discard(name)
        self._open[scope] = _Open()

    async def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Of these keys those remembered by an earlier reading, and whether each was flagged as suspicious."""
        reading = self._open[scope]
        if reading.known is None:
            reading.known = await sync_to_async(self._remembered)(scope)
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

    def settle(self, scope: Scope, settled: Settled) -> None:
        """Count what was noted. Called inside the transaction that moves the cursor."""
        reading = self._open.pop(scope, None) or _Open()
        state = self._scope(scope)
        what = ACTIVITY_OF[scope.kind]
        if settled.link_anew:
            activity.begin_campaign_anew(self._org, scope.list, what)
        for tally in self._tallies(state, reading):
            members = tally.members
            activity.add_to_members(
                self._org, what, members["who"].tobytes(), members["count"].tolist(), members["last"].tolist()
            )
            if settled.known.linked:
                activity.add_to_campaign(self._org, scope.list, what, _campaign_rows(tally))
        known = reading.known
        if known is None:
            known = self._remembered(scope) if state.ended else Remembered.of([], [], [])
        kept = known.joined(reading.fresh).since(settled.keep_from)
        state.suspicious += settled.suspicious
        _take(state, settled.known)
        state.save(update_fields=_TAKEN if state.pk else None)
        if len(known):
            RememberedEvents.objects.filter(scope=state).delete()
        if len(kept):
            RememberedEvents.objects.bulk_create([RememberedEvents(scope=state, body=body) for body in kept.to_bytes()])

    def _scope(self, scope: Scope) -> EventScope:
        """The row of a scope; a new one, not saved yet, where there is none."""
        row = EventScope.objects.filter(org_id=self._org, mail=scope.list, kind=scope.kind).first()
        if row is not None:
            return row
        held, _ = ScopeState.objects.get_or_create(
            org_id=self._org, kind=scope.kind, client=scope.client, list=scope.list
        )
        return EventScope(state=held, org_id=self._org, client=scope.client, mail=scope.list, kind=scope.kind)

    def _tallies(self, state: EventScope, reading: _Open) -> Iterator[Tally]:
        """What was put aside, a part at a time, and what is in memory."""
        if reading.put_aside:
            parts = NotedEvents.objects.filter(scope=state)
            for key in parts.order_by("pk").values_list("pk", flat=True):
                yield Tally.from_bytes(bytes(parts.values_list("body", flat=True).get(pk=key)))
            parts.delete()
        yield reading.tallies.rest()

    def _remembered(self, scope: Scope) -> Remembered:
        rows = RememberedEvents.objects.filter(scope__org=self._org, scope__mail=scope.list, scope__kind=scope.kind)
        return Remembered.from_bytes([bytes(body) for body in rows.values_list("body", flat=True)])

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
            state = self._scope(scope)
            if not state.pk:
                state.save()
            NotedEvents.objects.create(scope=state, body=part.to_bytes())


def _campaign_rows(tally: Tally) -> list[activity.CampaignRow]:
    who = tally.linked["who"].tobytes()
    columns = [tally.linked[name].tolist() for name in ("contact", "lead", "count", "first", "last")]
    return [
        (who[32 * i : 32 * i + 32], contact.decode(), lead.decode(), *more)
        for i, (contact, lead, *more) in enumerate(zip(*columns, strict=True))
    ]


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


def _take(row: EventScope, known: Known) -> None:
    row.ended = True
    row.seen, row.events, row.newest = known.seen, known.events, known.newest
    row.read_from, row.written_from, row.short = known.read_from, known.written_from, known.short
    row.linked, row.kept, row.full_run = known.linked, known.kept, known.full_run
