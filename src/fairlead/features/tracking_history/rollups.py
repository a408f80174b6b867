"""Writes the totals of members (C11) to the org: what changed, as totals, so that writing them twice is writing them once."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from fairlead.domain.records import Cursor, Kind, Outcome, RowFailure, Rows, Scope, Staged
from fairlead.features.tracking_history.totals import Found, Total, due_count, found_of, mark_written, totals_of
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.sync.events import RefusedForNow
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import Target
from fairlead.sync.push import Journal, Push
from fairlead.sync.stage import Run

FIELDS: Final = ("Id", "Sent__c", "Opened__c", "Clicked__c", "Bounced__c", "Last_Activity_Date__c")
KINDS: Final = (Kind.TEXT, *(Kind.NUMBER,) * 4, Kind.DATETIME)
TARGET: Final = Target(names.MEMBER, "Id", FIELDS, KINDS)
SCOPE: Final = Scope("member totals", "all")
ASK_UP_TO: Final = 10_000
"""Members that are asked for by name; if more changed, or they are not known by name, the org's members are read."""

Member = tuple[str, str]
"""Record id and member key."""


class _UpdateSink(OrgSink):
    """Updates members by record id: a member that is not in the org must not come into being by its totals."""

    def __init__(self, salesforce: Salesforce) -> None:
        super().__init__(salesforce, all_records)
        self._org = salesforce

    async def upsert(self, target: Target, rows: Rows) -> Outcome:
        """Update these members now, 200 a call."""
        records = [
            {
                name: None if not text else float(text) if kind is Kind.NUMBER else text
                for name, kind, text in zip(rows.fields, rows.kinds, record, strict=True)
            }
            for record in rows.records()
        ]
        with salesforce_failures("write totals of members"):
            results = await self._org.collections.update(target.object, records)
        outcome = Outcome()
        for key, result in zip(rows.keys, results, strict=True):
            if result.success:
                outcome.written += 1
            else:
                outcome.failures.append(RowFailure(key, result.code, result.message, result.retryable))
        return outcome

    async def open_job(self, target: Target) -> str:
        """A new update job."""
        with salesforce_failures("open a bulk job for totals of members"):
            return await self._org.bulk.create(target.object, "update", None)


async def write_totals(run: Run) -> None:
    """Write the totals of every member whose events were counted, and of members that are new in the org."""
    due = await due_count(run.org_id)
    cursor = await run.ledger.cursor(SCOPE)
    await run.progress.stage("rollups", state="running", done=0, total=due, unit="members")
    work = _Work(run)
    await work.settle_jobs()
    keys = await _by_name(run, due)
    everything = run.wanted.full and run.wanted.everything
    if everything or (due and len(keys) < due):
        await work.write(_all(run), empty_others=everything)
    elif keys:
        await work.write(_asked(run, keys))
    if cursor is None:
        newest = await _newest(run)
    else:
        new = _New(run, cursor.read_until)
        await work.write(new.members(), written_too=True)
        newest = new.newest
    await work.end(newest, due)


async def _by_name(run: Run, due: int) -> list[str]:
    """The keys of all members that are due, if they are known by name and not too many; else none."""
    if not 0 < due <= min(len(run.member_keys), ASK_UP_TO):
        return []
    found = await found_of(run.org_id, run.member_keys)
    return [run.member_keys[one.member] for one in found]


class _Work:
    """One push of totals."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._push = Push(_UpdateSink(run.salesforce), TARGET, self._journal())
        self._ids: dict[str, Found] = {}

    def _journal(self) -> Journal:
        ledger = self._run.ledger

        async def opened(job: str) -> None:
            await ledger.opened(SCOPE, job)

        async def sealed(job: str, last: bool) -> None:
            await ledger.sealed(SCOPE, job, None)

        async def settled(job: str, failures: list[RowFailure]) -> None:
            await ledger.settle(SCOPE, job, failures)

        return Journal(opened, sealed, settled)

    async def settle_jobs(self) -> None:
        """Bulk jobs of an earlier attempt: what they wrote is written again, as totals."""
        for job in await self._run.ledger.in_flight(SCOPE):
            await self._run.ledger.settle(SCOPE, job.job, [])

    async def write(
        self, members: AsyncIterator[Sequence[Member]], *, empty_others: bool = False, written_too: bool = False
    ) -> None:
        """Hand over the totals of these members that are due, or all (`written_too`, `empty_others`).

        With `empty_others` members without events get zeros.
        """
        try:
            async for page in members:
                await self._run.progress.check_cancelled()
                hashes = self._run.ledger.hashes([key for _, key in page])
                totals = await totals_of(self._run.org_id, hashes)
                nothing = Found(b"", written=True)
                pairs = [
                    (record_id, totals.get(member, (Total(), nothing)))
                    for (record_id, _), member in zip(page, hashes, strict=True)
                    if empty_others or (member in totals and (written_too or not totals[member][1].written))
                ]
                self._ids |= {record_id: found for record_id, (_, found) in pairs if found.member}
                await self._push.add(_rows([(record_id, total) for record_id, (total, _) in pairs]))
        except BaseException:
            await self._push.abandon()
            raise

    async def end(self, newest: datetime, due: int) -> None:
        """Wait for the writing, and mark what was written. Members that are not in the org are done with as well."""
        outcome = await self._push.finish()
        for_now = [failure for failure in outcome.failures if failure.retryable]
        refused = {self._ids[failure.key].member for failure in for_now if failure.key in self._ids}
        self._run.add(totals_written=outcome.written)
        await self._run.ledger.commit(
            SCOPE,
            Staged(Cursor(newest), {}),
            [failure for failure in outcome.failures if not failure.retryable],
            forget_before=None,
            answered=None,
            also=partial(mark_written, self._run.org_id, refused),
        )
        await self._run.progress.stage("rollups", done=outcome.written, total=max(due, outcome.written))
        if for_now:
            raise RefusedForNow(len(for_now), for_now[0])


def _rows(totals: Sequence[tuple[str, Total]]) -> Rows:
    return Rows(
        FIELDS,
        KINDS,
        (
            [record_id for record_id, _ in totals],
            *([str(getattr(total, name)) for _, total in totals] for name in ("sent", "opened", "clicked", "bounced")),
            [total.last_at for _, total in totals],
        ),
    )


async def _asked(run: Run, keys: Sequence[str]) -> AsyncIterator[Sequence[Member]]:
    with salesforce_failures("read members"):
        for soql in split_in(f"SELECT Id, {names.MEMBER_KEY} FROM {names.MEMBER} WHERE {names.MEMBER_KEY} IN", keys):
            async for page in run.salesforce.query(soql):
                yield [(record["Id"], record[names.MEMBER_KEY]) for record in page]


class _New:
    """Members that came into the org since the totals were last written. `newest` is when the last of them did (UTC, naive)."""

    def __init__(self, run: Run, since: datetime) -> None:
        self._run = run
        self._since = since
        self.newest = since

    async def members(self) -> AsyncIterator[Sequence[Member]]:
        """Those without totals, a page at a time."""
        where = f"CreatedDate > {self._since:%Y-%m-%dT%H:%M:%SZ} AND Sent__c = null"
        soql = f"SELECT Id, {names.MEMBER_KEY}, CreatedDate FROM {names.MEMBER} WHERE {where}"
        with salesforce_failures("read members"):
            async for page in self._run.salesforce.query(soql):
                self.newest = (
                    max(self.newest, *(_moment(record["CreatedDate"]) for record in page)) if page else self.newest
                )
                yield [(record["Id"], record[names.MEMBER_KEY]) for record in page]


async def _newest(run: Run) -> datetime:
    """When the newest member came into the org, by the org's own clock."""
    with salesforce_failures("read members"):
        pages = run.salesforce.query(f"SELECT MAX(CreatedDate) newest FROM {names.MEMBER}")
        found = [record["newest"] async for page in pages for record in page]
    return _moment(found[0]) if found and found[0] else _moment("2000-01-01T00:00:00")


def _moment(text: str) -> datetime:
    """A moment as Salesforce tells it, as naive UTC, whole seconds."""
    return datetime.fromisoformat(text[:19])


async def _all(run: Run) -> AsyncIterator[Sequence[Member]]:
    bulk = run.salesforce.bulk_query
    with salesforce_failures("read members"):
        async with bulk.finished(f"SELECT Id, {names.MEMBER_KEY} FROM {names.MEMBER}") as job:
            async for records in bulk.rows_unordered(job):
                yield [(record[0], record[1]) for record in records]
