"""The stage of campaign members: what people did with a linked campaign, on their campaign members (F42 to F50)."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from django.db.models import Q

from fairlead.domain.activity import Activity
from fairlead.domain.failure import Failure, FixTheSettings, SignInAgain, WaitAndRetry
from fairlead.domain.records import Cursor, Digest, RowFailure, Scope, Staged
from fairlead.features.salesforce_campaigns import existing, org_reading, records, settings
from fairlead.features.salesforce_campaigns.existing import Existing
from fairlead.features.salesforce_campaigns.refusals import refused
from fairlead.features.salesforce_campaigns.rules import members as rules
from fairlead.features.salesforce_campaigns.rules.members import Happened, Person, Row
from fairlead.features.salesforce_campaigns.rules.statuses import StatusMap, StatusMissing
from fairlead.features.salesforce_campaigns.writing import SMALL_DOOR, Refusal, Write, Writer
from fairlead.jobs.context import in_database
from fairlead.store.models import CampaignActivity
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.run import ALWAYS_RECENT
from fairlead.sync.stage import Run

STAGE: Final = "campaign_members"
PAGE: Final = 10_000
"""People handled at a time: what is held in memory depends on it, not on how many a campaign has."""

ROUNDS: Final = 4
"""How often a row that may be accepted is offered in one run."""

GONE: Final = frozenset(
    {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}
)
CONVERTED: Final = "CANNOT_UPDATE_CONVERTED_LEAD"
ALREADY: Final = "DUPLICATE_VALUE"
LOST: Final = "answer_lost"
_NOTHING: Final = bytes(16)


class MembersBlocked(FixTheSettings):
    """Members were refused for a reason that concerns all of them."""

    code = "FL-354"

    def __init__(self, rows: int, first: RowFailure) -> None:
        super().__init__(
            f"{rows:,} campaign members were refused: {first.reason} ({first.code})",
            next_step="Put that right; the next sync writes these members again.",
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings that decide about members, and a fingerprint of them: what was refused under others is tried anew."""

    create: bool
    refresh: str
    add_statuses: bool
    statuses: StatusMap
    print: bytes

    @classmethod
    def of(cls, run: Run) -> "Chosen":
        """As they are chosen for this run."""
        create, refresh = run.settings.of(settings.CREATE_MEMBERS), run.settings.of(settings.STATUS_REFRESH)
        add, lines = run.settings.of(settings.AUTO_CREATE_STATUSES), run.settings.of(settings.STATUS_MAP)
        text = json.dumps([create, refresh, add, [dict(line) for line in lines]], sort_keys=True)
        return cls(create, refresh, add, StatusMap.of(lines), text.encode())


@dataclass(slots=True)
class Page:
    """One page's outcome: ids of rows whose activity the org shows, people without a member by choice, and refusals."""

    shown: list[int] = field(default_factory=list)
    left_out: list[Person] = field(default_factory=list)
    refusals: list[tuple[Person, RowFailure]] = field(default_factory=list)
    written: int = 0


async def write_members(run: Run, *, page: int = PAGE, small_door: int = SMALL_DOOR) -> None:
    """Write what is due, one campaign after another. A campaign that fails does not take the others with it.

    `page` people at a time; up to `small_door` of them by collections.
    """
    due = await in_database(records.due_counts, run.org_id, run.linked_campaigns)
    await run.progress.stage(STAGE, state="running", done=0, total=sum(due.values()), unit="members")
    failures: list[Failure] = []
    done = 0
    for crm_id, campaign in sorted((run.linked_campaigns[campaign], campaign) for campaign in due):
        await run.progress.check_cancelled()
        try:
            with salesforce_failures("write campaign members"):
                await CampaignMembers(run, campaign, crm_id, page, small_door).write()
        except SignInAgain:
            raise
        except Failure as failure:
            failures.append(failure)
        done += due[campaign]
        await run.progress.stage(STAGE, done=done)
    if failures:
        raise next((failure for failure in failures if not isinstance(failure, WaitAndRetry)), failures[0])


class CampaignMembers:
    """The members of one linked campaign in one run."""

    def __init__(
        self,
        run: Run,
        campaign: str,
        crm_id: str,
        page: int,
        small_door: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._run = run
        self._campaign = campaign
        self._crm_id = crm_id
        self._chosen = Chosen.of(run)
        self._scope = Scope(STAGE, "all", campaign)
        self._writer = Writer(run.salesforce, run.ledger, self._scope, crm_id, small_door)
        self._sleep = sleep
        self._size = page
        self._labels: set[str] | None = None
        self._not_added = ""
        self._empty = False
        self._settled: Mapping[bytes, bytes] = {}

    async def write(self) -> None:
        """Everything of the campaign that is due, a page at a time. Raises a Failure; what was written stays noted."""
        await self._writer.settle_earlier()
        self._settled = await self._run.ledger.digests(self._scope)
        after: tuple[str, str, int] = ("", "", 0)
        while rows := await in_database(self._due, after):
            after = (rows[-1].contact, rows[-1].lead, rows[-1].id)
            people = await in_database(self._people, rows)
            fresh = [person for person in people if not self._is_settled(person)]
            if fresh:
                await self._one_page(fresh)
            await self._run.progress.check_cancelled()

    def _due(self, after: tuple[str, str, int]) -> list[Row]:
        contact, lead, last = after
        beyond = Q(contact__gt=contact) | Q(contact=contact, lead__gt=lead) | Q(contact=contact, lead=lead, id__gt=last)
        found = records.due(self._run.org_id).filter(beyond, campaign=self._campaign).order_by("contact", "lead", "id")
        return [_row(one) for one in found[: self._size]]

    def _people(self, rows: Sequence[Row]) -> list[Person]:
        """The people of these rows with all their activity, also what the org shows already: figures are totals."""
        contacts, leads = {row.contact for row in rows} - {""}, {row.lead for row in rows} - {""}
        also = CampaignActivity.objects.filter(org_id=self._run.org_id, campaign=self._campaign, last_at__isnull=False)
        also = also.filter(Q(contact__in=contacts) | Q(lead__in=leads))
        due = {row.id for row in rows}
        people = rules.people(_row(one) for one in also.iterator(chunk_size=5_000))
        return [person for person in people if due.intersection(person.rows)]

    async def _one_page(self, people: Sequence[Person]) -> None:
        await self._know_statuses()
        page = Page()
        pending = list(people)
        last: dict[str, RowFailure] = {}
        for attempt in range(ROUNDS):
            if attempt:
                await self._sleep(2.0 ** (attempt - 1))
            known = await self._existing(pending)
            writes = self._decide(pending, known, page)
            pending = await self._offer(writes, page, last)
            if not pending:
                break
        page.refusals += [(person, last[person.key]) for person in pending]
        await self._commit(people, page)

    async def _existing(self, people: Sequence[Person]) -> Existing:
        if self._empty:
            self._empty = False  # asked once: what follows has been written by us
            return Existing()
        return await existing.members(self._run.salesforce, self._crm_id, people)

    async def _know_statuses(self) -> None:
        """The campaign's statuses, once a run; those of the map that it lacks are added (F47)."""
        if self._labels is not None:
            return
        crm = self._run.salesforce
        had = (await org_reading.statuses(crm, [self._crm_id]))[self._crm_id]
        self._labels = {row["Label"].lower() for row in had}
        self._empty = await existing.none_yet(crm, self._crm_id)
        if not self._chosen.add_statuses:
            return
        order = max((int(row["SortOrder"] or 0) for row in had), default=0)
        missing = self._chosen.statuses.missing(self._labels)
        added = [
            {"CampaignId": self._crm_id, "Label": label, "SortOrder": order + 1 + i, "HasResponded": responded}
            for i, (label, responded) in enumerate(missing)
        ]
        results = await crm.collections.insert("CampaignMemberStatus", added) if added else []
        for row, told in zip(added, results, strict=True):
            if told.success or told.code == ALREADY:
                self._labels.add(str(row["Label"]).lower())
            else:
                self._not_added = refused("", told).reason
        self._run.add(statuses_created=sum(told.success for told in results))

    def _decide(self, people: Sequence[Person], known: Existing, page: Page) -> list[Write]:
        """What to write of each; who needs no write, or cannot be written, is noted on the page."""
        writes: list[Write] = []
        chosen = self._chosen
        for person in people:
            member = rules.member_of(person, known.by_contact, known.by_lead)
            if member is None and not chosen.create:
                page.left_out.append(person)
                continue
            change = (
                rules.created(person, chosen.statuses, chosen.refresh)
                if member is None
                else rules.updated(person, member, chosen.statuses, chosen.refresh)
            )
            if change.status and change.status.lower() not in (self._labels or ()):
                missing = StatusMissing(change.status, self._crm_id, self._not_added)
                page.refusals.append((person, RowFailure("", missing.code, str(missing), retryable=True)))
            elif change:
                writes.append(Write(person, member, change))
            else:
                page.shown += person.rows
        return writes

    async def _offer(self, writes: Sequence[Write], page: Page, last: dict[str, RowFailure]) -> list[Person]:
        """Write; gives the people to decide about anew, with `last` saying why."""
        refusals = await self._writer.write(writes) if writes else []
        not_accepted = {refusal.write.person.rows for refusal in refusals}
        accepted = [write for write in writes if write.person.rows not in not_accepted]
        page.written += len(accepted)
        page.shown += [row for write in accepted for row in write.person.rows]
        contacts = await self._converted(refusals)
        again: list[Person] = []
        for refusal in refusals:
            person = _otherwise(refusal, contacts)
            failure = _failure(refusal)
            if person is None:
                page.refusals.append((refusal.write.person, failure))
            else:
                last[person.key] = failure
                again.append(person)
        return again

    async def _converted(self, refusals: Sequence[Refusal]) -> Mapping[str, str]:
        leads = [r.write.person.lead for r in refusals if r.row is not None and r.row.code == CONVERTED]
        return await existing.contacts_of_leads(self._run.salesforce, leads) if leads else {}

    async def _commit(self, people: Sequence[Person], page: Page) -> None:
        """In one transaction: what the org shows, the refusals, and which rows need no further try as they are."""
        run = self._run
        keys = {person.rows: f"{self._campaign}:{person.rows[0]}" for person in people}
        by_row = {row: person for person in people for row in person.rows}
        failures = [replace(failure, key=keys[_original(person, by_row).rows]) for person, failure in page.refusals]
        settled = [
            *page.left_out,
            *(_original(one, by_row) for one, failure in page.refusals if not (failure.retryable or failure.blocks)),
        ]
        hashed = dict(zip(keys, run.ledger.hashes(list(keys.values())), strict=True))
        digests = {key: Digest(_NOTHING, ALWAYS_RECENT) for key in hashed.values() if key in self._settled}
        digests |= {hashed[person.rows]: Digest(self._print(person), ALWAYS_RECENT) for person in settled}
        now = Cursor(datetime.now(UTC).replace(tzinfo=None))

        def mark() -> None:
            CampaignActivity.objects.filter(id__in=page.shown).update(written=True)

        await run.ledger.commit(
            self._scope,
            Staged(now, digests),
            failures,
            forget_before=None,
            answered=list(hashed.values()),
            also=mark,
        )
        run.add(campaign_members_written=page.written, campaign_members_refused=len(failures), refused=len(failures))
        blocking = [failure for failure in failures if failure.blocks]
        if blocking:
            raise MembersBlocked(len(blocking), blocking[0])

    def _is_settled(self, person: Person) -> bool:
        """Whether just this was refused for good, or left out, under the same settings."""
        if not self._settled:
            return False
        (key,) = self._run.ledger.hashes([f"{self._campaign}:{person.rows[0]}"])
        return self._settled.get(key) == self._print(person)

    def _print(self, person: Person) -> bytes:
        told = [self._crm_id, person.contact, person.lead, str(person.opens), str(person.clicks), str(person.last)]
        return hashlib.blake2b("\x1f".join(told).encode() + self._chosen.print, digest_size=16).digest()


def _original(person: Person, by_row: Mapping[int, Person]) -> Person:
    """The person as read: a try may have taken it for another contact or lead."""
    return by_row[person.rows[0]]


def _otherwise(refusal: Refusal, contacts: Mapping[str, str]) -> Person | None:
    """Whom to offer after a refusal; None where nothing would help."""
    person, row = refusal.write.person, refusal.row
    if row is None or row.retryable or row.code == ALREADY:
        return person
    if row.code == CONVERTED and contacts.get(person.lead):
        return replace(person, contact=contacts[person.lead])
    if row.code not in GONE:
        return None
    if refusal.write.member is not None:
        return person  # somebody has deleted the member: it is looked for anew
    return replace(person, contact="") if person.contact and person.lead else None


def _failure(refusal: Refusal) -> RowFailure:
    if refusal.row is None:
        return RowFailure("", LOST, "Salesforce's answer was lost. It is read and written again.", retryable=True)
    return refused("", refusal.row)


def _row(one: CampaignActivity) -> Row:
    first = Happened(one.first_at, Activity(one.first_activity)) if one.first_at and one.first_activity else None
    assert one.last_at is not None
    return Row(
        one.pk, one.contact, one.lead, one.opens, one.clicks, first, Happened(one.last_at, Activity(one.last_activity))
    )
