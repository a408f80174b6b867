"""Fakes in memory, one for each port. They obey the ports' contracts (`tests/conformance/`) and let tests break things."""

import csv
import hashlib
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Generic, TypeVar

from fairlead.domain.address import normal
from fairlead.domain.keyed import Hmac
from fairlead.domain.records import Commit, Cursor, InFlight, Kind, Outcome, RowFailure, Rows, Scope, Staged
from fairlead.sync.match import short_id
from fairlead.sync.ports import BulkJobFailed, JobOutcome, SourcePage, Target

Row = TypeVar("Row")


@dataclass(slots=True)
class MemorySource(Generic[Row]):
    """Rows by state; `day` tells a row's day of change, `key` its key. `before_page` may raise or change things."""

    now: datetime
    day: Callable[[Row], str]
    key: Callable[[Row], str]
    states: dict[str, list[Row]] = field(default_factory=dict)
    page_size: int = 3
    before_page: Callable[[], None] = lambda: None

    async def clock(self) -> datetime:
        return self.now

    async def pages(self, scope: Scope, since: date | None) -> AsyncGenerator[SourcePage[Row], None]:
        start = since.isoformat() if since else ""
        for state in list(self.states):
            rows = [row for row in self.states[state] if self.day(row) >= start]
            for first in range(0, len(rows), self.page_size):
                self.before_page()
                yield SourcePage(rows[first : first + self.page_size], len(rows))

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Row]:
        wanted = set(keys)
        return [row for rows in self.states.values() for row in rows if self.key(row) in wanted]


@dataclass(slots=True)
class _MemoryJob:
    target: Target
    text: str = ""
    state: str = "open"
    outcome: JobOutcome | None = None


Refusal = Callable[[dict[str, str]], RowFailure | None]


@dataclass(slots=True)
class MemorySink:
    """Records by object and key. `refuse` may refuse a row; `step` is called before every act and may raise."""

    small_door: int = 4
    job_bytes: int = 10_000
    objects: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    refuse: Refusal = lambda record: None
    step: Callable[[str], None] = lambda act: None
    writes: int = 0
    _jobs: dict[str, _MemoryJob] = field(default_factory=dict)

    async def upsert(self, target: Target, rows: Rows) -> Outcome:
        self.step("upsert")
        return self._write(target, [dict(zip(rows.fields, record, strict=True)) for record in rows.records()]).outcome

    def encode(self, rows: Rows, *, header: bool) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        if header:
            writer.writerow(rows.fields)
        writer.writerows(rows.records())
        return out.getvalue().encode()

    async def open_job(self, target: Target) -> str:
        self.step("open_job")
        job = f"750{len(self._jobs):012d}"
        self._jobs[job] = _MemoryJob(target)
        return job

    async def send(self, job: str, chunks: AsyncIterator[bytes]) -> None:
        text = b"".join([chunk async for chunk in chunks]).decode()
        self.step("send")
        self._jobs[job].text = text

    async def start_job(self, job: str) -> None:
        self.step("start_job")
        held = self._jobs.get(job)
        if held is None:
            raise BulkJobFailed(f"Bulk job {job} is not known.")
        if held.state == "open":
            held.state = "done"
            records = list(csv.DictReader(io.StringIO(held.text, newline="")))
            keys = [record[held.target.key_field] for record in records]
            if len(set(keys)) != len(keys):
                raise AssertionError("one key stands twice in a bulk job")
            held.outcome = self._write(held.target, records)

    async def finish_job(self, job: str, target: Target) -> JobOutcome:
        self.step("finish_job")
        held = self._jobs.get(job)
        if held is None or held.outcome is None:
            raise BulkJobFailed(f"Bulk job {job} was not carried out.")
        outcome = held.outcome.outcome  # asked twice, it answers alike
        return JobOutcome(replace(outcome, failures=list(outcome.failures)), held.outcome.refused)

    async def abandon_job(self, job: str) -> bool:
        self.step("abandon_job")
        held = self._jobs.get(job)
        if held is not None and held.state == "done":
            return False
        self._jobs.pop(job, None)
        return True

    async def count_older(self, target: Target, scope: Scope, run: int) -> tuple[int, int]:
        records = self._of(target, scope)
        return sum(self._older(target, record, run) for record in records.values()), len(records)

    async def delete_older(self, target: Target, scope: Scope, run: int, keep: Collection[str]) -> int:
        self.step("delete_older")
        older = [
            key
            for key, record in self._of(target, scope).items()
            if self._older(target, record, run) and key not in keep
        ]
        for key in older:
            del self.objects[target.object][key]
        return len(older)

    def _of(self, target: Target, scope: Scope) -> dict[str, dict[str, str]]:
        records = self.objects.get(target.object, {})
        return {key: record for key, record in records.items() if not scope.list or key.startswith(scope.list)}

    @staticmethod
    def _older(target: Target, record: dict[str, str], run: int) -> bool:
        return int(record.get(target.run_field) or 0) < run

    def _write(self, target: Target, records: list[dict[str, str]]) -> JobOutcome:
        outcome = Outcome()
        refused: list[dict[str, str]] = []
        held = self.objects.setdefault(target.object, {})
        for record in records:
            failure = self.refuse(record)
            if failure is not None:
                outcome.failures.append(failure)
                refused.append(record)
                continue
            outcome.written += 1
            held[record[target.key_field]] = record
            self.writes += 1
        return JobOutcome(outcome, _as_rows(refused))


def _as_rows(records: list[dict[str, str]]) -> Rows | None:
    if not records:
        return None
    fields = tuple(records[0])
    return Rows(fields, (Kind.TEXT,) * len(fields), tuple([record[name] for record in records] for name in fields))


@dataclass(slots=True)
class MemoryMatcher:
    """Contact and lead ids by the normal form of an address; `people` are ids that may be given, in full."""

    contacts: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    people: Collection[str] = ()

    async def match(self, addresses: Sequence[str], ids: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
        keys = [normal(address) for address in addresses]
        given = ["" if ids is None else short_id(ids[i]) for i in range(len(keys))]
        known = {id_[:15]: id_ for id_ in self.people}
        contacts = {short: id_ for short, id_ in known.items() if short.startswith("003")}
        leads = {short: id_ for short, id_ in known.items() if short.startswith("00Q")}
        return (
            [contacts.get(short) or self.contacts.get(key, "") for key, short in zip(keys, given, strict=True)],
            [leads.get(short) or self.leads.get(key, "") for key, short in zip(keys, given, strict=True)],
        )

    def expect(self, addresses: int) -> None:
        """It has read everything."""

    def forget(self) -> None:
        """It asks nobody, so it remembers nothing."""

    def fresh(self) -> "MemoryMatcher":
        return self


@dataclass(slots=True)
class _MemoryScope:
    cursor: Cursor | None = None
    digests: dict[bytes, tuple[bytes, str]] = field(default_factory=dict)
    flights: dict[str, InFlight] = field(default_factory=dict)
    refusals: dict[bytes, RowFailure] = field(default_factory=dict)
    full_run: int = 0


@dataclass(slots=True)
class MemoryLedger:
    """What the flow remembers, in dictionaries. `step` is called before every change and may raise."""

    step: Callable[[str], None] = lambda act: None
    key: bytes = b"a key for tests"
    scopes: dict[Scope, _MemoryScope] = field(default_factory=dict)

    def hashes(self, keys: Sequence[str]) -> list[bytes]:
        return Hmac(self.key).of(keys)

    def content_digests(self, rows: Rows, leave_out: str) -> list[bytes]:
        kept = [i for i, name in enumerate(rows.fields) if name != leave_out]
        return [
            hashlib.blake2b("\x1f".join(record[i] for i in kept).encode(), key=self.key, digest_size=16).digest()
            for record in rows.records()
        ]

    async def cursor(self, scope: Scope) -> Cursor | None:
        return self._scope(scope).cursor

    async def full_run(self, scope: Scope) -> int:
        return self._scope(scope).full_run

    async def digests(self, scope: Scope) -> Mapping[bytes, bytes]:
        return {key: content for key, (content, _) in self._scope(scope).digests.items()}

    async def digests_of(self, scope: Scope, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        held = self._scope(scope).digests
        return {key: held[key][0] for key in keys if key in held}

    async def retryable(self, scope: Scope) -> Sequence[str]:
        return [failure.key for failure in self._scope(scope).refusals.values() if failure.retryable]

    async def in_flight(self, scope: Scope) -> Sequence[InFlight]:
        return list(self._scope(scope).flights.values())

    async def opened(self, scope: Scope, job: str) -> None:
        self.step("opened")
        self._scope(scope).flights[job] = InFlight(job, sealed=False, staged=None)

    async def sealed(self, scope: Scope, job: str, staged: Staged | None) -> None:
        self.step("sealed")
        copy = None if staged is None else Staged(staged.cursor, dict(staged.digests))
        self._scope(scope).flights[job] = InFlight(job, sealed=True, staged=copy)

    async def settle(self, scope: Scope, job: str, failures: Sequence[RowFailure]) -> None:
        self.step("settle")
        self._scope(scope).flights.pop(job, None)
        self._keep(scope, failures)

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
        self.step("commit")
        if also is not None:
            also()
        held = self._scope(scope)
        held.full_run = full_run or held.full_run
        held.cursor = staged.cursor
        held.flights.clear()
        for key in list(held.refusals) if answered is None else [*staged.digests, *answered]:
            held.refusals.pop(key, None)
        held.digests.update({key: (digest.content, digest.day) for key, digest in staged.digests.items()})
        if forget_before is not None:
            limit = forget_before.isoformat()
            held.digests = {key: value for key, value in held.digests.items() if value[1] >= limit}
        self._keep(scope, failures)

    async def commit_all(self, commits: Sequence[Commit], also: Callable[[], None]) -> None:
        for number, one in enumerate(commits):
            await self.commit(
                one.scope,
                one.staged,
                one.failures,
                forget_before=None,
                answered=one.answered,
                also=None if number else also,
                full_run=one.full_run,
            )

    def _keep(self, scope: Scope, failures: Sequence[RowFailure]) -> None:
        for failure, key in zip(failures, self.hashes([failure.key for failure in failures]), strict=True):
            self._scope(scope).refusals[key] = failure

    def _scope(self, scope: Scope) -> _MemoryScope:
        return self.scopes.setdefault(scope, _MemoryScope())
