"""What is kept of imports and their runs, on PostgreSQL. What a run commits is fenced: refused for a stale attempt of its job."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from fairlead.features.import_wizard.models import Import, ImportRun, KnownAddress, RefusedRow
from fairlead.features.import_wizard.rules.removal import Kept
from fairlead.store import columns

BATCH: Final = 2_000
KEEP_RUNS: Final = 50
"""Runs of an import whose refused rows are remembered one by one; of older ones the counts are."""

_TABLE: Final = "import_wizard_knownaddress"
_INSERT: Final = f"""
INSERT INTO {_TABLE} AS held (owner_id, address, digest, seen, written, added, removed, pending, marked)
SELECT %s, substring(%s::bytea FROM i * 32 + 1 FOR 32), """
_EVERY: Final = """ FROM generate_series(0, %s - 1) AS i
ON CONFLICT (owner_id, address) DO UPDATE SET """

_LISTED: Final = (
    f"""{_INSERT} '', %s, 0, 0, 0, 0, false {_EVERY} seen = excluded.seen WHERE held.seen <> excluded.seen"""
)
_SENT: Final = f"""{_INSERT} '', 0, 0, 0, 0, %s, false {_EVERY} pending = excluded.pending"""
_WRITTEN: Final = f"""{_INSERT} substring(%s::bytea FROM i * 16 + 1 FOR 16), %s, %s, 0, 0, 0, %s {_EVERY}
digest = excluded.digest, seen = excluded.seen, written = excluded.written, removed = 0, pending = 0, marked = excluded.marked"""
_FAILED: Final = f"""{_INSERT} '', %s, 0, 0, 0, 0, false {_EVERY} digest = '', seen = excluded.seen, pending = 0"""
_ADDED: Final = f"""
UPDATE {_TABLE} SET added = %s WHERE owner_id = %s AND added = 0 AND address = ANY({columns.EACH_HASH})"""
_UNMARKED: Final = f"""
UPDATE {_TABLE} SET marked = false, digest = '' WHERE owner_id = %s AND address = ANY({columns.EACH_HASH})"""
_KNOWN: Final = f"""
SELECT address, digest, seen, written FROM {_TABLE} WHERE owner_id = %s AND address = ANY({columns.EACH_HASH})"""
_REFUSED: Final = """
INSERT INTO import_wizard_refusedrow (run_id, "row", code)
SELECT %s, substring(%s::bytea FROM ((i - 1) * 32 + 1)::int FOR 32), code
FROM unnest(%s::text[]) WITH ORDINALITY AS told (code, i)
ON CONFLICT (run_id, "row") DO UPDATE SET code = excluded.code"""
_ACCEPTED: Final = f"""
DELETE FROM import_wizard_refusedrow WHERE run_id = %s AND "row" = ANY({columns.EACH_HASH})"""


Held = tuple[bytes, int, int]
"""Of a row of `KnownAddress`: the digest, and the runs that last listed and wrote it (0 for none)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of people who were written in one call. `digests` are of those `written`, in the same order.

    `added` are those of them whom the call put on the list, `failed` those that were not written. `refused` and `cleared`
    as in `Book.keep`.
    """

    written: Sequence[bytes]
    digests: Sequence[bytes]
    added: Collection[bytes] = ()
    failed: Sequence[bytes] = ()
    refused: Mapping[bytes, str] = field(default_factory=dict)
    cleared: Collection[bytes] = ()

    @classmethod
    def of(cls, several: Sequence["Outcome"]) -> "Outcome":
        """What became of the people of several calls: nobody is in two."""
        if len(several) == 1:
            return several[0]
        return cls(
            [key for one in several for key in one.written],
            [digest for one in several for digest in one.digests],
            [key for one in several for key in one.added],
            [key for one in several for key in one.failed],
            {key: code for one in several for key, code in one.refused.items()},
            [key for one in several for key in one.cleared],
        )


class Book:
    """What one import remembers, for one run. `job` numbers the run. `new`: nothing was known when it began."""

    def __init__(self, owner: int, job: int, version: int, fence: Callable[[], None]) -> None:
        self.owner = owner
        self.job = job
        self.new = False
        self._version = version
        self._fence = fence
        self._run = 0

    @sync_to_async
    def begin(self) -> int:
        """Note that the run began, or goes on; gives how many rows the last run read, 0 before the first."""
        with transaction.atomic():
            self._fence()
            last = ImportRun.objects.filter(owner=self.owner, ended_at__isnull=False).exclude(job=self.job).first()
            mine = {"owner_id": self.owner, "version": self._version}
            self._run = ImportRun.objects.get_or_create(job=self.job, defaults=mine)[0].pk
            self.new = not KnownAddress.objects.filter(owner=self.owner).exists()
        return int(last.counts.get("read", 0)) if last else 0

    @sync_to_async
    def page(self, addresses: Sequence[bytes]) -> Mapping[bytes, Held]:
        """What is known of these addresses: digest, and the runs that last listed and wrote them."""
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN, [self.owner, *columns.whole(addresses)])
            return {row[0]: row[1:] for row in cursor.fetchall()}

    @sync_to_async
    def pending(self) -> Mapping[bytes, int]:
        """Addresses of calls whose answer an earlier attempt or run never learned, and when each was sent."""
        rows = KnownAddress.objects.filter(owner=self.owner).exclude(pending=0).values_list("address", "pending")
        return {bytes(address): pending for address, pending in rows}

    @sync_to_async
    def keep(self, listed: Sequence[bytes], refused: Mapping[bytes, str]) -> None:
        """Commit that these addresses are in the source, and why rows were refused (hash of the row → code)."""
        with transaction.atomic(), connection.cursor() as cursor:
            self._fence()
            if listed:
                cursor.execute(_LISTED, self._each(listed, self.job))
            self._refuse(cursor, refused)

    @sync_to_async
    def sent(self, addresses: Sequence[bytes], at: int) -> None:
        """A call is about to be sent that may add these addresses; seconds since 1970."""
        with transaction.atomic(), connection.cursor() as cursor:
            self._fence()
            cursor.execute(_SENT, self._each(addresses, at))

    @sync_to_async
    def wrote(self, done: Outcome, *, marked: bool) -> None:
        """Commit what became of a call. `marked`: it set the hidden field of the segment.

        `cleared` were refused in an earlier attempt of this run, and are not any more.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            self._fence()
            if done.written:
                digests = b"".join(done.digests)
                cursor.execute(_WRITTEN, self._each(done.written, digests, self.job, self.job, marked))
            if done.added:
                cursor.execute(_ADDED, [self.job, self.owner, *columns.whole([*done.added])])
            if done.failed:
                cursor.execute(_FAILED, self._each(done.failed, self.job))
            self._refuse(cursor, done.refused)
            if done.cleared:
                cursor.execute(_ACCEPTED, [self._run, *columns.whole([*done.cleared])])

    @sync_to_async
    def unmarked(self, addresses: Sequence[bytes]) -> None:
        """The mark of the segment was taken off these people, or nobody has them any more."""
        with transaction.atomic(), connection.cursor() as cursor:
            self._fence()
            cursor.execute(_UNMARKED, [self.owner, *columns.whole(addresses)])

    @sync_to_async
    def missing(self) -> list[Kept]:
        """Addresses that this import has put on the list and that this run did not list, with what decides about them."""
        mine = KnownAddress.objects.filter(owner=self.owner).exclude(added=0).exclude(seen=self.job)
        addresses = [bytes(each) for each in mine.values_list("address", flat=True)]
        elsewhere = self._elsewhere(addresses)
        return [Kept(each, added=True, seen=False, elsewhere=each in elsewhere) for each in addresses]

    @sync_to_async
    def added(self) -> int:
        """How many people of the list this import has put there."""
        return int(KnownAddress.objects.filter(owner=self.owner).exclude(added=0).count())

    @sync_to_async
    def marked(self) -> list[bytes]:
        """Addresses that bear the segment's mark, and that this run did not list."""
        rows = KnownAddress.objects.filter(owner=self.owner, marked=True).exclude(seen=self.job)
        return [bytes(each) for each in rows.values_list("address", flat=True)]

    @sync_to_async
    def taken_off(self, addresses: Collection[bytes]) -> None:
        """These people are no longer on the list: should they return to the source, they are new."""
        with transaction.atomic():
            self._fence()
            rows = KnownAddress.objects.filter(owner=self.owner, address__in=list(addresses))
            rows.update(removed=self.job, added=0, pending=0, digest=b"", marked=False)

    @sync_to_async
    def finish(self, read: int) -> Mapping[str, int]:
        """The run came to its end: its counts, which are worked out from what was committed, whatever attempt did it."""
        with transaction.atomic():
            self._fence()
            counts = self._counts(read)
            run = ImportRun.objects.get(job=self.job)
            run.counts = counts
            run.codes = self._codes(run)
            run.ended_at = timezone.now()
            run.save()
            Import.objects.filter(pk=self.owner).update(last_run=self.job, waits=False)
            old = ImportRun.objects.filter(owner=self.owner, rows_deleted=False).values_list("pk", flat=True)[
                KEEP_RUNS:
            ]
            RefusedRow.objects.filter(run__in=list(old)).delete()
            ImportRun.objects.filter(pk__in=list(old)).update(rows_deleted=True)
        return counts

    @sync_to_async
    def counts(self, read: int) -> Mapping[str, int]:
        """The counts as they are now, kept as well: for a run that ends before its end."""
        counts = self._counts(read)
        run = ImportRun.objects.filter(job=self.job).first()
        if run is not None:
            ImportRun.objects.filter(pk=run.pk).update(counts=counts, codes=self._codes(run), ended_at=timezone.now())
        return counts

    def _counts(self, read: int) -> dict[str, int]:
        told = KnownAddress.objects.filter(owner=self.owner).aggregate(
            written_now=Count("pk", filter=Q(written=self.job)),
            added_now=Count("pk", filter=Q(added=self.job)),
            removed_now=Count("pk", filter=Q(removed=self.job)),
            seen_now=Count("pk", filter=Q(seen=self.job) & ~Q(written=self.job)),
        )
        refused = RefusedRow.objects.filter(run__job=self.job)
        of_seen = refused.exclude(code__in=_WITHOUT_ADDRESS).count()
        return {
            "read": read,
            "written": told["written_now"],
            "unchanged": max(0, told["seen_now"] - of_seen),
            "refused": refused.count(),
            "added": told["added_now"],
            "removed": told["removed_now"],
        }

    def _codes(self, run: ImportRun) -> dict[str, int]:
        rows = RefusedRow.objects.filter(run=run).values_list("code").annotate(rows=Count("pk")).order_by()
        return dict(rows)

    def _elsewhere(self, addresses: Sequence[bytes]) -> set[bytes]:
        mine = Import.objects.get(pk=self.owner)
        found: set[bytes] = set()
        for other in Import.objects.filter(org=mine.org, list_id=mine.list_id).exclude(pk=mine.pk).exclude(last_run=0):
            for start in range(0, len(addresses), BATCH):
                part = addresses[start : start + BATCH]
                rows = KnownAddress.objects.filter(owner=other, seen__gte=other.last_run, address__in=part)
                found |= {bytes(each) for each in rows.values_list("address", flat=True)}
        return found

    def _refuse(self, cursor: Any, refused: Mapping[bytes, str]) -> None:
        if refused:
            codes = [code[:20] for code in refused.values()]
            cursor.execute(_REFUSED, [self._run, b"".join(refused), codes])

    def _each(self, addresses: Sequence[bytes], *same: bytes | int) -> list[bytes | int]:
        """The parameters of an insertion: for each of these addresses a row with the same other values."""
        cells, count = columns.whole(addresses)
        return [self.owner, cells, *same, count]


_WITHOUT_ADDRESS: Final = ("no-address", "bad-address", "twice")
