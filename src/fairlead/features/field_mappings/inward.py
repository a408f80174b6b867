"""What changed in Campaign Monitor goes to contacts and leads: a stage of the primary sync, after members were written.

What changed there of fields that Salesforce owns is noted, and put right by the next run the other way.

It reads the members that changed since, with their contacts and leads, and asks nothing of Campaign Monitor but a list's
custom fields. Killed anywhere, it reads the same again, and what is written already is not written a second time.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead.domain.failure import Failure, SignInAgain, the_one_to_act_on
from fairlead.domain.mapping import Direction, Fitted
from fairlead.domain.mapping_merge import Act
from fairlead.domain.records import Cursor, RowFailure, Scope
from fairlead.features.field_mappings import agreed, kept, outcome, reading, renamed, rules
from fairlead.features.field_mappings.mapped import Mapped
from fairlead.features.field_mappings.rules import Moved, Pair, Planned
from fairlead.features.field_mappings.settings import LOG_DAYS
from fairlead.jobs.context import in_database
from fairlead.salesforce import names
from fairlead.salesforce.bulk import FailedRow
from fairlead.salesforce.collections import RowResult
from fairlead.salesforce.csvdata import NULL, csv_bytes, header_bytes
from fairlead.salesforce.error_codes import WRITTEN_IN_THE_ORG, next_step_of
from fairlead.salesforce.query import quote
from fairlead.sync import phone
from fairlead.sync.failures import SalesforceUnavailable, salesforce_failures
from fairlead.sync.org_sink import SMALL_DOOR, sentences
from fairlead.sync.run import Blocked
from fairlead.sync.stage import ListScope, Run, Stage

NAME: Final = "mapping"
OVERLAP: Final = timedelta(minutes=10)
"""A record's time of change is set before its transaction ends: look again at the last minutes."""
A_ROUND: Final = 20_000
"""Rows that are held before they are written."""
RETRY_WAITS: Final = (0.5, 2.0)
_BLOCKING: Final = frozenset(
    {"STORAGE_LIMIT_EXCEEDED", "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE"}
)


async def write_contacts_and_leads(run: Run) -> None:
    """Bring changed values of lists to contacts and leads. A list that fails does not take the others with it."""
    await renamed.write(run)
    lines = await in_database(kept.current, run.org_id)
    working = {list_id: [one for one in of if one.direction is not Direction.NONE] for list_id, of in lines.items()}
    lists = [one for one in run.lists if working.get(one.id)]
    if not lists:
        await run.progress.stage(NAME, message="No list has field mappings.")
        return
    every = [line for one in lists for line in working[one.id]]
    described = await reading.described(run.salesforce, every)
    mapped = Mapped(run.campaign_monitor, working, described, phone.by_setting(run.settings))
    failures: list[Failure] = []
    for done, one in enumerate(lists):
        await run.progress.check_cancelled()
        await run.progress.stage(NAME, done=done, total=len(lists), unit="lists")
        try:
            await _List(run, one, mapped).write()
        except SignInAgain:
            raise
        except Failure as failure:
            failure.tell_more(f"The list “{one.name}”:")
            failures.append(failure)
    await in_database(outcome.forget_old, run.org_id, run.settings.of(LOG_DAYS))
    await run.progress.stage(NAME, done=len(lists) - len(failures), total=len(lists), unit="lists")
    if failures:
        raise the_one_to_act_on(failures, "lists", len(lists))
    mapped.raise_problems()


@dataclass(slots=True)
class _List:
    """One list on its way."""

    run: Run
    of: ListScope
    mapped: Mapped
    lines: list[Fitted] = field(default_factory=list)
    inward: list[Fitted] = field(default_factory=list)
    waiting: list[Planned] = field(default_factory=list)
    latest: str = ""

    @property
    def _scope(self) -> Scope:
        return Scope(outcome.IN, self.of.client.id, self.of.id)

    async def write(self) -> None:
        """Read what changed, write what is due; the cursor moves last. Raises a Failure."""
        run = self.run
        self.lines = await self.mapped.of(self.of.id)
        self.inward = [one for one in self.lines if one.line.direction.inward]
        cursor = None if run.wanted.full else await run.ledger.cursor(self._scope)
        retry = await run.ledger.retryable(self._scope)
        failures: list[RowFailure] = []
        needed = reading.paths(self.lines)
        async for found in reading.pairs(run.salesforce, self._soql(needed, cursor, retry), needed):
            await self._take(found)
            if len(self.waiting) >= A_ROUND:
                failures += await self._write_waiting()
        failures += await self._write_waiting()
        moved = Cursor(_naive(self.latest)) if self.latest else cursor or Cursor(outcome.BEGINNING)
        await outcome.note(run, self._scope, (), failures, cursor=moved, offered=retry)
        blocking = [failure for failure in failures if failure.blocks]
        if blocking:
            raise Blocked(len(blocking), blocking[0])

    def _soql(self, needed: dict[str, list[str]], cursor: Cursor | None, retry: Sequence[str]) -> str:
        # rows to be offered again are few or many: in any case the members of the list are read anew then
        since = ""
        if cursor is not None and not retry:
            since = f" AND SystemModstamp >= {cursor.read_until - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
        return (
            f"SELECT {reading.columns(needed)} FROM {names.MEMBER} WHERE List__r.{names.LIST_KEY} = {quote(self.of.id)}"
            f" AND (Contact__c != null OR Lead__c != null){since}"
        )

    async def _take(self, found: Sequence[Pair]) -> None:
        run = self.run
        self.latest = max((pair.modified for pair in found), default=self.latest)
        pairs = [pair for pair in found if pair.state in rules.READY_IN]
        hashes = run.ledger.hashes([pair.key for pair in pairs])
        known = await in_database(agreed.of, run.org_id, self.of.id, hashes)
        digest = outcome.digest_by(run.ledger)
        for key, pair in zip(hashes, pairs, strict=True):
            before = known.get(key, {})
            planned = rules.plan(self.inward, pair, before, digest, self.mapped.phone, Act.TO_SALESFORCE)
            planned.owed = rules.owed(self.lines, pair, before, digest, self.mapped.phone)
            planned.agreed = {**before, **planned.agreed}
            if self.inward and rules.moved(pair, before.get(rules.ADDRESS), digest) is Moved.AGREED:
                planned.agreed[rules.ADDRESS] = rules.address_entry(pair, digest)
            if planned.fields or planned.refused or planned.owed or planned.agreed != before:
                self.waiting.append(planned)

    async def _write_waiting(self) -> list[RowFailure]:
        """Write what waits, each record once; note what became of it."""
        waiting, self.waiting = self.waiting, []
        failures = [outcome.unfit(planned) for planned in waiting if planned.refused]
        done = [planned for planned in waiting if not planned.fields]
        for name in ("Contact", "Lead"):
            part = [planned for planned in waiting if planned.fields and planned.pair.object == name]
            told = await self._write(name, part)
            done += [planned for planned, failure in zip(part, told, strict=True) if failure is None]
            failures += [failure for failure in told if failure is not None]
            self.run.add(written=sum(failure is None for failure in told))
        self.run.add(refused=len(failures))
        await outcome.note(self.run, self._scope, done, failures)
        return failures

    async def _write(self, name: str, part: Sequence[Planned]) -> list[RowFailure | None]:
        """What became of each; of two members with one record, the fields are written together."""
        records: dict[str, dict[str, Any]] = {}
        for planned in part:
            records.setdefault(planned.pair.record, {}).update(planned.fields)
        refused = await self._update(name, records)
        return [
            replace(failure, key=planned.pair.key) if (failure := refused.get(planned.pair.record)) else None
            for planned in part
        ]

    async def _update(self, name: str, records: dict[str, dict[str, Any]]) -> dict[str, RowFailure]:
        """The refusals, by record id. What may be taken in a moment is offered again, a few times."""
        if len(records) > SMALL_DOOR:
            return await self._bulk(name, records)
        refused: dict[str, RowFailure] = {}
        left = records
        for wait in (*RETRY_WAITS, None):
            await self.run.progress.check_cancelled()
            with salesforce_failures(f"write {name} records"):
                sent = [{"Id": record, **fields} for record, fields in left.items()]
                told = await self.run.salesforce.collections.update(name, sent) if sent else []
            results = dict(zip(left, told, strict=True))
            refused = {each: _failure(each, row) for each, row in results.items() if not row.success} | {
                each: failure for each, failure in refused.items() if each not in results
            }
            left = {each: records[each] for each, failure in refused.items() if failure.retryable}
            if not left or wait is None:
                break
            await asyncio.sleep(wait)
        return refused

    async def _bulk(self, name: str, records: dict[str, dict[str, Any]]) -> dict[str, RowFailure]:
        """The same by bulk jobs: one for each set of fields, as a blank cell would say nothing of a field."""
        shapes: dict[tuple[str, ...], list[str]] = {}
        for record, fields in records.items():
            shapes.setdefault(tuple(sorted(fields)), []).append(record)
        refused: dict[str, RowFailure] = {}
        for shape, ids in shapes.items():
            part = {record: records[record] for record in ids}
            refused |= await (self._update(name, part) if len(ids) <= SMALL_DOOR else self._job(name, shape, part))
        return refused

    async def _job(self, name: str, shape: Sequence[str], records: dict[str, dict[str, Any]]) -> dict[str, RowFailure]:
        await self.run.progress.check_cancelled()

        async def csv() -> AsyncIterator[bytes]:
            yield header_bytes(("Id", *shape))
            columns = [[_cell(fields[one]) for fields in records.values()] for one in shape]
            yield csv_bytes([list(records), *columns], blank=NULL)

        bulk = self.run.salesforce.bulk
        with salesforce_failures(f"write {name} records"):
            job = await bulk.send(name, "update", None, csv)
            info = await bulk.wait(job)
            if info.state != "JobComplete":
                raise SalesforceUnavailable(f"Bulk job {job} ended as {info.state}.")
            return {row.key: _failure(row.key, row) async for row in bulk.failed(job, "Id")} if info.failed else {}


def _failure(record: str, row: RowResult | FailedRow) -> RowFailure:
    """What the org said; what its own rules wrote may name anybody, and is left out."""
    message = "A rule, flow or trigger of the org refused it." if row.code in WRITTEN_IN_THE_ORG else row.message
    reason = sentences(message, next_step_of(row.code))
    return RowFailure(record, row.code, reason, retryable=row.retryable, blocks=row.code in _BLOCKING)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _naive(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


# needs nothing: where lists or members could not be read, it does what is due by what the org shows
STAGES: Final = (Stage(NAME, "Field mappings to Salesforce", write_contacts_and_leads),)
