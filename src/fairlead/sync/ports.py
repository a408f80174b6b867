"""All that the flow needs from outside: a source, a matcher, a sink and a ledger.

Each has a fake in memory (`memory.py`) and one suite of behaviours (`tests/conformance/`) that every implementation passes.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Generic, Protocol, TypeVar

from fairlead.domain.failure import WaitAndRetry
from fairlead.domain.records import Commit, Cursor, InFlight, Kind, Outcome, RowFailure, Rows, Scope, Staged

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)

OWNER: Final = "OwnerId"


@dataclass(frozen=True, slots=True)
class SourcePage(Generic[Row_co]):
    """Some rows of the source. `total` counts the rows of the whole reading, as far as the source has told by now."""

    rows: Sequence[Row_co]
    total: int


class BulkJobFailed(WaitAndRetry):
    """A bulk job ended without having handled its rows, or is gone."""

    code = "FL-123"
    next_step = "Its rows are read and written again; nothing needs to be done."


class Source(Protocol[Row_co]):
    """Where rows come from."""

    async def clock(self) -> datetime:
        """The source's own wall clock now, as it gives it (naive)."""
        ...

    def pages(self, scope: Scope, since: date | None) -> AsyncGenerator[SourcePage[Row_co], None]:
        """Every row of the scope that changed on or after the day `since`, or all of them for None.

        A row may come twice; of two readings of one row the later is the newer.
        """
        ...

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Row_co]:
        """The rows of these keys as they are now; those that no longer exist are left out."""
        ...


class Matcher(Protocol):
    """Finds the contact and the lead of an address."""

    async def match(self, addresses: Sequence[str], ids: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
        """Contact ids and lead ids, one text an address, blank where nothing matches.

        `ids`, one text an address, are what a custom field gave as the Id of a contact or lead (15 or 18 characters, or
        anything else people write): an Id that is known counts before the address, for its own object.
        """
        ...

    def expect(self, addresses: int) -> None:
        """At least so many different addresses will be asked for: what is cheapest for all of them may be done at once."""
        ...

    def forget(self) -> None:
        """What was asked for by name is asked for anew: contacts or leads were written."""
        ...

    def fresh(self) -> "Matcher":
        """One of the same rules that has read nothing yet: what was written a moment ago, it finds."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """The object written to, the external id it is written by, its fields, and the one that holds a full sync's number."""

    object: str
    key_field: str
    fields: tuple[str, ...]
    kinds: tuple[Kind, ...]
    run_field: str = "Sync_Run__c"

    def owned(self) -> "Target":
        """The same with a column for the owner of the records."""
        return replace(self, fields=(*self.fields, OWNER), kinds=(*self.kinds, Kind.TEXT))


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What became of a bulk job. `refused` are the refused rows as they were sent, in the order of `outcome.failures`."""

    outcome: Outcome
    refused: Rows | None


class Sink(Protocol):
    """Where records go: a small door for a few rows at a time, a bulk door for many."""

    small_door: int
    """Up to so many rows the small door is the cheaper."""
    job_bytes: int
    """A bulk job takes at most so many bytes."""

    async def upsert(self, target: Target, rows: Rows) -> Outcome:
        """Write these rows now, by the small door."""
        ...

    def encode(self, rows: Rows, *, header: bool) -> bytes:
        """Rows as the bulk door takes them."""
        ...

    async def open_job(self, target: Target) -> str:
        """A new, empty bulk job. Nothing is written before `start_job`."""
        ...

    async def send(self, job: str, chunks: AsyncIterator[bytes]) -> None:
        """Stream encoded rows into an open job."""
        ...

    async def start_job(self, job: str) -> None:
        """The job is complete: write it. Asking twice is harmless."""
        ...

    async def finish_job(self, job: str, target: Target) -> JobOutcome:
        """Wait for a started job's end and tell what became of every row. Raises BulkJobFailed if the job as a whole failed."""
        ...

    async def abandon_job(self, job: str) -> bool:
        """Give up a job that was never started. False if it was started after all (or is already done)."""
        ...

    async def count_older(self, target: Target, scope: Scope, run: int) -> tuple[int, int]:
        """How many records of the scope carry an older run number (or none), and how many there are in all."""
        ...

    async def delete_older(self, target: Target, scope: Scope, run: int, keep: Collection[str]) -> int:
        """Delete the records of the scope with an older run number, but for those of the keys `keep`; tells how many."""
        ...


class Holding(Protocol):
    """What the sink holds of a scope, read before the scope is read whole: tells what differs, and what was not listed.

    It spares writing everything anew where nothing tells which rows changed.
    """

    def __len__(self) -> int:
        """Records held when it was read."""
        ...

    def differing(self, rows: Rows) -> list[int]:
        """Positions of the rows that the sink does not hold like that; every row counts as listed from now on."""
        ...

    def missing(self) -> int:
        """Records held that no row was listed for."""
        ...

    async def sweep(self) -> int:
        """Delete the records that no row was listed for; tells how many."""
        ...


class Ledger(Protocol):
    """What the flow remembers of a scope. Every writing method is refused for a stale attempt of the job (`StaleAttempt`)."""

    def hashes(self, keys: Sequence[str]) -> list[bytes]:
        """Keyed hashes of record keys (32 bytes each)."""
        ...

    async def cursor(self, scope: Scope) -> Cursor | None: ...

    async def full_run(self, scope: Scope) -> int:
        """The number of the last run that read and wrote all of the scope; 0 before the first."""
        ...

    def content_digests(self, rows: Rows, leave_out: str) -> list[bytes]:
        """Keyed digests (16 bytes) of the records' contents, without the field `leave_out`."""
        ...

    async def digests(self, scope: Scope) -> Mapping[bytes, bytes]:
        """Keyed hash of a record's key → digest of the content that was last written of it."""
        ...

    async def digests_of(self, scope: Scope, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """The same of these hashed keys alone."""
        ...

    async def retryable(self, scope: Scope) -> Sequence[str]:
        """Keys of refused records that may be accepted by now."""
        ...

    async def in_flight(self, scope: Scope) -> Sequence[InFlight]: ...

    async def opened(self, scope: Scope, job: str) -> None:
        """A bulk job was opened: remember it before anything is sent."""
        ...

    async def sealed(self, scope: Scope, job: str, staged: Staged | None) -> None:
        """A bulk job has all its rows and is about to be started."""
        ...

    async def settle(self, scope: Scope, job: str, failures: Sequence[RowFailure]) -> None:
        """A bulk job's outcome is known, but its reading goes on (or starts anew): forget the job, keep the refusals."""
        ...

    async def commit(
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
        """Cursor, digests and refusals in one transaction; jobs in flight of the scope are forgotten.

        `also` is called inside the transaction, for what must stand or fall with the cursor (off the event loop).
        `full_run` is the number of the run that has just read and written everything, 0 for a reading of what changed.

        Digests of rows refused for now only must not be in `staged`. Digests of days before `forget_before` are dropped.
        `answered` are the key hashes of earlier refusals that this reading has offered again (None: it offered everything);
        those that were not refused anew are forgotten, as are those of rows in `staged`.
        """
        ...

    async def commit_all(self, commits: Sequence[Commit], also: Callable[[], None]) -> None:
        """`commit` of several scopes in one transaction, `also` once for them all; no digest is dropped."""
        ...
