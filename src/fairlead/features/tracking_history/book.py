"""The book of events on PostgreSQL. Obeys `fairlead.sync.events.Book`; people stand in it as keyed hashes only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import connection, transaction

from fairlead.domain.activity import Activity
from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.features.tracking_history.models import EventScope, SeenEvent
from fairlead.store import activity
from fairlead.store.models import ScopeState
from fairlead.sync.convert_tracking import ACTIVITY_OF
from fairlead.sync.events import FORGET_ALL, Noted, Settled

CHUNK: Final = 5_000

_NOTE: Final = """
INSERT INTO tracking_history_seenevent AS old
    (scope_id, key, at, known, flagged, noted, suspicious, counts, links, member, address, contact, lead)
SELECT DISTINCT ON (key) %s, key, at, false, false, true, suspicious, counts, links, member, address, contact, lead
FROM unnest(%s::bytea[], %s::timestamptz[], %s::boolean[], %s::bytea[], %s::boolean[], %s::boolean[], %s::bytea[],
    %s::text[], %s::text[]) AS new (key, at, suspicious, member, counts, links, address, contact, lead)
ON CONFLICT (scope_id, key) DO UPDATE SET
    noted = true, suspicious = excluded.suspicious, counts = excluded.counts, links = excluded.links,
    address = excluded.address, contact = excluded.contact, lead = excluded.lead
"""
_MEMBERS: Final = """
SELECT member, count(*), max(at) FROM tracking_history_seenevent WHERE scope_id = %s AND noted AND counts
GROUP BY member ORDER BY member
"""
_ADDRESSES: Final = """
SELECT address, max(contact), max(lead), count(*), min(at), max(at) FROM tracking_history_seenevent
WHERE scope_id = %s AND noted AND links GROUP BY address ORDER BY address
"""
_KNOWN: Final = "SELECT key, flagged FROM tracking_history_seenevent WHERE scope_id = %s AND known AND key = ANY(%s)"
_NEW: Final = "SELECT count(*) FROM tracking_history_seenevent WHERE scope_id = %s AND noted AND counts AND NOT known"
_TURNED: Final = (
    "SELECT count(*) FROM tracking_history_seenevent WHERE scope_id = %s AND noted AND suspicious AND NOT flagged"
)


class PostgresBook:
    """What is remembered of the events of an org's e-mails. `fence` is called inside each transaction; it raises if stale."""

    def __init__(self, org_id: int, fence: Callable[[], None]) -> None:
        self._org = org_id
        self._fence = fence
        self._ids: dict[Scope, int] = {}

    @sync_to_async
    def all_known(self) -> dict[tuple[str, str], Known]:
        """By e-mail and kind, what is known as of the last reading that came to its end."""
        found = EventScope.objects.filter(org_id=self._org, ended=True)
        return {(row.mail, row.kind): _known(row) for row in found.iterator(chunk_size=2_000)}

    @sync_to_async
    def begin(self, scope: Scope) -> None:
        """A reading begins: forget what one that never ended had noted."""
        with transaction.atomic():
            self._fence()
            held, _ = ScopeState.objects.get_or_create(
                org_id=self._org, kind=scope.kind, client=scope.client, list=scope.list
            )
            state, _ = EventScope.objects.get_or_create(
                state=held,
                defaults={"org_id": self._org, "client": scope.client, "mail": scope.list, "kind": scope.kind},
            )
            self._ids[scope] = state.pk
            SeenEvent.objects.filter(scope=state, known=False).delete()
            SeenEvent.objects.filter(scope=state, noted=True).update(noted=False)

    @sync_to_async
    def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Of these keys those remembered by an earlier reading, and whether each was flagged as suspicious."""
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN, [self._ids[scope], list(keys)])
            return {bytes(key): flagged for key, flagged in cursor.fetchall()}

    @sync_to_async
    def note(self, scope: Scope, noted: Noted) -> None:
        """Note events for the end of the reading. One that is noted twice counts once."""
        columns: list[list[Any]] = [noted.keys, noted.at, noted.flagged, noted.members, noted.counts, noted.links]
        with transaction.atomic(), connection.cursor() as cursor:
            self._fence()
            cursor.execute(_NOTE, [self._ids[scope], *columns, noted.addresses, noted.contacts, noted.leads])

    @sync_to_async
    def new(self, scope: Scope) -> int:
        """How many events were noted that no earlier reading had counted."""
        return self._number(_NEW, scope)

    def settle(self, scope: Scope, settled: Settled) -> None:
        """Count what was noted. Called inside the transaction that moves the cursor."""
        state = EventScope.objects.get(pk=self._ids[scope])
        what = ACTIVITY_OF[scope.kind]
        for part in _parts(_MEMBERS, state.pk):
            activity.add_to_members(self._org, [_member_row(what, *row) for row in part])
        if settled.link_anew:
            activity.begin_campaign_anew(self._org, scope.list, what)
        if settled.known.linked:
            for part in _parts(_ADDRESSES, state.pk):
                rows = [(bytes(address), *more) for address, *more in part]
                activity.add_to_campaign(self._org, scope.list, what, rows)
        state.suspicious += self._number(_TURNED, scope)
        self._forget(state, settled.keep_from)
        _take(state, settled.known)
        state.save()

    def _forget(self, state: EventScope, keep_from: str) -> None:
        """Drop what the next reading cannot meet again; the rest is known from now on."""
        with connection.cursor() as cursor:
            if keep_from:
                where = "" if keep_from == FORGET_ALL else " AND at < %s"
                cursor.execute(
                    "DELETE FROM tracking_history_seenevent WHERE scope_id = %s" + where,
                    [state.pk] if keep_from == FORGET_ALL else [state.pk, keep_from],
                )
            cursor.execute(
                "UPDATE tracking_history_seenevent SET known = true, noted = false, flagged = flagged OR suspicious,"
                " contact = '', lead = '', address = '' WHERE scope_id = %s AND noted",
                [state.pk],
            )

    def _number(self, query: str, scope: Scope) -> int:
        with connection.cursor() as cursor:
            cursor.execute(query, [self._ids[scope]])
            return int(cursor.fetchone()[0])


def _parts(query: str, scope_id: int) -> Iterator[list[Any]]:
    """The answer some thousand rows at a time, however large it is; within a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, [scope_id])
        while part := cursor.fetchmany(CHUNK):
            yield part


def _member_row(what: Activity, member: bytes, count: int, last_at: datetime) -> activity.MemberRow:
    counted = [
        count if what is one else 0 for one in (Activity.SENT, Activity.OPENED, Activity.CLICKED, Activity.BOUNCED)
    ]
    return (bytes(member), counted[0], counted[1], counted[2], counted[3], last_at)


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
