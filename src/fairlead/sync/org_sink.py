"""The sink on a Salesforce org: collections for a few rows, Bulk 2.0 for many."""

import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from functools import partial
from typing import Any, Final

from fairlead.domain.records import Kind, Outcome, RowFailure, Rows, Scope
from fairlead.domain.setting import Values
from fairlead.salesforce.bulk import FailedRow
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.collections import RowResult, nested
from fairlead.salesforce.csvdata import NULL, csv_bytes, header_bytes
from fairlead.salesforce.error_codes import WRITTEN_IN_THE_ORG, next_step_of
from fairlead.salesforce.errors import RecordRefused
from fairlead.salesforce.query import quote
from fairlead.sync import limits
from fairlead.sync.deletion import Deletion
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.gathering import Gathering
from fairlead.sync.ports import BulkJobFailed, JobOutcome, Target

SMALL_DOOR: Final = limits.SMALL_DOOR.default
JOB_BYTES: Final = limits.JOB_MEGABYTES.default * 1_000_000

_BLOCKING: Final = frozenset(
    {
        "STORAGE_LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_TYPE",
        "INACTIVE_OWNER_OR_USER",
    }
)
"""Refusals of a row that no other row of our own objects would escape either."""

SHORTEST_VALUE: Final = 2
"""Characters from which on a value tells of somebody."""

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WORD: Final = re.compile(r"\w+")

_FROM_TEXT: Final[dict[Kind, Callable[[str], Any]]] = {
    Kind.TEXT: str,
    Kind.DATETIME: str,
    Kind.NUMBER: float,
    Kind.BOOLEAN: lambda text: text == "true",
}


class OrgSink:
    """Writes records of our own objects. `scope_filter` is the SOQL condition that picks a scope's records of a target.

    `chosen` holds the internal limits (`sync.limits`); without it their defaults hold.
    """

    small_door = SMALL_DOOR
    job_bytes = JOB_BYTES

    def __init__(
        self, salesforce: Salesforce, scope_filter: Callable[[Target, Scope], str], chosen: Values | None = None
    ) -> None:
        self._salesforce = salesforce
        self._filter = scope_filter
        if chosen is not None:
            self.small_door = chosen.of(limits.SMALL_DOOR)
            self.job_bytes = chosen.of(limits.JOB_MEGABYTES) * 1_000_000

    async def upsert(self, target: Target, rows: Rows) -> Outcome:
        """Write these rows now, 200 a call."""
        records = [nested(rows.fields, _values(rows, record)) for record in rows.records()]
        with salesforce_failures(f"write {target.object}"):
            results = await self._salesforce.collections.upsert(target.object, target.key_field, records)
        return _outcome(rows, results)

    def encode(self, rows: Rows, *, header: bool) -> bytes:
        """CSV of the rows; a blank empties the field."""
        body = csv_bytes(rows.columns, blank=NULL)
        return header_bytes(rows.fields) + body if header else body

    async def open_job(self, target: Target) -> str:
        """A new upsert job."""
        with salesforce_failures(f"open a bulk job for {target.object}"):
            return await self._salesforce.bulk.create(target.object, "upsert", target.key_field)

    async def send(self, job: str, chunks: AsyncIterator[bytes]) -> None:
        """Stream the job's CSV."""
        with salesforce_failures("upload rows to a bulk job"):
            await self._salesforce.bulk.upload(job, chunks)

    async def start_job(self, job: str) -> None:
        """Say that the upload is complete; a job that was started before is left as it is, one that is gone too."""
        with salesforce_failures("start a bulk job"):
            try:
                await self._salesforce.bulk.close(job)
            except RecordRefused as error:
                raise BulkJobFailed(f"Salesforce no longer knows bulk job {job}.") from error

    async def finish_job(self, job: str, target: Target) -> JobOutcome:
        """Wait for the job's end; its refused rows come back as they were sent."""
        with salesforce_failures("follow a bulk job"):
            try:
                info = await self._salesforce.bulk.wait(job)
            except RecordRefused as error:
                raise BulkJobFailed(f"Salesforce no longer knows bulk job {job}.") from error
            if info.state != "JobComplete":
                raise BulkJobFailed(f"Bulk job {job} ended as {info.state} after {info.processed:,} rows.")
            refused = await self._refused(job, target) if info.failed else JobOutcome(Outcome(), None)
        refused.outcome.written = info.processed - info.failed
        return refused

    async def abandon_job(self, job: str) -> bool:
        """Abort a job that was never started; False if it was started after all."""
        with salesforce_failures("give up a bulk job"):
            try:
                if (await self._salesforce.bulk.info(job)).state not in {"Open", "Aborted"}:
                    return False
                await self._salesforce.bulk.abort(job)
            except RecordRefused:  # gone with what it never wrote
                return True
        return True

    async def count_older(self, target: Target, scope: Scope, run: int) -> tuple[int, int]:
        """How many records of the scope carry an older run number, and how many there are."""
        where = self._filter(target, scope)
        with salesforce_failures(f"count {target.object}"):
            known = await self._salesforce.count(f"SELECT COUNT() FROM {target.object} WHERE {where}")
            older = await self._salesforce.count(
                f"SELECT COUNT() FROM {target.object} WHERE {where} AND {_older(target, run)}"
            )
        return older, known

    async def delete_older(self, target: Target, scope: Scope, run: int, keep: Collection[str]) -> int:
        """Delete the scope's records with an older run number, but for the keys `keep`. Raises a Failure."""
        where = f"{self._filter(target, scope)} AND {_older(target, run)}"
        return await Deletion(target.object, where, target.key_field, keep).run(self._salesforce)

    async def _refused(self, job: str, target: Target) -> JobOutcome:
        failures: list[RowFailure] = []
        cells: list[tuple[str, ...]] = []
        async for row, sent in self._salesforce.bulk.refused(job, target.key_field, target.fields):
            failures.append(_failure(row.key, row, sent))
            cells.append(tuple("" if cell == NULL else cell for cell in sent))
        columns = tuple([record[i] for record in cells] for i in range(len(target.fields)))
        return JobOutcome(Outcome(0, failures), Rows(target.fields, target.kinds, columns))


class SharedSink(OrgSink):
    """A sink that several flows share: rows that they write in one moment go by one call."""

    def __init__(
        self, salesforce: Salesforce, scope_filter: Callable[[Target, Scope], str], chosen: Values | None = None
    ) -> None:
        super().__init__(salesforce, scope_filter, chosen)
        self._doors: dict[Target, Gathering[tuple[str, ...], RowFailure | None]] = {}

    async def upsert(self, target: Target, rows: Rows) -> Outcome:
        """Write these rows, with those of others, 200 a call."""
        door = self._doors.get(target)
        if door is None:
            door = self._doors[target] = Gathering(partial(self._write, target))
        told = await door(list(rows.records()))
        failures = [failure for failure in told if failure is not None]
        return Outcome(len(rows) - len(failures), failures)

    async def _write(self, target: Target, records: Sequence[tuple[str, ...]]) -> list[RowFailure | None]:
        columns = tuple(list(column) for column in zip(*records, strict=True))
        rows = Rows(target.fields, target.kinds, columns)
        outcome = await super().upsert(target, rows)
        refused = {failure.key: failure for failure in outcome.failures}
        return [refused.get(key) for key in rows.keys]


def _values(rows: Rows, record: tuple[str, ...]) -> list[Any]:
    return [_FROM_TEXT[kind](text) if text else None for kind, text in zip(rows.kinds, record, strict=True)]


def _older(target: Target, run: int) -> str:
    return f"({target.run_field} < {run} OR {target.run_field} = null)"


def _outcome(rows: Rows, results: list[RowResult]) -> Outcome:
    outcome = Outcome()
    for i, (key, result) in enumerate(zip(rows.keys, results, strict=True)):
        if result.success:
            outcome.written += 1
        else:
            outcome.failures.append(_failure(key, result, [column[i] for column in rows.columns]))
    return outcome


def _failure(key: str, row: FailedRow | RowResult, cells: Sequence[str]) -> RowFailure:
    message = without_values(row.message, cells) if row.code in WRITTEN_IN_THE_ORG else row.message
    reason = sentences(message, next_step_of(row.code))
    return RowFailure(key, row.code, reason, retryable=row.retryable, blocks=row.code in _BLOCKING)


def sentences(message: str, next_step: str) -> str:
    """What Salesforce told, which often has no full stop, and what to do about it."""
    message = message.strip()
    return f"{message}{'' if message[-1:] in set('.!?') or not message else '.'} {next_step}".strip()


def without_values(message: str, cells: Sequence[str]) -> str:
    """A message that the org's own rules wrote, without the row's values, whole or word by word, whatever their case."""
    texts = [text for cell in cells for text in (cell, *_QUOTED.findall(cell))]
    words = {word for text in texts for word in (text, *_WORD.findall(text)) if len(word) >= SHORTEST_VALUE}
    if not words:
        return message
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", "‹value›", message, flags=re.IGNORECASE)


def by_list(target: Target, scope: Scope) -> str:
    """The records of one list."""
    return f"List__r.List_Id__c = {quote(scope.list)}"


def by_client(target: Target, scope: Scope) -> str:
    """The records that belong to one client."""
    return f"Client__r.Client_Id__c = {quote(scope.client)}"


def all_records(target: Target, scope: Scope) -> str:
    """Every record of the object."""
    return f"{target.key_field} != null"


def without_list(target: Target, scope: Scope) -> str:
    """Members whose list is gone: deleting a list leaves its members without one."""
    return "List__c = null"
