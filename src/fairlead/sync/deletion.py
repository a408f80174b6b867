"""Deletes records of our own objects in the org: many by bulk query and Bulk 2.0, a few by record collections.

What is deleted is asked for anew at every beginning, so a deletion that was killed is simply asked for again. Memory holds
one part of the ids, never all of them.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Final

from fairlead.domain.failure import Failure, FixTheSettings, WaitAndRetry
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.collections import CHUNK
from fairlead.salesforce.csvdata import csv_bytes, header_bytes
from fairlead.salesforce.error_codes import WRITTEN_IN_THE_ORG, next_step_of
from fairlead.salesforce.error_reading import RowError
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.ports import BulkJobFailed

A_FEW: Final = 2_000
"""Up to so many records the collections door is the cheaper: ten calls, and no job to wait for."""

PART: Final = 100_000
"""Ids of one bulk job: 2 MB on the wire, and how much is done between two looks at a wish to stop."""

ROUNDS: Final = 3
"""Records that were locked or came too late are asked for again so many times in all."""

_GONE: Final = "ENTITY_IS_DELETED"

Tell = Callable[[int, int], Awaitable[None]]
Check = Callable[[], Awaitable[None]]


class NotDeleted(FixTheSettings):
    """Records of our own objects that Salesforce would not let go."""

    code = "FL-363"

    def __init__(self, object: str, count: int, why: str, next_step: str) -> None:
        super().__init__(f"{count:,} records of {object} could not be deleted: {why}.", next_step=next_step)


class DeletionBusy(WaitAndRetry):
    """Records of our own objects that were locked whenever they were to be deleted."""

    code = "FL-364"
    next_step = "Nothing needs to be done: the next run deletes them."


@dataclass(slots=True)
class _Round:
    """What became of one going over the records."""

    deleted: int = 0
    refused: int = 0
    worst: RowError | None = None

    def refuse(self, error: RowError) -> None:
        """One record was refused; one that is gone already is as good as deleted."""
        if error.code == _GONE:
            self.deleted += 1
            return
        self.refused += 1
        if self.worst is None or self.worst.retryable:
            self.worst = error


async def _nobody_asks(done: int = 0, total: int = 0) -> None:
    """For deletions that nobody follows or stops."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Which records of `object` go: those of the SOQL condition `where`, but for those whose `key_field` is in `keep`."""

    object: str
    where: str
    key_field: str = "Id"
    keep: Collection[str] = ()
    progress: Tell = _nobody_asks
    check: Check = _nobody_asks
    a_few: int = field(default=A_FEW, kw_only=True)
    part: int = field(default=PART, kw_only=True)

    async def run(self, crm: Salesforce) -> int:
        """Delete them; gives how many are gone. Raises a Failure; NotDeleted where some may never be deleted."""
        deleted = 0
        for left in reversed(range(ROUNDS)):
            told = await self._once(crm, deleted)
            deleted += told.deleted
            if told.worst is None:
                break
            if not told.worst.retryable or not left:
                raise self._failure(told.refused, told.worst)
        return deleted

    async def _once(self, crm: Salesforce, before: int) -> _Round:
        with salesforce_failures(f"count {self.object}"):
            count = await crm.count(f"SELECT COUNT() FROM {self.object} WHERE {self.where}")
        told = _Round()
        told = _Round()
        if not count:
            return told
        few = count <= self.a_few
        door = self._collections if few else self._bulk
        with salesforce_failures(f"delete {self.object}"):
            async with aclosing(self._ids(crm, few=few, size=CHUNK if few else self.part)) as parts:
                async for ids in parts:
                    await self.check()
                    await door(crm, ids, told)
                    await self.progress(before + told.deleted, before + max(count - len(self.keep), told.deleted))
        return told

    async def _ids(self, crm: Salesforce, *, few: bool, size: int) -> AsyncGenerator[list[str], None]:
        """Ids of the records to delete, `size` at a time."""
        names = ["Id"] if self.key_field == "Id" else ["Id", self.key_field]
        soql = f"SELECT {', '.join(names)} FROM {self.object} WHERE {self.where}"
        pages = self._read(crm, soql, names) if few else self._read_in_bulk(crm, soql)
        keep = self.keep
        part: list[str] = []
        async with aclosing(pages):
            async for page in pages:
                for row in page:
                    if row[-1] not in keep:
                        part.append(row[0])
                    if len(part) == size:
                        yield part
                        part = []
        if part:
            yield part

    @staticmethod
    async def _read(crm: Salesforce, soql: str, names: list[str]) -> AsyncGenerator[Sequence[Sequence[str]], None]:
        async for page in crm.query(soql):
            yield [[record[name] or "" for name in names] for record in page]

    @staticmethod
    async def _read_in_bulk(crm: Salesforce, soql: str) -> AsyncGenerator[Sequence[Sequence[str]], None]:
        """The job's result is fixed when it is made: what is deleted meanwhile does not shift its pages."""
        async with crm.bulk_query.finished(soql) as job:
            async for records in crm.bulk_query.rows(job):
                yield records

    async def _collections(self, crm: Salesforce, ids: list[str], told: _Round) -> None:
        for result in await crm.collections.delete(ids):
            if result.error is None:
                told.deleted += 1
            else:
                told.refuse(result.error)

    async def _bulk(self, crm: Salesforce, ids: list[str], told: _Round) -> None:
        """One bulk job. Killed meanwhile, it may still be carried out: what it deletes was to be deleted."""

        async def chunks() -> AsyncIterator[bytes]:
            yield header_bytes(["Id"]) + csv_bytes([ids])

        job = await crm.bulk.send(self.object, "delete", None, chunks)
        try:
            info = await crm.bulk.wait(job)
        except BaseException:
            with suppress(Exception):
                await crm.bulk.abort(job)
            raise
        if info.state != "JobComplete":
            raise BulkJobFailed(f"The bulk deletion of {self.object} ended as {info.state}.")
        told.deleted += info.processed - info.failed
        if info.failed:
            async for row in crm.bulk.failed(job, "Id"):
                told.refuse(RowError(row.code, row.message))

    def _failure(self, count: int, worst: RowError) -> Failure:
        # what the org's own rules say may name somebody
        why = worst.code if worst.code in WRITTEN_IN_THE_ORG else f"{worst.message.rstrip('.')} ({worst.code})"
        if worst.retryable:
            return DeletionBusy(f"{count:,} records of {self.object} could not be deleted yet: {why}.")
        return NotDeleted(self.object, count, why, next_step_of(worst.code))


async def delete_where(
    crm: Salesforce, object: str, where: str, *, progress: Tell = _nobody_asks, check: Check = _nobody_asks
) -> int:
    """Delete the records of `object` that fulfil the SOQL condition `where`; gives how many are gone.

    `progress` hears records deleted and to be deleted; `check` is awaited before every part and may raise. Raises a
    Failure: NotDeleted where Salesforce will not let some go, the others being gone by then.
    """
    return await Deletion(object, where, progress=progress, check=check).run(crm)
