"""How contacts and leads are made: gather the candidates of all lists, let the guard look, then make them, 200 at a time.

Whatever is killed, nobody is made twice: just before each creation the org is asked by the matching rules whether a record
is there by now, also one that this very run made for the same address on another list.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead.domain.address import normal
from fairlead.domain.failure import Failure, SignInAgain
from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.records import Cursor, Digest, Kind, RowFailure, Rows, Scope, Staged
from fairlead.features.record_creation import rules
from fairlead.features.record_creation.ports import Link, People
from fairlead.features.record_creation.rules import Candidate, Described, Plan, Rule
from fairlead.sync.ports import Ledger, Matcher
from fairlead.sync.run import ALWAYS_RECENT, Blocked
from fairlead.sync.stage import ListScope

AT_ONCE: Final = 200
OVERLAP: Final = timedelta(minutes=10)
"""A record's time of change is set before its transaction ends: look again at the last minutes."""

BEGINNING: Final = datetime.fromisoformat("2000-01-01T00:00:00")
RETRY_WAITS: Final = (0.5, 2.0)
UNFIT: Final = "VALUE_DOES_NOT_FIT"
OWNER: Final = "OwnerId"
_THE_RULE: Final = "the list's rule"


@dataclass(frozen=True, slots=True)
class Limits:
    """`run` numbers the sync; `full` offers again what was refused before; `most` records are made unasked."""

    run: int
    full: bool
    most: int
    allow_large_changes: bool


@dataclass(slots=True)
class Tally:
    """What became of the candidates: found to have a record by now, made, refused."""

    found: int = 0
    contacts: int = 0
    leads: int = 0
    refused: int = 0


@dataclass(slots=True)
class Work:
    """One list on its way. `known` holds what was refused before; `whole`: every candidate is offered.

    `resolved`: the list's custom fields were looked at, which costs a call and is done when there is somebody to offer.
    """

    of: ListScope
    plan: Plan
    scope: Scope
    known: dict[bytes, bytes]
    cursor: Cursor | None
    whole: bool
    rule_digest: bytes
    resolved: bool = False
    failed: bool = False
    latest: datetime | None = None
    waiting: list[Candidate] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    failures: list[RowFailure] = field(default_factory=list)
    digests: dict[bytes, Digest] = field(default_factory=dict)


def scope_of(list_scope: ListScope) -> Scope:
    """What the ledger remembers of a list's candidates."""
    return Scope("records", list_scope.client.id, list_scope.id)


@dataclass(slots=True)
class Creation:
    """One run over all lists that have a rule. `tell` hears candidates handled so far and candidates known; it may raise.

    `custom_fields` gives the (name, key) of a list's custom fields.
    """

    people: People
    matcher: Matcher
    ledger: Ledger
    limits: Limits
    tell: Callable[[int, int], Awaitable[None]]
    custom_fields: Callable[[str], Awaitable[Sequence[tuple[str, str]]]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    tally: Tally = field(default_factory=Tally)
    problems: list[Failure] = field(default_factory=list)
    _done: int = 0
    _expected: int = 0
    _addresses: set[str] = field(default_factory=set)
    _objects: dict[str, Described] = field(default_factory=dict)

    async def run(self, lists: Sequence[tuple[ListScope, Rule]]) -> None:
        """Make what is missing. What goes wrong with one list stands in `problems`; the others go on. Raises TooManyNew."""
        works = [work for of, rule in lists if (work := await self._alone([of], self._begin(of, rule))) is not None]
        groups = [[work] for work in works if work.whole]
        groups += [group] if (group := [work for work in works if not work.whole]) else []
        ready = [group for group in groups if await self._alone([work.of for work in group], self._gather(group))]
        for work in (work for group in ready for work in group if not work.failed):
            await self._alone([work.of], self._end(work))

    async def _alone(self, of: Sequence[ListScope], act: Awaitable[Any]) -> Any:
        """A list's failure is its own, but for one that a person must settle for all."""
        try:
            return await act
        except (SignInAgain, rules.TooManyNew):
            raise
        except Failure as failure:
            failure.tell_more(f"The list “{of[0].name}”:" if len(of) == 1 else f"{len(of)} lists:")
            self.problems.append(failure)
            return None

    async def _begin(self, of: ListScope, rule: Rule) -> Work | None:
        scope = scope_of(of)
        if self.limits.full and await self.ledger.full_run(scope) == self.limits.run:
            return None
        plan = rules.plan(rule, await self._described(rule.object))
        known = dict(await self.ledger.digests(scope))
        cursor = await self.ledger.cursor(scope)
        rule_digest = self._digest(rule.fingerprint)
        same = known.get(self.ledger.hashes([_THE_RULE])[0]) == rule_digest
        return Work(of, plan, scope, known, cursor, self.limits.full or cursor is None or not same, rule_digest)

    async def _described(self, object: str) -> Described:
        if object not in self._objects:
            self._objects[object] = await self.people.describe(object)
        return self._objects[object]

    async def _gather(self, works: Sequence[Work]) -> bool:
        """Read the candidates of these lists: of one as a whole, or in one question what changed on several.

        Where the guard was told to let pass, they are made as they come. Raises TooManyNew.
        """
        starts = [None if work.whole or work.cursor is None else work.cursor.read_until - OVERLAP for work in works]
        since = None if None in starts else min(start for start in starts if start is not None)
        of = {work.of.id: work for work in works}
        latest: datetime | None = None
        async with aclosing(self.people.unlinked(list(of), since)) as pages:
            async for page in pages:
                await self._resolve({one.list: of[one.list] for one in page}.values())
                for one in page:
                    self._take(of[one.list], one)
                    latest = max(latest or BEGINNING, datetime.fromisoformat(one.modified))
                if self.limits.allow_large_changes:
                    for work in works:
                        work.failed = work.failed or not await self._alone([work.of], self._offer_waiting(work))
                elif len(self._addresses) > self.limits.most:
                    raise rules.TooManyNew(self.limits.most)
                await self.tell(self._done, self._expected)
        for work in works:  # read in one question, they were all read up to the same moment
            work.latest = latest
        return True

    async def _resolve(self, works: Iterable[Work]) -> None:
        for work in works:
            if work.resolved or work.failed or not work.plan.needs_custom_fields:
                continue
            work.failed = not await self._alone([work.of], self._resolved(work))
            work.resolved = True

    async def _resolved(self, work: Work) -> bool:
        work.plan = rules.resolved(work.plan, await self.custom_fields(work.of.id))
        return True

    def _take(self, work: Work, one: Candidate) -> None:
        if not work.failed and not self._refused_before(work, one):
            work.waiting.append(one)
            self._expected += 1
            if not self.limits.allow_large_changes:
                self._addresses.add(normal(one.address))

    async def _end(self, work: Work) -> None:
        await self._offer_waiting(work)
        cursor = Cursor(work.latest) if work.latest else work.cursor or Cursor(BEGINNING)
        if any(failure.retryable for failure in work.failures):  # to be met again, so nothing is passed over
            cursor = Cursor(BEGINNING)
        work.digests[self.ledger.hashes([_THE_RULE])[0]] = Digest(work.rule_digest, ALWAYS_RECENT)
        await self.ledger.commit(
            work.scope,
            Staged(cursor, work.digests),
            work.failures,
            forget_before=None,
            answered=None if work.whole else self.ledger.hashes(work.offered),
            full_run=self.limits.run if self.limits.full else 0,
        )

    async def _offer_waiting(self, work: Work) -> bool:
        waiting, work.waiting = work.waiting, []
        for first in range(0, len(waiting), AT_ONCE):
            await self.tell(self._done, self._expected)
            part = waiting[first : first + AT_ONCE]
            await self._offer(work, part)
            self._done += len(part)
        await self.tell(self._done, self._expected)
        return True

    async def _offer(self, work: Work, part: list[Candidate]) -> None:
        """Link those who have a record by now; make one for the others, and link that."""
        if not work.whole:
            work.offered += [one.key for one in part]
        contacts, leads = await self.matcher.fresh().match([one.address for one in part])
        found = [Link(one.id, *ids) for one, *ids in zip(part, contacts, leads, strict=True) if any(ids)]
        await self._link(work, part, found)
        self.tally.found += len(found)
        missing = [one for one, *ids in zip(part, contacts, leads, strict=True) if not any(ids)]
        records: list[tuple[Candidate, dict[str, Any]]] = []
        for one in missing:
            try:
                records.append((one, rules.record_of(work.plan, one)))
            except DoesNotFit as wrong:
                step = f"{wrong}. Correct it in Campaign Monitor, or the rule's values."
                self._refuse(work, RowFailure(one.key, UNFIT, step[0].upper() + step[1:], retryable=False), "")
        await self._make(work, records)

    async def _make(self, work: Work, records: list[tuple[Candidate, dict[str, Any]]]) -> None:
        """Create these; those who may be accepted in a moment are offered again, a few times."""
        for wait in (*RETRY_WAITS, None):
            again = await self._make_once(work, records, last=wait is None)
            if not again or wait is None:
                return
            await self.sleep(wait)
            records = again

    async def _make_once(
        self, work: Work, records: list[tuple[Candidate, dict[str, Any]]], *, last: bool
    ) -> list[tuple[Candidate, dict[str, Any]]]:
        if not records:
            return []
        await self.tell(self._done, self._expected)  # whoever took this run over must find it stopped here
        owner = work.of.client.owner
        sent = [record | {OWNER: owner} if owner else record for _, record in records]
        made = await self.people.create(work.plan.object, sent, allow_duplicates=work.plan.allow_duplicates)
        links: list[Link] = []
        again: list[tuple[Candidate, dict[str, Any]]] = []
        stopped: list[RowFailure] = []
        for (one, record), outcome in zip(records, made, strict=True):
            if outcome.failure is None:
                is_contact = work.plan.link_field == "Contact__c"
                links.append(Link(one.id, outcome.id if is_contact else "", "" if is_contact else outcome.id))
            elif outcome.failure.blocks:
                stopped.append(outcome.failure)
            elif outcome.failure.retryable and not last:
                again.append((one, record))
            else:
                self._refuse(work, replace(outcome.failure, key=one.key), rules.content(work.plan, record))
        if work.plan.object == "Contact":
            self.tally.contacts += len(links)
        else:
            self.tally.leads += len(links)
        await self._link(work, [one for one, _ in records], links)
        if stopped:
            raise Blocked(len(stopped), stopped[0])
        return again

    async def _link(self, work: Work, part: Sequence[Candidate], links: Sequence[Link]) -> None:
        if not links:
            return
        keys = {one.id: one.key for one in part}
        for link, failure in zip(links, await self.people.link(links), strict=True):
            if failure is not None:
                self._refuse(work, replace(failure, key=keys[link.member]), "")

    def _refuse(self, work: Work, failure: RowFailure, content: str) -> None:
        """Keep the reason; and, where only another content may pass, the content's digest."""
        work.failures.append(failure)
        self.tally.refused += 1
        if content and not failure.retryable:
            key = self.ledger.hashes([failure.key])[0]
            work.digests[key] = Digest(self._digest(content), ALWAYS_RECENT)

    def _refused_before(self, work: Work, one: Candidate) -> bool:
        if work.whole or not work.known:
            return False
        return refused_before(self.ledger, work.known, work.plan, one)

    def _digest(self, text: str) -> bytes:
        return digest_of(self.ledger, text)


def refused_before(ledger: Ledger, known: dict[bytes, bytes], plan: Plan, one: Candidate) -> bool:
    """Whether the org refused just this record of this member before."""
    content = known.get(ledger.hashes([one.key])[0])
    if content is None:
        return False
    try:
        return content == digest_of(ledger, rules.content(plan, rules.record_of(plan, one)))
    except DoesNotFit:
        return False


def digest_of(ledger: Ledger, text: str) -> bytes:
    """The keyed digest of one text."""
    return ledger.content_digests(Rows(("Text",), (Kind.TEXT,), ([text],)), "")[0]
