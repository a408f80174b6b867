"""The story of single events: read a few e-mails' reports side by side, write what is new by one door, then commit each.

Unlike a list's subscribers, events have no key of their own, come by the minute, and are counted. So each kind of each
e-mail is a scope of its own, with what is remembered of its newest events (`Book`), and a cursor that only moves when
every event was written or refused for good: counts stay exact. Killed anywhere, a scope is simply read again.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from fairlead.domain.address import normal
from fairlead.domain.failure import Failure, SignInAgain, WaitAndRetry
from fairlead.domain.records import Cursor, Outcome, RowFailure, Scope, Staged
from fairlead.domain.tracking_plan import Known, Plan, after, missing, start_of, whole
from fairlead.sync import convert_tracking as convert
from fairlead.sync.convert_tracking import Events, Keys, Mail
from fairlead.sync.ports import OWNER, BulkJobFailed, Ledger, Matcher, Sink, SourcePage, Target
from fairlead.sync.push import Journal, Push
from fairlead.sync.run import Blocked
from fairlead.sync.together import each

ENOUGH: Final = 2_000
"""Events that are looked up and matched together."""

KEY_BYTES: Final = 16

BEFORE_ALL: Final = "0001-01-01"

FORGET_ALL: Final = "infinity"


class RefusedForNow(WaitAndRetry):
    """Rows are refused for now only: the e-mail's events are read and written again by the next run."""

    code = "FL-395"
    next_step = "The next sync reads and writes them again; nothing needs to be done."

    def __init__(self, rows: int, first: RowFailure) -> None:
        super().__init__(f"{rows:,} events were refused for now: {first.reason} ({first.code})")


@dataclass(frozen=True, slots=True)
class Noted:
    """New events of a scope, by column: what is remembered and counted of them. Hashes only, and moments in UTC."""

    keys: list[bytes]
    at: list[str]
    flagged: list[bool]
    members: list[bytes]
    counts: list[bool]
    links: list[bool]
    addresses: list[bytes]
    contacts: list[str]
    leads: list[str]


@dataclass(frozen=True, slots=True)
class Settled:
    """How a scope's reading ended. `keep_from` (UTC; blank: the beginning, or `FORGET_ALL`): events from then on stay
    remembered one by one. `link_anew`: all of its events are counted for the Salesforce campaign, in place of earlier ones.
    """

    known: Known
    keep_from: str
    link_anew: bool


class Book(Protocol):
    """What is remembered of single events, and the counts made of them."""

    async def begin(self, scope: Scope) -> None:
        """A reading begins: forget what one that never ended had noted."""
        ...

    async def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Of these keys those remembered by an earlier reading, and whether each was flagged as suspicious."""
        ...

    async def note(self, scope: Scope, noted: Noted) -> None:
        """Note events for the end of the reading. One that is noted twice counts once."""
        ...

    async def new(self, scope: Scope) -> int:
        """How many events were noted that no earlier reading had counted."""
        ...

    def settle(self, scope: Scope, settled: Settled) -> None:
        """Count what was noted. Called inside the transaction that moves the cursor."""
        ...


Pages = Callable[[datetime | None], AsyncGenerator[SourcePage[Any], None]]
Suspect = Callable[[Events], list[bool]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of events of one e-mail to be read. `name` is what people call the e-mail; `counter` what it tells of events.

    `pages` reads from a minute of the client's wall clock on; `to_utc` turns a column of it into UTC; `lists` are ids of
    the lists that the org has; `drop_all`: no event is to be remembered singly when the reading has ended.
    """

    scope: Scope
    kind: str
    mail: Mail
    name: str
    counter: int
    known: Known | None
    plan: Plan
    pages: Pages
    to_utc: convert.ToUtc
    lists: Collection[str]
    suspect: Suspect
    full_run: int = 0
    drop_all: bool = False

    @property
    def expected(self) -> int:
        """Events to come, about."""
        if self.plan.since is None or self.known is None:
            return self.counter
        return max(self.counter - self.known.events, 1)


@dataclass(slots=True)
class _Progress:
    """How far one reading is."""

    reading: Reading
    keys: Keys
    read: int = 0
    newest: str = ""
    outcome: Outcome = field(default_factory=Outcome)
    failure: Failure | None = None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a reading did: events read and written, refusals, and the failure that kept it from its end.

    `blocked` is Salesforce's code where no row of it would be accepted.
    """

    reading: Reading
    read: int
    outcome: Outcome
    failure: Failure | None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class EventFlow:
    """The parts that all readings of a client share. `told` hears of members whose counts change: hashes and keys."""

    ledger: Ledger
    book: Book
    sink: Sink
    matcher: Matcher
    target: Target
    run: int
    owner: str = ""
    told: Callable[[Sequence[bytes], Sequence[str]], None] = lambda hashes, keys: None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    at_once: int = 8

    async def run_group(self, scope: Scope, readings: Sequence[Reading]) -> list[Ended]:
        """Read these side by side and write them by one door; each then stands or falls alone.

        `scope` names the group's bulk jobs in the ledger: that of the reading itself where there is only one. Raises a
        Failure that concerns them all.
        """
        await self._settle_jobs(scope)
        under_way = [_Progress(reading, Keys(reading.kind, reading.mail)) for reading in readings]
        push = self._push(scope)
        writing = _Writing(self, push)
        try:
            await each(under_way, partial(self._read, writing), at_once=self.at_once)
            await writing.flush()
            outcome = await push.finish()
        except BaseException:
            await push.abandon()
            raise
        _share_out(outcome, under_way)
        for progress in under_way:
            await self._end(progress)
        for job in await self.ledger.in_flight(scope):
            await self.ledger.settle(scope, job.job, [])
        return [Ended(one.reading, one.read, one.outcome, one.failure, one.blocked) for one in under_way]

    async def _read(self, writing: "_Writing", progress: _Progress) -> None:
        reading = progress.reading
        try:
            await self.book.begin(reading.scope)
            async with aclosing(reading.pages(reading.plan.since)) as pages:
                async for page in pages:
                    if page.rows:
                        await writing.add(progress, convert.columns(reading.kind, page.rows, reading.mail))
        except SignInAgain:  # the others would end alike
            raise
        except Failure as failure:
            progress.failure = failure

    async def _end(self, progress: _Progress) -> None:
        """Commit a reading, unless something of it is still to be done."""
        failures = progress.outcome.failures
        blocked = [failure for failure in failures if failure.blocks]
        for_now = [failure for failure in failures if failure.retryable]
        if progress.failure is None and blocked:
            progress.failure, progress.blocked = Blocked(len(blocked), blocked[0]), blocked[0].code
        if progress.failure is None and for_now:
            progress.failure = RefusedForNow(len(for_now), for_now[0])
        if progress.failure is None:
            progress.failure = await self._commit(progress)

    async def _commit(self, progress: _Progress) -> Failure | None:
        reading, before = progress.reading, progress.reading.known
        new = await self.book.new(reading.scope)
        whole_count = len(progress.keys)
        events = whole_count if reading.plan.since is None else new + (before.events if before else 0)
        if missing(reading.counter, events, before, reading.plan):
            return await self._again(progress)
        newest = max(progress.newest, before.newest if before else "", reading.mail.sent[:16])
        read_from, written_from = after(reading.plan, before)
        known = Known(
            reading.counter,
            events,
            newest,
            read_from,
            written_from,
            short=self._short(reading, events),
            linked=reading.plan.link or reading.plan.link_all,
            kept=not reading.drop_all,
            full_run=reading.full_run,
        )
        settled = Settled(known, _keep_from(reading, newest), reading.plan.link_all)
        await self.ledger.commit(
            reading.scope,
            Staged(Cursor(datetime.fromisoformat(newest or BEFORE_ALL)), {}),
            progress.outcome.failures,
            forget_before=None,
            answered=None if reading.plan.since is None else (),
            also=partial(self.book.settle, reading.scope, settled),
            full_run=reading.full_run,
        )
        return None

    def _short(self, reading: Reading, events: int) -> int:
        if reading.plan.since is None:
            return max(0, reading.counter - events)
        return reading.known.short if reading.known else 0

    async def _again(self, progress: _Progress) -> Failure | None:
        """Events came that are older than the window: read and write the whole report once."""
        whole_reading = replace(progress.reading, plan=whole(progress.reading.plan))
        (ended,) = await self.run_group(whole_reading.scope, [whole_reading])
        progress.read, progress.outcome = ended.read, ended.outcome
        return ended.failure

    async def _settle_jobs(self, scope: Scope) -> None:
        """Wait for bulk jobs whose outcome an earlier attempt never learned: never two at work on one e-mail."""
        for job in await self.ledger.in_flight(scope):
            if job.sealed or not await self.sink.abandon_job(job.job):
                try:
                    await self.sink.start_job(job.job)
                    await self.sink.finish_job(job.job, self._target())
                except BulkJobFailed:  # what it wrote, the new reading writes again
                    pass
            await self.ledger.settle(scope, job.job, [])

    def _target(self) -> Target:
        return self.target.owned() if self.owner else self.target

    def _push(self, scope: Scope) -> Push:
        async def opened(job: str) -> None:
            await self.ledger.opened(scope, job)

        async def sealed(job: str, last: bool) -> None:
            await self.ledger.sealed(scope, job, None)

        async def settled(job: str, failures: list[RowFailure]) -> None:
            await self.ledger.settle(scope, job, failures)

        return Push(self.sink, self._target(), Journal(opened, sealed, settled), self.sleep)


@dataclass(slots=True)
class _Writing:
    """Events of several readings on their way: looked up, matched and handed over some thousand at a time."""

    flow: EventFlow
    push: Push
    _waiting: list[tuple[_Progress, Events]] = field(default_factory=list)
    _count: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, progress: _Progress, events: Events) -> None:
        """Take a page; returns when there is room for the next."""
        progress.read += len(events)
        progress.newest = max(progress.newest, max(events.dates)[:16])
        self._waiting.append((progress, events))
        self._count += len(events)
        if self._count >= ENOUGH:
            await self.flush()

    async def flush(self) -> None:
        """Hand over what waits."""
        async with self._turn:
            waiting, self._waiting, self._count = self._waiting, [], 0
            chosen = [await self._choose(progress, events) for progress, events in waiting]
            emails = [email for one in chosen for email in one.matched]
            contacts, leads = await self.flow.matcher.match(emails) if emails else ([], [])
            first = 0
            for one in chosen:
                last = first + len(one.matched)
                await self._hand_over(one, contacts[first:last], leads[first:last])
                first = last

    async def _choose(self, progress: _Progress, events: Events) -> "_Chosen":
        """Which of these events are new, and what is to be done with each."""
        flow, reading, plan = self.flow, progress.reading, progress.reading.plan
        keys = progress.keys.of(events)
        hashes = [each_hash[:KEY_BYTES] for each_hash in flow.ledger.hashes(keys)]
        suspicious = reading.suspect(events)
        known = await flow.book.known(reading.scope, hashes) if reading.known is not None else {}
        dates = [date[:16] for date in events.dates]
        remembered = [key in known for key in hashes]
        paired = list(zip(dates, remembered, strict=True))
        turned = [now and key in known and not known[key] for now, key in zip(suspicious, hashes, strict=True)]
        writes = [
            plan.writes(date, known=old) or (flag and date >= plan.write_from)
            for (date, old), flag in zip(paired, turned, strict=True)
        ]
        links = [plan.links(date, known=old) for date, old in paired]
        fresh = [not old or link or flag for old, link, flag in zip(remembered, links, turned, strict=True)]
        at = [i for i in range(len(keys)) if fresh[i] or writes[i]]
        taken = events.take(at)
        return _Chosen(
            progress,
            taken,
            [keys[i] for i in at],
            [hashes[i] for i in at],
            [suspicious[i] for i in at],
            [plan.counts(dates[i], known=remembered[i]) for i in at],
            [links[i] for i in at],
            [writes[i] for i in at],
        )

    async def _hand_over(self, one: "_Chosen", contacts: list[str], leads: list[str]) -> None:
        if not one.keys:
            return
        reading = one.progress.reading
        contacts, leads = one.spread(contacts), one.spread(leads)
        utc = reading.to_utc(one.events.dates)
        await self._note(one, contacts, leads, utc)
        rows = convert.rows(
            reading.kind,
            reading.mail,
            one.events,
            one.keys,
            one.suspicious,
            (contacts, leads),
            utc,
            reading.lists,
            self.flow.run,
        ).take([i for i, write in enumerate(one.writes) if write])
        if len(rows):
            await self.push.add(rows.with_column(OWNER, self.flow.owner) if self.flow.owner else rows)

    async def _note(self, one: "_Chosen", contacts: list[str], leads: list[str], utc: list[str]) -> None:
        flow = self.flow
        keys = convert.member_keys(one.events)
        members = flow.ledger.hashes(keys)
        flow.told(
            [member for member, counts in zip(members, one.counts, strict=True) if counts],
            [key for key, counts in zip(keys, one.counts, strict=True) if counts],
        )
        addresses = (
            flow.ledger.hashes([normal(email) for email in one.events.emails])
            if any(one.links)
            else [b""] * len(one.keys)
        )
        noted = Noted(one.hashes, utc, one.suspicious, members, one.counts, one.links, addresses, contacts, leads)
        await flow.book.note(one.progress.reading.scope, noted)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Events of one reading of which something is to be done, by column."""

    progress: _Progress
    events: Events
    keys: list[str]
    hashes: list[bytes]
    suspicious: list[bool]
    counts: list[bool]
    links: list[bool]
    writes: list[bool]

    @property
    def matched(self) -> list[str]:
        """Addresses whose contact and lead are needed."""
        return [
            email
            for email, write, link in zip(self.events.emails, self.writes, self.links, strict=True)
            if write or link
        ]

    def spread(self, found: list[str]) -> list[str]:
        """What was found for `matched`, one an event; blank for the others."""
        answers = iter(found)
        return [next(answers) if write or link else "" for write, link in zip(self.writes, self.links, strict=True)]


def _share_out(outcome: Outcome, under_way: Sequence[_Progress]) -> None:
    """Give each reading its refusals: a key begins with the e-mail's id and the kind."""
    by_prefix = {convert.prefix(one.reading.mail.id, one.reading.kind): one for one in under_way}
    for failure in outcome.failures:
        mail, kind, _ = failure.key.split(":", 2)
        by_prefix[f"{mail}:{kind}:"].outcome.failures.append(failure)
    if under_way:
        under_way[0].outcome.written += outcome.written


def _keep_from(reading: Reading, newest: str) -> str:
    """In UTC: from when on events are remembered one by one; `FORGET_ALL` for none."""
    if reading.drop_all:
        return FORGET_ALL
    start = start_of(reading.kind if not reading.mail.journey else "", newest)
    return reading.to_utc([f"{start}:00"])[0] if start else ""
