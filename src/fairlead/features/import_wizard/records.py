"""What is kept of imports and their runs, on PostgreSQL. What a run commits is fenced: refused for a stale attempt of its job."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from fairlead.features.import_wizard.models import Import, ImportRun, KnownAddress, RefusedRow
from fairlead.features.import_wizard.rules.removal import Kept

BATCH: Final = 2_000
KEEP_RUNS: Final = 50
"""Runs of an import whose refused rows are remembered one by one; of older ones the counts are."""

_UPSERT: Final = """
INSERT INTO import_wizard_knownaddress
    (owner_id, address, digest, seen, written, added, removed, pending, marked)
SELECT %s, address, digest, seen, written, added, removed, pending, marked
FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[])
    AS new (address, digest, seen, written, added, removed, pending, marked)
ON CONFLICT (owner_id, address) DO UPDATE SET
    digest = excluded.digest, seen = excluded.seen, written = excluded.written, added = excluded.added,
    removed = excluded.removed, pending = excluded.pending, marked = excluded.marked
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A row of `KnownAddress`."""

    address: bytes
    digest: bytes = b""
    seen: int = 0
    written: int = 0
    added: int = 0
    removed: int = 0
    pending: int = 0
    marked: bool = False


_FIELDS: Final = ("address", "digest", "seen", "written", "added", "removed", "pending", "marked")


def _known(row: Sequence[object]) -> Known:
    address, digest, *rest = row
    return Known(bytes(address), bytes(digest), *rest)  # type: ignore[arg-type,call-overload]


class Book:
    """What one import remembers, for one run. `job` numbers the run."""

    def __init__(self, owner: int, job: int, version: int, fence: Callable[[], None]) -> None:
        self.owner = owner
        self.job = job
        self._version = version
        self._fence = fence

    @sync_to_async
    def begin(self) -> int:
        """Note that the run began, or goes on; gives how many rows the last run read, 0 before the first."""
        with transaction.atomic():
            self._fence()
            last = ImportRun.objects.filter(owner=self.owner, ended_at__isnull=False).exclude(job=self.job).first()
            ImportRun.objects.get_or_create(job=self.job, defaults={"owner_id": self.owner, "version": self._version})
        return int(last.counts.get("read", 0)) if last else 0

    @sync_to_async
    def page(self, addresses: Collection[bytes]) -> Mapping[bytes, Known]:
        """What is known of these addresses."""
        rows = KnownAddress.objects.filter(owner=self.owner, address__in=list(addresses)).values_list(*_FIELDS)
        return {known.address: known for known in map(_known, rows)}

    @sync_to_async
    def pending(self) -> Mapping[bytes, Known]:
        """Addresses of calls whose answer an earlier attempt or run never learned."""
        rows = KnownAddress.objects.filter(owner=self.owner).exclude(pending=0).values_list(*_FIELDS)
        return {known.address: known for known in map(_known, rows)}

    @sync_to_async
    def keep(
        self, known: Sequence[Known], refused: Mapping[bytes, str] | None = None, cleared: Collection[bytes] = ()
    ) -> None:
        """Commit what is known now of these addresses, and why rows were refused (hash of the row → code).

        `cleared` were refused in an earlier attempt of this run, and are not any more.
        """
        with transaction.atomic():
            self._fence()
            _upsert(self.owner, known)
            if refused:
                self._refuse(refused)
            if cleared:
                RefusedRow.objects.filter(run__job=self.job, row__in=list(cleared)).delete()

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
    def marked(self) -> list[Known]:
        """Addresses that bear the segment's mark, and that this run did not list."""
        rows = KnownAddress.objects.filter(owner=self.owner, marked=True).exclude(seen=self.job)
        return [_known(row) for row in rows.values_list(*_FIELDS)]

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

    def _refuse(self, refused: Mapping[bytes, str]) -> None:
        run = ImportRun.objects.only("pk").get(job=self.job)
        rows = [RefusedRow(run=run, row=row, code=code[:20]) for row, code in refused.items()]
        RefusedRow.objects.bulk_create(
            rows,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["run", "row"],
            update_fields=["code"],
        )


_WITHOUT_ADDRESS: Final = ("no-address", "bad-address", "twice")


def _upsert(owner: int, known: Sequence[Known]) -> None:
    if not known:
        return
    columns = [[getattr(one, name) for one in known] for name in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [owner, *columns])


def listed(one: Known, run: int) -> Known:
    """The same address, listed in this run."""
    return replace(one, seen=run)
