"""Writes members of one campaign: a few by collections, many by a bulk job that the ledger knows of before it holds a row.

One campaign at a time, in the order of the people's ids: every member's write locks its campaign and its person.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fairlead.domain.records import Scope
from fairlead.features.salesforce_campaigns.rules.members import Change, Member, Person
from fairlead.salesforce.bulk import FailedRow
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.collections import CHUNK, RowResult
from fairlead.salesforce.csvdata import csv_bytes, header_bytes
from fairlead.salesforce.errors import AnswerLost, RecordRefused
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import Ledger

SMALL_DOOR: Final = 2_000
"""Up to so many members, collections are the cheaper door."""

OBJECT: Final = "CampaignMember"
_CHANGES: Final = ("Status", "CM_Activity__c", "CM_Activity_Date__c", "CM_Opens__c", "CM_Clicks__c")
_NEW: Final = ("CampaignId", "ContactId", "LeadId", *_CHANGES)
_OLD: Final = ("Id", *_CHANGES)


@dataclass(frozen=True, slots=True)
class Write:
    """One person's member to write: `member` is None for a new one."""

    person: Person
    member: Member | None
    change: Change


@dataclass(frozen=True, slots=True)
class Refusal:
    """A write that was not accepted. `row` is None where the answer was lost: it may have been carried out."""

    write: Write
    row: RowResult | FailedRow | None


class Writer:
    """Writes members of the campaign `campaign`. `scope` is where the ledger remembers bulk jobs."""

    def __init__(self, crm: Salesforce, ledger: Ledger, scope: Scope, campaign: str, small_door: int) -> None:
        self._crm = crm
        self._ledger = ledger
        self._scope = scope
        self._campaign = campaign
        self._small_door = small_door
        self._sink = OrgSink(crm, all_records)

    async def settle_earlier(self) -> None:
        """Wait for jobs of an earlier attempt, so that no two work on one campaign; what they wrote is then read."""
        for job in await self._ledger.in_flight(self._scope):
            if not await self._sink.abandon_job(job.job):
                await self._ended(job.job)
            await self._ledger.settle(self._scope, job.job, [])

    async def write(self, writes: Sequence[Write]) -> list[Refusal]:
        """Write them; those that were not accepted come back."""
        ordered = sorted(writes, key=lambda write: write.person.key)
        new = [write for write in ordered if write.member is None]
        old = [write for write in ordered if write.member is not None]
        if len(writes) <= self._small_door:
            return [*await self._few("insert", new), *await self._few("update", old)]
        return [*await self._many("insert", new), *await self._many("update", old)]

    async def _few(self, how: str, writes: Sequence[Write]) -> list[Refusal]:
        refusals: list[Refusal] = []
        door = self._crm.collections.insert if how == "insert" else self._crm.collections.update
        for start in range(0, len(writes), CHUNK):
            part = writes[start : start + CHUNK]
            try:
                told = await door(OBJECT, [self._record(write) for write in part])
            except AnswerLost:
                refusals += [Refusal(write, None) for write in part]
                continue
            refusals += [Refusal(w, result) for w, result in zip(part, told, strict=True) if not result.success]
        return refusals

    async def _many(self, how: str, writes: Sequence[Write]) -> list[Refusal]:
        if not writes:
            return []
        fields = _NEW if how == "insert" else _OLD
        job = await self._crm.bulk.create(OBJECT, how)
        await self._ledger.opened(self._scope, job)

        async def chunks() -> AsyncIterator[bytes]:
            yield header_bytes(fields)
            for part in _parts(writes):
                cells = [[_text(cell) for cell in self._cells(write)] for write in part]
                yield csv_bytes([list(column) for column in zip(*cells, strict=True)])

        await self._sink.send(job, chunks())
        await self._ledger.sealed(self._scope, job, None)
        await self._sink.start_job(job)
        refusals = await self._refusals(job, how, writes)
        await self._ledger.settle(self._scope, job, [])
        return refusals

    async def _refusals(self, job: str, how: str, writes: Sequence[Write]) -> list[Refusal]:
        """Waits for the job's end. Of a job that did not come to it, every row counts as lost."""
        failed = await self._ended(job)
        if failed is None:
            return [Refusal(write, None) for write in writes]
        if not failed:
            return []
        by_key = {self._key(write): write for write in writes}
        key, others = ("ContactId", ("ContactId", "LeadId")) if how == "insert" else ("Id", ("Id",))
        return [Refusal(by_key["".join(cells)], row) async for row, cells in self._crm.bulk.refused(job, key, others)]

    async def _ended(self, job: str) -> int | None:
        """How many rows an ended job has refused; None where it did not come to its end."""
        try:
            info = await self._crm.bulk.wait(job)
        except RecordRefused:  # it is no longer kept
            return None
        return info.failed if info.state == "JobComplete" else None

    def _key(self, write: Write) -> str:
        return write.member.id if write.member is not None else write.person.contact or write.person.lead

    def _record(self, write: Write) -> dict[str, Any]:
        """The fields that are written, and no others."""
        names = _NEW if write.member is None else _OLD
        cells = zip(names, self._cells(write), strict=True)
        return {name: _json(cell) for name, cell in cells if cell is not None}

    def _cells(self, write: Write) -> list[Any]:
        change, person = write.change, write.person
        changes = [change.status, change.activity, change.at, change.opens, change.clicks]
        if write.member is not None:
            return [write.member.id, *changes]
        # a member is a contact or a lead, not both
        lead = None if person.contact else person.lead
        return [self._campaign, person.contact or None, lead, *changes]


def _parts(writes: Sequence[Write], size: int = 5_000) -> Iterator[Sequence[Write]]:
    for start in range(0, len(writes), size):
        yield writes[start : start + size]


def _json(cell: Any) -> Any:
    return _text(cell) if isinstance(cell, datetime) else cell


def _text(cell: Any) -> str:
    """As the Bulk API reads it; blank leaves the field as it is."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return "" if cell is None else str(cell)
