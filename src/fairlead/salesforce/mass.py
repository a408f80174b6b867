"""All records that a condition picks, deleted or changed alike: by collections for a few, by bulk jobs for many.

Nothing is remembered between attempts: what is done no longer fits the condition of a deletion, and for a change the
condition must leave out what has its new values. So a stopped work goes on where it was, whoever takes it up.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fairlead.salesforce.bulk import FailedRow
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.csvdata import csv_bytes, header_bytes
from fairlead.salesforce.errors import Unavailable

SMALL: Final = 2_000
"""Up to so many records, collections of 200 cost fewer calls than the two bulk jobs."""
ROUND: Final = 200_000
"""Records of one round, after which progress is told."""
_GONE: Final = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})

Tell = Callable[[int, int], Awaitable[None]]


@dataclass(slots=True)
class Done:
    """How many records were handled, and for each that the org refused in the last round why."""

    handled: int = 0
    refused: list[FailedRow] = field(default_factory=list)


async def delete(crm: Salesforce, sobject: str, where: str, tell: Tell) -> Done:
    """Delete the records for which `where` holds. `tell` hears how many are done of how many, between calls."""
    return await _Work(crm, sobject, where, {}, tell).run()


async def change(crm: Salesforce, sobject: str, where: str, values: Mapping[str, str], tell: Tell) -> Done:
    """Give the records for which `where` holds these values; with them, it must hold no longer."""
    return await _Work(crm, sobject, where, values, tell).run()


@dataclass(slots=True)
class _Work:
    crm: Salesforce
    sobject: str
    where: str
    values: Mapping[str, str]
    tell: Tell

    async def run(self) -> Done:
        """Round after round, until nothing is left or a round gets nowhere."""
        done = Done()
        left = await self._count()
        while left:
            await self.tell(done.handled, done.handled + left)
            handled, done.refused = await (self._few() if left <= SMALL else self._many())
            done.handled += handled
            left = await self._count() if left > SMALL or done.refused else 0
            if not handled:
                break
        await self.tell(done.handled, done.handled + len(done.refused))
        return done

    async def _count(self) -> int:
        return await self.crm.count(f"SELECT COUNT() FROM {self.sobject} WHERE {self.where}")

    @property
    def _soql(self) -> str:
        return f"SELECT Id FROM {self.sobject} WHERE {self.where}"

    async def _few(self) -> tuple[int, list[FailedRow]]:
        ids = [str(record["Id"]) async for page in self.crm.query(self._soql) for record in page]
        door = self.crm.collections
        if self.values:
            results = await door.update(self.sobject, [{"Id": each, **self.values} for each in ids])
        else:
            results = await door.delete(ids)
        refused = [
            FailedRow(each, result.code, result.message, result.fields)
            for each, result in zip(ids, results, strict=True)
            if not result.success and not self._gone(result.code)
        ]
        return len(ids) - len(refused), refused

    async def _many(self) -> tuple[int, list[FailedRow]]:
        operation = "update" if self.values else "delete"
        async with self.crm.bulk_query.finished(f"{self._soql} LIMIT {ROUND}") as reading:
            job = await self.crm.bulk.send(self.sobject, operation, None, lambda: self._csv(reading))
            info = await self.crm.bulk.wait(job)
        if info.state != "JobComplete":
            raise Unavailable(f"Bulk job {job} ended as {info.state}.", code="bulk_job_failed")
        failed = [row async for row in self.crm.bulk.failed(job, "Id")] if info.failed else []
        refused = [row for row in failed if not self._gone(row.code)]
        return info.processed - len(refused), refused

    async def _csv(self, reading: str) -> AsyncIterator[bytes]:
        yield header_bytes(("Id", *self.values))
        async for rows in self.crm.bulk_query.rows(reading):
            ids = [row[0] for row in rows]
            yield csv_bytes([ids, *([value] * len(ids) for value in self.values.values())])

    def _gone(self, code: str) -> bool:
        """A record that somebody else has deleted meanwhile needs nothing more."""
        return code == "ENTITY_IS_DELETED" or (not self.values and code in _GONE)
