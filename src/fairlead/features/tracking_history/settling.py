"""The end of readings of events: what they noted is counted, and what the next may meet again is kept.

A query a table for all readings that end together, but for large ones, of which parts were put aside: where many e-mails
have few events each, queries are what costs. Called inside the transaction that moves the readings' cursors.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from fairlead.domain.activity import Activity
from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.features.tracking_history.models import EventScope, NotedEvents, RememberedEvents
from fairlead.features.tracking_history.notes import HELD, Remembered, Tallies, Tally, by_activity
from fairlead.store import activity
from fairlead.store.scopes import states_of
from fairlead.sync.convert_tracking import ACTIVITY_OF
from fairlead.sync.event_ports import Settled

_TAKEN: Final = (
    "ended", "seen", "events", "newest", "read_from", "written_from", "short", "linked", "kept", "full_run", "suspicious",
)  # fmt: skip


@dataclass(slots=True)
class Open:
    """A reading that goes on: what it noted, and what earlier ones remember, once that was asked for."""

    tallies: Tallies = field(default_factory=Tallies)
    fresh: list[Remembered] = field(default_factory=list)
    put_aside: bool = False
    known: Remembered | None = None


def settle(org_id: int, ended: Mapping[Scope, Settled], readings: Mapping[Scope, Open]) -> None:
    """Count what the readings noted, and keep how far each has come."""
    states = rows(org_id, ended)
    _count(org_id, ended, readings, states)
    known = _known_before(readings, states)
    for scope, settled in ended.items():
        states[scope].suspicious += settled.suspicious
        _take(states[scope], settled.known)
    EventScope.objects.bulk_create(
        states.values(), update_conflicts=True, unique_fields=["org", "mail", "kind"], update_fields=_TAKEN
    )
    held = [states[scope] for scope, before in known.items() if len(before)]
    if held:
        RememberedEvents.objects.filter(scope__in=held).delete()
    RememberedEvents.objects.bulk_create(
        RememberedEvents(scope=states[scope], body=body)
        for scope, settled in ended.items()
        for body in known[scope].joined(readings[scope].fresh).since(settled.keep_from).to_bytes()
    )


def rows(org_id: int, scopes: Collection[Scope]) -> dict[Scope, EventScope]:
    """The row of each scope; a new one, not saved yet, where there is none."""
    mails, kinds = {scope.list for scope in scopes}, {scope.kind for scope in scopes}
    held = EventScope.objects.filter(org_id=org_id, mail__in=mails, kind__in=kinds)
    found = {(row.mail, row.kind): row for row in held}
    missing = [scope for scope in scopes if (scope.list, scope.kind) not in found]
    for scope, state in (states_of(org_id, missing) if missing else {}).items():
        if (scope.list, scope.kind) not in found:
            row = EventScope(state=state, org_id=org_id, client=scope.client, mail=scope.list, kind=scope.kind)
            found[scope.list, scope.kind] = row
    return {scope: found[scope.list, scope.kind] for scope in scopes}


def remembered(org_id: int, scope: Scope) -> Remembered:
    """What earlier readings of a scope remember."""
    held = RememberedEvents.objects.filter(scope__org=org_id, scope__mail=scope.list, scope__kind=scope.kind)
    return Remembered.from_bytes([bytes(body) for body in held.values_list("body", flat=True)])


def _count(
    org_id: int, ended: Mapping[Scope, Settled], readings: Mapping[Scope, Open], states: Mapping[Scope, EventScope]
) -> None:
    """Members' totals by one query for some ten thousand, in the order of their hashes; a linked campaign's by one each."""
    together, events = [], 0
    for scope, settled in ended.items():
        what = ACTIVITY_OF[scope.kind]
        if settled.link_anew:
            activity.begin_campaign_anew(org_id, scope.list, what)
        for tally in _tallies(states[scope], readings[scope]):
            if readings[scope].put_aside:
                _add(org_id, [(what, tally)])
            else:
                together.append((what, tally))
                events += len(tally)
            if settled.known.linked:
                activity.add_to_campaign(org_id, scope.list, what, _campaign_rows(tally))
        if events >= HELD:
            _add(org_id, together)
            together, events = [], 0
    _add(org_id, together)


def _add(org_id: int, tallies: Sequence[tuple[Activity, Tally]]) -> None:
    for members, counts, lasts in by_activity(tallies):
        activity.add_to_members(org_id, members, counts, lasts)


def _tallies(state: EventScope, reading: Open) -> Iterator[Tally]:
    """What was put aside, a part at a time, and what is in memory."""
    if reading.put_aside:
        parts = NotedEvents.objects.filter(scope=state)
        for key in parts.order_by("pk").values_list("pk", flat=True):
            yield Tally.from_bytes(bytes(parts.values_list("body", flat=True).get(pk=key)))
        parts.delete()
    yield reading.tallies.rest()


def _known_before(readings: Mapping[Scope, Open], states: Mapping[Scope, EventScope]) -> dict[Scope, Remembered]:
    """What earlier readings remember of each scope; asked for where the reading had no need of it."""
    unasked = [states[scope].pk for scope, one in readings.items() if one.known is None and states[scope].ended]
    held = RememberedEvents.objects.filter(scope__in=unasked).order_by("scope") if unasked else ()
    bodies = {pk: [bytes(row.body) for row in some] for pk, some in groupby(held, key=lambda row: row.scope_id)}
    return {
        scope: Remembered.from_bytes(bodies.get(states[scope].pk, [])) if reading.known is None else reading.known
        for scope, reading in readings.items()
    }


def _campaign_rows(tally: Tally) -> list[activity.CampaignRow]:
    who = tally.linked["who"].tobytes()
    columns = [tally.linked[name].tolist() for name in ("contact", "lead", "count", "first", "last")]
    return [
        (who[32 * i : 32 * i + 32], contact.decode(), lead.decode(), *more)
        for i, (contact, lead, *more) in enumerate(zip(*columns, strict=True))
    ]


def _take(row: EventScope, known: Known) -> None:
    row.ended = True
    row.seen, row.events, row.newest = known.seen, known.events, known.newest
    row.read_from, row.written_from, row.short = known.read_from, known.written_from, known.short
    row.linked, row.kept, row.full_run = known.linked, known.kept, known.full_run
