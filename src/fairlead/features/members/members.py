"""The subscribers of every list as CM_Member__c: what changed since the cursor, or a list whole when that is due.

Calls of Campaign Monitor in a run: five a list (one a state) and one more for each further 1,000 rows. The list's own
members in Salesforce are read only when the list is read whole without a full sync (`sync.org_holding`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.domain.address import member_key
from fairlead.domain.failure import Failure, RefusedByGuard, SignInAgain
from fairlead.domain.records import Rows, Scope
from fairlead.features.members import rules, settings
from fairlead.features.members.lists import is_gone
from fairlead.features.members.readings import KEPT, Notes
from fairlead.salesforce import names
from fairlead.sync import convert, guard, limits, org_reading, pull
from fairlead.sync.account_source import SubscriberSource, clock
from fairlead.sync.deletion import delete_where
from fairlead.sync.org_holding import OrgHolding
from fairlead.sync.org_sink import OrgSink, SharedSink, all_records, by_list, without_list
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import Converted, Flow, Options
from fairlead.sync.stage import ListScope, Run
from fairlead.sync.together import each

if TYPE_CHECKING:
    from fairlead.features.members.models import ListReading

MORE_AT_ONCE: Final = 10
"""Lists of which only what changed is read: more of them write by one call."""

MEMBER_TARGET: Final = Target(names.MEMBER, names.MEMBER_KEY, convert.MEMBER_FIELDS, convert.MEMBER_KINDS)


async def read_members(run: Run, notes: Notes = KEPT) -> None:
    """Read every list's subscribers and write them as members. A list that fails does not take the others with it."""
    zones = {client.time_zone for client in run.clients}
    reading = _Reading(
        run,
        notes,
        await notes.of_lists(run),
        datetime.now(UTC),
        await clock(run),
        pull.OVERLAP if len(zones) == 1 else pull.OVERLAP_OF_SEVERAL_ZONES,
        SharedSink(run.salesforce, by_list, run.settings),
    )
    await reading.prepare()
    few = run.settings.of(limits.LISTS_AT_ONCE)
    await each(run.lists, reading.read, at_once=few if reading.many else max(few, MORE_AT_ONCE))
    if reading.whole:
        run.add(lists_read_whole=reading.whole)
    if reading.left_out:
        await run.progress.stage("members", message=rules.left_out(reading.left_out))
    if reading.failures:
        run.add(lists_failed=len(reading.failures))
        raise rules.the_one_to_tell(reading.failures, len(run.lists))


@dataclass(slots=True)
class _Reading:
    """The lists of one run, read one by one."""

    run: Run
    notes: Notes
    known: Mapping[str, "ListReading"]
    now: datetime
    clock: datetime
    overlap: timedelta
    sink: SharedSink
    failures: list[Failure] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    whole: int = 0
    _done: dict[str, int] = field(default_factory=dict)
    _expected: dict[str, int] = field(default_factory=dict)
    _at_least: int = 0

    async def prepare(self) -> None:
        """Tell what is to come, as far as that is known before: the counters of lists that are read for the first time."""
        for one in self.run.lists:
            if one.stats is None or self.run.settings.of(settings.PREVENT_SYNC, one.id):
                continue
            if self.run.wanted.full or await self.run.ledger.cursor(_scope(one)) is None:
                self._at_least += rules.subscribers(one.stats)
                self.run.matcher.expect(rules.subscribers(one.stats))
        await self.run.progress.stage("members", state="running", done=0, total=self._at_least, unit="subscribers")

    @property
    def many(self) -> bool:
        """Whether whole lists are to be read."""
        return self.run.wanted.full or bool(self._at_least)

    async def read(self, one: ListScope) -> None:
        """Read one list; its failure is kept, so that the others go on. Raises SignInAgain: the others would end alike."""
        try:
            if self.run.settings.of(settings.PREVENT_SYNC, one.id):
                await self._prevent(one)
            else:
                await self._members_of(one)
        except SignInAgain:
            raise
        except Failure as failure:
            if is_gone(failure.__cause__):
                self.left_out.append((one.name, failure.told))
                return
            if not isinstance(failure, RefusedByGuard):  # a guard names the list itself
                failure.tell_more(f"The list “{one.name}”:")
            self.failures.append(failure)

    async def _prevent(self, one: ListScope) -> None:
        """Take the list's members out of Salesforce, once; no row of it is read or written any more."""
        known = self.known.get(one.id)
        if known is not None and known.prevented:
            return
        where = by_list(MEMBER_TARGET, _scope(one))
        held = await org_reading.count(self.run.salesforce, f"FROM {names.MEMBER} WHERE {where}")
        rules.check_prevented(one.name, held, allowed=self.run.wanted.allow_large_changes)
        if held:
            check = self.run.progress.check_cancelled
            self.run.add(deleted=await delete_where(self.run.salesforce, names.MEMBER, where, check=check))
        await self.notes.note(self.run, one.id, prevented=True, whole_at=None)

    async def _members_of(self, one: ListScope) -> None:
        known, wanted = self.known.get(one.id), self.run.wanted
        anew = wanted.full or (known is not None and known.prevented)
        first = await self.run.ledger.cursor(_scope(one)) is None
        holding = None if anew or first else await self._held(one, known)
        whole = anew or first or holding is not None
        source = SubscriberSource(self.run.campaign_monitor, self.clock, self.run.progress.check_cancelled)

        def ended() -> dict[str, Any]:
            at = datetime.now(UTC)
            if not whole:
                return {"read_at": at, "whole_at": self._last_whole(one, known)}
            totals = {"unconfirmed": source.totals.get("Unconfirmed", 0)} if source.totals else {}
            return {"read_at": at, "whole_at": at, "prevented": False, **totals}

        flow = Flow(
            _scope(one),
            source,
            partial(_to_rows, self.run.number, one),
            self.sink,
            MEMBER_TARGET,
            self.run.ledger,
            Options(
                self.run.number,
                full=anew,
                overlap=self.overlap,
                sweep=anew,
                allow_large_changes=wanted.allow_large_changes,
                limits=guard.limits(self.run.settings),
                name=f"the list “{one.name}”",
                owner=one.client.owner,
            ),
            partial(self._tell, one.id),
            also=self.notes.to_note(self.run, one.id, ended),
            holding=holding,
            link=partial(_link, self.run),
        )
        self.run.add_report(await flow.run())
        self.whole += whole

    async def _held(self, one: ListScope, known: "ListReading | None") -> OrgHolding | None:
        """What Salesforce holds of a list that is due to be read whole; None for one that is not due."""
        days = self.run.settings.of(settings.FULL_READ_DAYS)
        due = rules.next_whole(one.id, self._last_whole(one, known), days)
        if due is None or self.now < due:
            return None
        expected = 0 if one.stats is None else rules.subscribers(one.stats)

        async def still_listed(keys: Sequence[str]) -> set[str]:
            account = SubscriberSource(self.run.campaign_monitor, self.clock, self.run.progress.check_cancelled)
            return {member_key(one.id, each.email) for each in await account.again(_scope(one), keys)}

        holding = OrgHolding(self.run.salesforce, MEMBER_TARGET, still_listed)
        return await holding.read(by_list(MEMBER_TARGET, _scope(one)), expected=expected)

    def _last_whole(self, one: ListScope, known: "ListReading | None") -> datetime:
        if known is not None and known.whole_at is not None:
            return known.whole_at
        return rules.first_whole(one.id, self.now, self.run.settings.of(settings.FULL_READ_DAYS))

    async def _tell(self, list_id: str, done: int, expected: int) -> None:
        """So many rows of a list are read, of so many expected as far as its pages have told."""
        self._done[list_id] = done
        self._expected[list_id] = expected
        totals = self.run.totals
        await self.run.progress.stage(
            "members",
            done=sum(self._done.values()),
            total=max(sum(self._expected.values()), self._at_least),
            linked=sum(totals.get(name, 0) for name in ("linked_contact", "linked_lead", "linked_both")),
            unlinked=totals.get("unlinked", 0),
        )


def _scope(one: ListScope) -> Scope:
    return Scope("members", one.client.id, one.id)


async def _to_rows(number: int, one: ListScope, page: SourcePage[Subscriber]) -> Converted:
    time_zone, nobody = zone(one.client.time_zone), [""] * len(page.rows)
    rows = convert.members(page.rows, one.id, nobody, nobody, lambda texts: to_utc(texts, time_zone), number)
    return Converted(rows, [row.date[:10] for row in page.rows])


async def _link(run: Run, rows: Rows) -> Rows:
    """The members with their contacts and leads."""
    id_field = run.settings.of(settings.ID_FIELD)
    given = [rules.given_id(text, id_field) for text in rows.column("Custom_Fields__c")] if id_field else None
    contacts, leads = await run.matcher.match(rows.column("Email__c"), given)
    run.add(**rules.linked(contacts, leads))
    return rows.with_texts({"Contact__c": contacts, "Lead__c": leads})


async def sweep_orphans(run: Run) -> None:
    """After a full sync of everything: delete the members of lists that are gone, unless a guard refuses."""
    if not run.wanted.full or run.wanted.client or run.wanted.list:
        await run.progress.stage("tidy", message="Members of lists that are gone are removed by a full sync.")
        return
    orphans, everyone = OrgSink(run.salesforce, without_list), OrgSink(run.salesforce, all_records)
    scope = Scope("members", "all")
    older, _ = await orphans.count_older(MEMBER_TARGET, scope, run.number)
    _, known = await everyone.count_older(MEMBER_TARGET, scope, run.number)
    guard.check_sweep(
        "members of lists that are gone",
        read=known,
        older=older,
        known=known,
        limits=guard.SweepLimits(),
        allowed=run.wanted.allow_large_changes,
    )
    deleted = await orphans.delete_older(MEMBER_TARGET, scope, run.number, ()) if older else 0
    await run.progress.stage("tidy", done=deleted, total=older, unit="members")
    run.add(deleted=deleted)
