"""What changed in Salesforce goes to the subscribers that are there: a thousand a call, nobody is ever added.

Killed anywhere, the same records are handed over again: a value that is there already is not written a second time, and an
import that is sent again changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead.campaignmonitor.imports import PER_CALL
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.domain.address import normal
from fairlead.domain.failure import Failure, SignInAgain, the_one_to_act_on
from fairlead.domain.mapping import OBJECTS, Line, field_of
from fairlead.domain.mapping_merge import Act
from fairlead.domain.records import RowFailure, Rows, Scope
from fairlead.features.field_mappings import agreed, kept, outcome, reading, rules
from fairlead.features.field_mappings.addresses import Addresses
from fairlead.features.field_mappings.mapped import Mapped
from fairlead.features.field_mappings.rules import Pair, Planned
from fairlead.features.field_mappings.settings import FOLLOW_ADDRESSES, LOG_DAYS
from fairlead.jobs.context import in_database
from fairlead.salesforce import names
from fairlead.salesforce.query import quote, split_in
from fairlead.sync import list_sink, phone
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.list_sink import ListSink, list_target
from fairlead.sync.outward import OrgPage, OutwardRun
from fairlead.sync.run import Blocked

ADDRESS: Final = "Email"


@dataclass(slots=True)
class FieldMappings:
    """The reaction. `waiting` are rows by list until a thousand are there, or the run ends."""

    name: str = "field_mappings"
    title: str = "Field mappings"
    mapped: Mapped | None = None
    clients: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, list[Planned]] = field(default_factory=dict)
    settled: dict[str, list[Planned]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    blocked: list[RowFailure] = field(default_factory=list)

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        """What the outward lines need; a path that leads nowhere (any more) is not asked for, lest it stop all others."""
        lines = await in_database(kept.current, run.org_id)
        outward = {list_id: [one for one in of if one.direction.outward] for list_id, of in lines.items()}
        every = [line for of in outward.values() for line in of]
        if not every:
            return {}
        described = await reading.described(run.salesforce, every)
        self.mapped = Mapped(run.campaign_monitor, outward, described, phone.by_setting(run.settings))
        return _known_paths(every, self.mapped)

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        """Find the subscribers of these records, and what of them is to be written."""
        if self.mapped is None or page.object not in OBJECTS:
            return
        needed = self._needed(page.object)
        lists = self.mapped.lines
        where = f"State__c = 'Active' AND {page.object}__c IN"
        if page.object == "Lead":
            where = f"Contact__c = null AND {where}"  # whoever is both follows the contact
        before = f"SELECT {reading.columns(needed)} FROM {names.MEMBER} WHERE {where}"
        for soql in split_in(before, [str(record["Id"]) for record in page.records]):
            async for found in reading.pairs(run.salesforce, soql, needed):
                await self.take(run, [pair for pair in found if pair.list in lists])

    async def take(self, run: OutwardRun, found: Sequence[Pair]) -> None:
        """Plan what is due for these pairs; write where a whole call is full."""
        by_list: dict[str, list[Pair]] = {}
        for pair in found:
            by_list.setdefault(pair.list, []).append(pair)
        for list_id, pairs in by_list.items():
            if list_id not in self.failed:
                await self._alone(list_id, self._take(run, list_id, pairs))

    async def end(self, run: OutwardRun) -> None:
        """Write what waits, and offer again what was refused for the moment. Raises a Failure."""
        if self.mapped is None:
            return
        for list_id in sorted({*self.mapped.lines} - self.failed):
            await self._alone(list_id, self._end(run, list_id))
        await in_database(outcome.forget_old, run.org_id, _log_days(run))
        if self.mapped.problems:
            run.add(mapping_lines_left_out=sum(map(len, self.mapped.problems.values())))
        if self.blocked:
            raise Blocked(len(self.blocked), self.blocked[0])
        if self.failures:
            raise the_one_to_act_on(self.failures, "lists", len(self.mapped.lines))

    async def _alone(self, list_id: str, act: Any) -> None:
        try:
            await act
        except SignInAgain:
            raise
        except Failure as failure:
            self.failed.add(list_id)
            self.failures.append(failure)

    def _needed(self, of: str) -> dict[str, list[str]]:
        """The paths of one object that any list needs, and of the other none."""
        assert self.mapped is not None, "asked for after the fields are known"
        every = [line for lines in self.mapped.lines.values() for line in lines if line.object == of]
        return {of: sorted(_known_paths(every, self.mapped).get(of, {ADDRESS}))}

    async def _take(self, run: OutwardRun, list_id: str, pairs: Sequence[Pair]) -> None:
        assert self.mapped is not None, "asked for after the fields are known"
        lines = await self.mapped.of(list_id)
        hashes = run.ledger.hashes([pair.key for pair in pairs])
        known = await in_database(agreed.of, run.org_id, list_id, hashes)
        digest = outcome.digest_by(run.ledger)
        waiting = self.waiting.setdefault(list_id, [])
        following = Addresses(run) if run.settings.of(FOLLOW_ADDRESSES) else None
        for key, one in zip(hashes, pairs, strict=True):
            before = known.get(key, {})
            pair, remembered = one, before
            if following is not None:
                followed = await following.follow(one, before)
                pair, remembered = followed.pair, followed.known
            planned = rules.plan(lines, pair, remembered, digest, self.mapped.phone, Act.TO_CAMPAIGN_MONITOR)
            planned.agreed = {**remembered, **planned.agreed}
            if planned.cells:
                waiting.append(planned)
            elif planned.refused or planned.agreed != before:
                self.settled.setdefault(list_id, []).append(planned)
        while len(waiting) >= PER_CALL:
            part, self.waiting[list_id] = waiting[:PER_CALL], waiting[PER_CALL:]
            waiting = self.waiting[list_id]
            await self._write(run, list_id, part)
        if len(self.settled.get(list_id, ())) >= PER_CALL:
            await self._settle(run, list_id)

    async def _end(self, run: OutwardRun, list_id: str) -> None:
        await self._offer_again(run, list_id)
        owed = await in_database(agreed.owed, run.org_id, list_id)
        await self._look_at(run, list_id, owed)
        waiting = self.waiting.pop(list_id, [])
        for start in range(0, len(waiting), PER_CALL):
            await self._write(run, list_id, waiting[start : start + PER_CALL])
        await self._settle(run, list_id)
        if owed:
            await in_database(agreed.paid, owed)

    async def _look_at(self, run: OutwardRun, list_id: str, owed: Sequence[agreed.Owed]) -> None:
        """Members whom Campaign Monitor shows otherwise than Salesforce, which owns the field."""
        seen = {planned.pair.record for planned in self.waiting.get(list_id, ())}
        for name in OBJECTS:
            records = {one.record for one in owed if one.object == name} - seen
            await self._read(run, list_id, f"List__r.{names.LIST_KEY} = {quote(list_id)} AND {name}__c", records)

    async def _offer_again(self, run: OutwardRun, list_id: str) -> None:
        """Rows that were refused for the moment, by an earlier run."""
        keys = set(await run.ledger.retryable(_scope(list_id)))
        keys -= {planned.pair.key for planned in self.waiting.get(list_id, ())}
        await self._read(run, list_id, names.MEMBER_KEY, keys)

    async def _read(self, run: OutwardRun, list_id: str, which: str, values: Collection[str]) -> None:
        """Take the active members of whom `which` is one of the values, whatever they are linked to by now."""
        if not values:
            return
        needed = {name: self._needed(name)[name] for name in OBJECTS}
        before = f"SELECT {reading.columns(needed)} FROM {names.MEMBER} WHERE State__c = 'Active' AND {which} IN"
        for soql in split_in(before, sorted(values)):
            async for found in reading.pairs(run.salesforce, soql, needed):
                await self._take(run, list_id, found)

    async def _settle(self, run: OutwardRun, list_id: str) -> None:
        """Note rows for which nothing is to be written."""
        settled = self.settled.pop(list_id, [])
        if settled:
            failures = [outcome.unfit(planned) for planned in settled if planned.refused]
            run.add(mapping_refused=len(failures))
            await outcome.note(run, _scope(list_id), settled, failures)

    async def _write(self, run: OutwardRun, list_id: str, part: Sequence[Planned]) -> None:
        """One call, and what became of it."""
        await run.progress.check_cancelled()
        targets = list(dict.fromkeys(target for planned in part for target in planned.cells))
        target = list_target(list_id, [list_sink.EMAIL, *targets])
        cells = [[planned.cells.get(name, "") for planned in part] for name in targets]
        columns = ([planned.pair.key for planned in part], [planned.pair.address for planned in part], *cells)
        sink = ListSink(run.campaign_monitor, list_id, target.fields[1:], trigger_journeys=False)
        told = await sink.upsert(target, Rows(target.fields, target.kinds, columns))
        if sink.added:
            await self._take_back(run, list_id, part, sink.added)
        refused = {failure.key: failure for failure in told.failures}
        self.blocked += [failure for failure in told.failures if failure.blocks]
        done = [planned for planned in part if planned.pair.key not in refused]
        failures = [*refused.values(), *(outcome.unfit(planned) for planned in done if planned.refused)]
        run.add(mapping_written=told.written, mapping_refused=len(failures))
        offered = [planned.pair.key for planned in part]
        await outcome.note(run, _scope(list_id), done, failures, offered=offered)

    async def _take_back(self, run: OutwardRun, list_id: str, part: Sequence[Planned], added: int) -> None:
        """Who was renamed in Campaign Monitor meanwhile was added by the call under the old address: off again, at once.

        They are those who joined later than their member says. Where these are more than were added, somebody joined
        anew by themselves: then nobody is taken off, and the count says that somebody should look.
        """
        sent = {normal(planned.pair.address): planned.pair for planned in part}
        zones = {client.id: client.time_zone for client in run.clients}
        new: list[tuple[str, str]] = []
        with campaign_monitor_failures("look who was added"):
            today = (await run.campaign_monitor.system_date()).date() - timedelta(days=1)
            async with aclosing(run.campaign_monitor.members(list_id, "Active", today)) as pages:
                async for page in pages:
                    new += [
                        (pair.key, one.email)
                        for one in page.rows
                        if (pair := sent.get(normal(one.email)))
                        and _joined_later(one, pair, zones.get(pair.client, ""))
                    ]
        if len(new) == added:
            await list_sink.take_off(run.campaign_monitor, list_id, new)
            run.add(mapping_taken_back=added)
        else:
            run.add(mapping_added_unclear=added)


def _joined_later(one: Subscriber, pair: Pair, label: str) -> bool:
    """Whether a subscriber joined after its member was written. Campaign Monitor rounds to minutes."""
    if not pair.joined or not label or not one.joined:
        return False
    joined = datetime.fromisoformat(to_utc([one.joined], zone(label))[0])
    return joined > datetime.fromisoformat(pair.joined) + timedelta(minutes=1)


def _scope(list_id: str) -> Scope:
    return Scope(outcome.OUT, "", list_id)


def _known_paths(lines: Sequence[Line], mapped: Mapped) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines:
        if field_of(line.source, line.object, mapped.described) is not None:
            found.setdefault(line.object, {ADDRESS}).add(line.source)
    for name, paths in found.items():
        if field_of(rules.OPTED_OUT, name, mapped.described) is not None:
            paths.add(rules.OPTED_OUT)
    return found


def _log_days(run: OutwardRun) -> int:
    return run.settings.of(LOG_DAYS)
