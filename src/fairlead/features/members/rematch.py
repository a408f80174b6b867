"""Matching anew what is linked already, without a full sync (C1): members, tracking history, suppressions, roll-ups.

A handful of changed contacts and leads: their addresses, and those of records that are linked to them, are asked for by name.
Many, or changed rules: all contacts and leads are read once, and our own records are held against them, streamed. Only
records whose links differ are written. The cursor moves when all is written; killed before, it is all done again.

Calls for a handful: two for what changed, two for whom its addresses belong to, one for the records of each of our objects,
two for further addresses in them, and the writing. For everything: the index, and one reading of our records.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.db import connection, transaction

from fairlead.domain.address import normal
from fairlead.domain.failure import (
    Failure,
    FixTheSettings,
    FixThisRecord,
    SignInAgain,
    WaitAndRetry,
    the_one_to_act_on,
)
from fairlead.domain.records import Kind, Rows, Scope, Staged
from fairlead.features.members import changes, rules, settings
from fairlead.features.members.changes import SCOPE, Changes
from fairlead.salesforce import names
from fairlead.salesforce.query import fits, in_clause, split_in
from fairlead.store import hashing
from fairlead.sync import org_reading
from fairlead.sync.account_source import clock
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.org_matcher import CONTACT, LEAD, OrgMatcher
from fairlead.sync.org_reading import Record
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import Converted, Flow, Options
from fairlead.sync.stage import ListScope, Run
from fairlead.sync.together import each

LINKED: Final = (names.MEMBER, names.TRACKING, names.SUPPRESSION)
"""Our objects that hold an address, a contact and a lead."""
AT_ONCE: Final = 75
"""Ids of contacts, ids of leads and addresses in one query: as many as its URL holds, of the usual length."""

_RELINK: Final = """
UPDATE store_campaignactivity AS kept SET contact = fresh.contact, lead = fresh.lead, written = FALSE
FROM unnest(%s::bytea[], %s::text[], %s::text[]) AS fresh (address, contact, lead)
WHERE kept.org_id = %s AND kept.address = fresh.address AND (kept.contact, kept.lead) <> (fresh.contact, fresh.lead)
"""


async def match(run: Run) -> None:
    """The stage: what changed among contacts and leads reaches what is linked to them. Raises a Failure.

    An object of ours that cannot be read or written does not take the others with it; the cursor then stays.
    """
    rule = settings.match_rules(run.settings)
    await check_fields(run)
    run.passable.add("match")  # whom an address belongs to can be asked: what was linked before is all that may fail
    found = await changes.read(run.salesforce, run.ledger, rule, datetime.now(UTC))
    relinking = _Relinking(run, found)
    if found.many:
        await relinking.everything()
    elif found.fresh:
        await relinking.by_name()
    if relinking.failures:
        raise the_one_to_act_on(list(relinking.failures.values()), "objects", len(LINKED))
    await run.ledger.commit(
        SCOPE,
        Staged(found.cursor, found.digests),
        [],
        forget_before=(found.cursor.read_until - changes.OVERLAP).date(),
        also=relinking.relink_activities,
    )
    run.add(relinked=relinking.written)
    without = await _without_id_field(run, ask=found.rules_changed or run.wanted.full)
    await run.progress.stage(
        "match",
        done=relinking.written,
        unit="records",
        message=f"{without} {_message(run, found, relinking.written)}".strip(),
        changed=found.fresh,
    )


def _message(run: Run, found: Changes, relinked: int) -> str:
    why = "The rules of matching are new: everything was matched anew." if found.rules_changed and relinked else ""
    index = run.matcher.known if isinstance(run.matcher, OrgMatcher) else None
    if index is None:
        return why
    size = (
        f"{len(index.contacts):,} addresses of contacts, {index.contacts.ambiguous:,} of them ambiguous; "
        f"{len(index.leads):,} of leads, {index.leads.ambiguous:,} ambiguous."
    )
    return f"{why} {size}".strip()


async def _without_id_field(run: Run, *, ask: bool) -> str:
    """Which lists lack the custom field that gives Ids, as a message. It costs a call a list: only where rules are new."""
    name = run.settings.of(settings.ID_FIELD)
    if not ask or not name:
        return ""
    without: list[str] = []

    async def look(one: ListScope) -> None:
        try:
            with campaign_monitor_failures("read the custom fields of a list"):
                fields = await run.campaign_monitor.custom_fields(one.id)
        except (FixThisRecord, FixTheSettings):  # gone meanwhile: the members' stage says so
            return
        if not rules.has_field([(field.name, field.key) for field in fields], name):
            without.append(one.name)

    await each(run.lists, look, at_once=8)
    return rules.no_id_field(name, sorted(without), settings.ID_FIELD.title)


async def check_fields(run: Run) -> None:
    """Whether the org has the address fields that were chosen. Raises MatchFieldMissing or NoAddressField."""
    for name, fields in (
        (CONTACT, run.settings.of(settings.CONTACT_FIELDS)),
        (LEAD, run.settings.of(settings.LEAD_FIELDS)),
    ):
        if fields in {(), ("Email",)}:
            continue
        with salesforce_failures(f"describe {name}"):
            info = await run.salesforce.describe(name)
        rules.check_address_fields(name, fields, {each.name.lower(): each.type for each in info.fields})


@dataclass(slots=True)
class _Relinking:
    """One matching anew."""

    run: Run
    found: Changes
    written: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    _links: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def by_name(self) -> None:
        """Look at the records that the changes concern."""
        addresses = sorted({normal(address) for address in self.found.addresses} - {""})
        self._note(addresses, *await self.run.matcher.match(addresses))
        parts = list(self._concerned(addresses))
        for name in LINKED:
            with self._alone(name):
                await self._write(name, [f"FROM {name} WHERE {where}" for where in parts], expected=0)

    def _concerned(self, addresses: Sequence[str]) -> Iterator[str]:
        """Conditions for records that are linked to what changed, or were until it was deleted, or have an address of it."""
        asked = {
            "Contact__c": sorted(self.found.contacts),
            "Lead__c": sorted(self.found.leads),
            "Email__c": addresses,
        }
        lost = [
            f"({look_up} = null AND SystemModstamp >= {self.found.since_text})"  # deleting a person empties the look-ups
            for look_up, deleted in (
                ("Contact__c", self.found.deleted_contacts),
                ("Lead__c", self.found.deleted_leads),
            )
            if deleted
        ]
        for start in range(0, max(map(len, asked.values())), AT_ONCE):
            chunks = [(name, every[start : start + AT_ONCE]) for name, every in asked.items()]
            any_of = [f"{name} IN {in_clause(chunk)}" for name, chunk in chunks if chunk]
            together = " OR ".join(any_of + (lost if not start else []))
            if fits(f"FROM {names.SUPPRESSION} WHERE {together}"):
                yield together
            else:
                yield from any_of[:-1] + (lost if not start else [])
                yield from split_in("Email__c IN", asked["Email__c"][start : start + AT_ONCE])

    def _note(self, addresses: Sequence[str], contacts: Sequence[str], leads: Sequence[str]) -> None:
        self._links.update(zip(map(normal, addresses), zip(contacts, leads, strict=True), strict=True))

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """What goes wrong with one object is kept, so that the others go on. A refused sign-in is everybody's."""
        try:
            yield
        except (SignInAgain, WaitAndRetry):
            raise
        except Failure as failure:
            self.failures.setdefault(name, failure)

    async def everything(self) -> None:
        """Hold all our records against all contacts and leads."""
        for name in LINKED:
            after = f"FROM {name}"
            with self._alone(name):
                held = await org_reading.count(self.run.salesforce, after)
                if held:
                    if isinstance(self.run.matcher, OrgMatcher):
                        await self.run.matcher.index()
                    await self._write(name, [after], expected=held)

    async def _write(self, name: str, parts: Sequence[str], *, expected: int) -> None:
        """Write the links of those records of an object that differ."""
        id_field = self.run.settings.of(settings.ID_FIELD) if name == names.MEMBER else ""
        columns = ("Id", "Email__c", "Contact__c", "Lead__c", *(("Custom_Fields__c",) if id_field else ()))
        target = Target(name, "Id", ("Id", "Contact__c", "Lead__c"), (Kind.TEXT,) * 3)
        source = _Records(self.run, columns, name, parts, expected, await clock(self.run))

        async def to_rows(page: SourcePage[Record]) -> Converted:
            return await self._differing(page.rows, target, id_field, note=bool(expected))

        flow = Flow(
            Scope("rematch", name),
            source,
            to_rows,
            OrgSink(self.run.salesforce, all_records, self.run.settings),
            target,
            self.run.ledger,
            Options(self.run.number, name=f"the links of {name}"),
            self._tell,
        )
        report = await flow.run()
        self.written += report.outcome.written

    async def _differing(self, page: Sequence[Record], target: Target, id_field: str, *, note: bool) -> Converted:
        addresses = [record[1] for record in page]
        given = [rules.given_id(record[4], id_field) for record in page] if id_field else None
        contacts, leads = await self.run.matcher.match(addresses, given)
        if note:
            await self._note_activities(addresses)
        else:
            self._note(addresses, contacts, leads)
        changed = [i for i, record in enumerate(page) if (record[2], record[3]) != (contacts[i], leads[i])]
        columns = ([page[i][0] for i in changed], [contacts[i] for i in changed], [leads[i] for i in changed])
        return Converted(Rows(target.fields, target.kinds, columns), [""] * len(changed))

    async def _note_activities(self, addresses: Sequence[str]) -> None:
        """Roll-ups of a page's addresses get their links at once: doing it twice changes nothing."""
        normals = sorted({normal(address) for address in addresses})
        contacts, leads = await self.run.matcher.match(normals)

        def work() -> None:
            with transaction.atomic():
                self.run.fence()
                _relink(self.run.org_id, normals, contacts, leads)

        await sync_to_async(work)()

    def relink_activities(self) -> None:
        """In the transaction that moves the cursor: roll-ups of the addresses that were looked at one by one."""
        links = self._links.values()
        _relink(self.run.org_id, list(self._links), [contact for contact, _ in links], [lead for _, lead in links])

    async def _tell(self, done: int, expected: int) -> None:
        await self.run.progress.check_cancelled()
        await self.run.progress.stage("match", state="running", done=self.written, unit="records")


def _relink(org_id: int, addresses: Sequence[str], contacts: Sequence[str], leads: Sequence[str]) -> None:
    if addresses:
        with connection.cursor() as cursor:
            hashes = hashing.keyed_hashes(addresses)
            cursor.execute(_RELINK, [hashes, list(contacts), list(leads), org_id])


@dataclass(frozen=True, slots=True)
class _Records:
    """Our own records as a source: those that each of `parts` picks."""

    run: Run
    columns: tuple[str, ...]
    name: str
    parts: Sequence[str]
    expected: int
    at: datetime

    async def clock(self) -> datetime:
        return self.at

    async def pages(self, scope: Scope, since: date | None) -> AsyncGenerator[SourcePage[Record], None]:
        """All of them, whatever `since` says; one that several parts pick comes once."""
        seen: set[str] = set()
        for after in self.parts:
            async for page in org_reading.read(self.run.salesforce, self.columns, after, expected=self.expected):
                if len(self.parts) == 1:
                    yield SourcePage(page, self.expected)
                    continue
                fresh = [record for record in page if record[0] not in seen]
                seen.update(record[0] for record in fresh)
                yield SourcePage(fresh, self.expected)

    async def again(self, scope: Scope, keys: Sequence[str]) -> Sequence[Record]:
        """The records of these ids."""
        found: list[Record] = []
        for after in split_in(f"FROM {self.name} WHERE Id IN", keys):
            async for page in org_reading.read(self.run.salesforce, self.columns, after, expected=0):
                found += page
        return found
