"""The ledger on PostgreSQL: cursors, digests, bulk jobs in flight and refusals, committed together or not at all.

Obeys `fairlead.sync.ports.Ledger`, which it cannot import (`store` and `sync` are strangers).
Every change is fenced: refused for a stale attempt of the job.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.db import connection, models, transaction

from fairlead.domain.keyed import Hmac
from fairlead.domain.records import Commit, Cursor, Digest, InFlight, RowFailure, Rows, Scope, Staged
from fairlead.store.ledger_glance import Glance
from fairlead.store.ledger_models import BulkFlight, RowRefusal, ScopeState
from fairlead.store.ledger_models import Digest as DigestRow
from fairlead.store.scopes import states_of

RETRY_AT_MOST: Final = 5
"""Runs in which a refused row is offered again; then it is left with its reason."""

_ROW: Final = 32 + 16 + 4

_UPSERT_DIGESTS: Final = """
INSERT INTO store_digest (scope_id, key, content, day)
SELECT %s, key, content, day FROM unnest(%s::bytea[], %s::bytea[], %s::date[]) AS new (key, content, day)
ON CONFLICT (scope_id, key) DO UPDATE SET content = excluded.content, day = excluded.day
"""

_MOVE_CURSORS: Final = """
UPDATE store_scopestate AS old SET cursor = new.cursor, committed_at = %s,
    full_run = CASE WHEN new.full_run > 0 THEN new.full_run ELSE old.full_run END
FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS new (id, cursor, full_run) WHERE old.id = new.id
"""


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """The keys of the hashes, and how a record key is sealed while a retry is due."""

    address: bytes
    content: bytes
    seal: Callable[[str], bytes]
    unseal: Callable[[bytes], str]


class PostgresLedger:
    """What the flow remembers, for one job of one org. `fence` is called inside each transaction and raises if stale."""

    def __init__(self, org_id: int, job_id: int, fence: Callable[[], None], keys: LedgerKeys) -> None:
        self._org = org_id
        self._job = job_id
        self._fence = fence
        self._keys = keys
        self._keyed = Hmac(keys.address)
        self._glance = Glance(org_id)

    def hashes(self, keys: Sequence[str]) -> list[bytes]:
        """HMAC-SHA256 of each key (32 bytes)."""
        return self._keyed.of(keys)

    def content_digests(self, rows: Rows, leave_out: str) -> list[bytes]:
        """Keyed BLAKE2b (16 bytes) of each record without the field `leave_out`."""
        columns = [column for name, column in zip(rows.fields, rows.columns, strict=True) if name != leave_out]
        secret, blake2b = self._keys.content, hashlib.blake2b
        return [
            blake2b("\x1f".join(record).encode(), digest_size=16, key=secret).digest()
            for record in zip(*columns, strict=True)
        ]

    @sync_to_async
    def cursor(self, scope: Scope) -> Cursor | None:
        """Where the scope was read to; None before the first commit."""
        state = self._glance.of(scope) or self._find(scope)
        return Cursor(datetime.fromisoformat(state.cursor)) if state is not None and state.cursor else None

    @sync_to_async
    def full_run(self, scope: Scope) -> int:
        """The number of the last run that read and wrote all of the scope; 0 before the first."""
        state = self._glance.of(scope) or self._find(scope)
        return 0 if state is None else state.full_run

    @sync_to_async
    def digests(self, scope: Scope) -> Mapping[bytes, bytes]:
        """Keyed hash of a record's key → digest of the content last written."""
        held = self._glance.of(scope)
        if held is not None and not held.digests:
            return {}
        rows = DigestRow.objects.filter(scope__in=self._states(scope)).values_list("key", "content")
        return {bytes(key): bytes(content) for key, content in rows.iterator(chunk_size=10_000)}

    @sync_to_async
    def digests_of(self, scope: Scope, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """The same of these hashed keys alone."""
        rows = DigestRow.objects.filter(scope__in=self._states(scope), key__in=list(keys))
        return {bytes(key): bytes(content) for key, content in rows.values_list("key", "content")}

    @sync_to_async
    def retryable(self, scope: Scope) -> Sequence[str]:
        """Keys of refused records that may be accepted by now."""
        held = self._glance.of(scope)
        if held is not None and not held.refusals:
            return []
        sealed = RowRefusal.objects.filter(
            scope__in=self._states(scope), retryable=True, attempts__lt=RETRY_AT_MOST, key_sealed__isnull=False
        ).values_list("key_sealed", flat=True)
        return [self._keys.unseal(bytes(value)) for value in sealed if value is not None]

    @sync_to_async
    def in_flight(self, scope: Scope) -> Sequence[InFlight]:
        """Bulk jobs of the scope whose outcome was never committed, oldest first."""
        held = self._glance.of(scope)
        if held is not None and not held.flights:
            return []
        flights = BulkFlight.objects.filter(scope__in=self._states(scope)).order_by("id")
        return [InFlight(flight.job, flight.sealed, _staged(flight)) for flight in flights]

    @sync_to_async
    def opened(self, scope: Scope, job: str) -> None:
        """Remember a bulk job before anything is sent."""
        with transaction.atomic():
            self._fence()
            BulkFlight.objects.get_or_create(scope=self._state(scope), job=job)

    @sync_to_async
    def sealed(self, scope: Scope, job: str, staged: Staged | None) -> None:
        """All rows are in the job and it is about to be started."""
        with transaction.atomic():
            self._fence()
            packed = None if staged is None else _pack(staged.digests)
            cursor = "" if staged is None else staged.cursor.read_until.isoformat()
            BulkFlight.objects.update_or_create(
                scope=self._state(scope), job=job, defaults={"sealed": True, "cursor": cursor, "digests": packed}
            )

    @sync_to_async
    def settle(self, scope: Scope, job: str, failures: Sequence[RowFailure]) -> None:
        """Forget a bulk job; keep its refusals."""
        with transaction.atomic():
            self._fence()
            state = self._state(scope)
            BulkFlight.objects.filter(scope=state, job=job).delete()
            self._keep(state, failures)

    @sync_to_async
    def commit(
        self,
        scope: Scope,
        staged: Staged,
        failures: Sequence[RowFailure],
        *,
        forget_before: date | None,
        answered: Collection[bytes] | None = (),
        also: Callable[[], None] | None = None,
        full_run: int = 0,
    ) -> None:
        """Cursor, digests and refusals in one transaction; the scope's bulk jobs in flight are forgotten.

        `also` is called in the same transaction; `full_run` numbers a run that wrote everything.
        `answered`: key hashes of earlier refusals that were offered again (None: all were); they are forgotten unless
        they are in `failures`.
        """
        with transaction.atomic():
            self._fence()
            state = self._state(scope)
            self._commit({scope: state}, [Commit(scope, staged, failures, answered, full_run)], also)
            if forget_before is not None:
                DigestRow.objects.filter(scope=state, day__lt=forget_before).delete()

    @sync_to_async
    def commit_all(self, commits: Sequence[Commit], also: Callable[[], None]) -> None:
        """`commit` of several scopes in one transaction, `also` once for them all; no digest is dropped."""
        with transaction.atomic():
            self._fence()
            for one in commits:
                self._glance.wrote(one.scope)
            self._commit(states_of(self._org, [one.scope for one in commits]), commits, also)

    def _commit(
        self, states: Mapping[Scope, ScopeState], commits: Sequence[Commit], also: Callable[[], None] | None
    ) -> None:
        """A query a table where nothing was refused and no digest changed, however many scopes there are."""
        keys = [states[one.scope].pk for one in commits]
        cursors = [one.staged.cursor.read_until.isoformat() for one in commits]
        with connection.cursor() as cursor:
            cursor.execute(_MOVE_CURSORS, [datetime.now(UTC), keys, cursors, [one.full_run for one in commits]])
        if also is not None:
            also()
        BulkFlight.objects.filter(scope__in=keys).delete()
        for one in commits:
            self._write_digests(states[one.scope], one.staged.digests)
        kept = [key for one in commits if one.failures for key in self._keep(states[one.scope], one.failures)]
        whole = [states[one.scope].pk for one in commits if one.answered is None]
        if whole:
            RowRefusal.objects.filter(scope__in=whole).exclude(key_hash__in=kept).delete()
        for one in commits:
            done = [] if one.answered is None else [*one.staged.digests, *one.answered]
            if done:
                refused = RowRefusal.objects.filter(scope=states[one.scope], key_hash__in=done)
                refused.exclude(key_hash__in=kept).delete()

    def _write_digests(self, state: ScopeState, digests: Mapping[bytes, Digest]) -> None:
        if digests:
            contents, days = zip(*digests.values(), strict=True)
            with connection.cursor() as cursor:
                cursor.execute(_UPSERT_DIGESTS, [state.pk, list(digests), list(contents), list(days)])

    def _keep(self, state: ScopeState, failures: Sequence[RowFailure]) -> list[bytes]:
        """Keep refusals and give their key hashes; a row refused again counts one attempt more.

        Its key is kept, sealed, only while a retry is due.
        """
        hashes = self.hashes([failure.key for failure in failures])
        earlier = dict(RowRefusal.objects.filter(scope=state, key_hash__in=hashes).values_list("key_hash", "attempts"))
        attempts = {bytes(key): count for key, count in earlier.items()}
        rows = {
            key: RowRefusal(
                org_id=self._org,
                scope=state,
                job_id=self._job,
                key_hash=key,
                key_sealed=self._keys.seal(failure.key) if failure.retryable else None,
                code=failure.code[:80],
                reason=failure.reason,
                retryable=failure.retryable,
                attempts=attempts.get(key, 0) + 1,
            )
            for key, failure in zip(hashes, failures, strict=True)
        }
        RowRefusal.objects.bulk_create(
            rows.values(),
            batch_size=1_000,
            update_conflicts=True,
            unique_fields=["scope", "key_hash"],
            update_fields=["job_id", "key_sealed", "code", "reason", "retryable", "attempts", "updated_at"],
        )
        return hashes

    def _states(self, scope: Scope) -> models.QuerySet[ScopeState]:
        return ScopeState.objects.filter(org_id=self._org, kind=scope.kind, client=scope.client, list=scope.list)

    def _find(self, scope: Scope) -> ScopeState | None:
        return self._states(scope).first()

    def _state(self, scope: Scope) -> ScopeState:
        """The scope as it is about to be changed."""
        self._glance.wrote(scope)
        state, _ = ScopeState.objects.get_or_create(
            org_id=self._org, kind=scope.kind, client=scope.client, list=scope.list
        )
        return state


def _pack(digests: Mapping[bytes, Digest]) -> bytes:
    return b"".join(
        key + digest.content + date.fromisoformat(digest.day).toordinal().to_bytes(4, "big")
        for key, digest in digests.items()
    )


def _staged(flight: BulkFlight) -> Staged | None:
    if flight.digests is None:
        return None
    packed = bytes(flight.digests)
    digests = {
        packed[i : i + 32]: Digest(
            packed[i + 32 : i + 48], date.fromordinal(int.from_bytes(packed[i + 48 : i + _ROW], "big")).isoformat()
        )
        for i in range(0, len(packed), _ROW)
    }
    return Staged(Cursor(datetime.fromisoformat(flight.cursor)), digests)
