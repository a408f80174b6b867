"""The reaction to contacts and leads that go: read who they were, decide by `rules`, and carry it out in Campaign Monitor.

Everything is decided from what both sides show now: done twice, it changes nothing more.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.campaignmonitor.wishes import ConsentToTrack, SubscriberWish
from fairlead.domain.address import normal
from fairlead.domain.consent import Decision, Opt, Review, Shadow, Shown, stands_in_the_way
from fairlead.domain.consent_book import Settled
from fairlead.domain.consent_settings import options as consent_options
from fairlead.features.departures import rules, settings
from fairlead.features.departures.org import Membership, OrgPeople, Person
from fairlead.features.departures.rules import Act, Departure, Do, Why
from fairlead.jobs.context import in_database
from fairlead.store import moves
from fairlead.store.consent import PostgresConsentBook
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.following import Follows, let_follow
from fairlead.sync.list_sink import take_off
from fairlead.sync.outward import CONTACT, LEAD, Gone, OrgPage, OutwardRun
from fairlead.sync.together import each

NAME: Final = "departures"
TITLE: Final = "Deleted, merged and converted records"
ON_THE_LIST_ALREADY: Final = 201
AT_ONCE: Final = 4
MERGE_RULE: Final = 14
"""The row of the table by which a merge is written into the history: what was agreed is kept, for another address."""

States = Mapping[str, Mapping[str, str]]
"""Address → list → state."""
Moved = tuple[str, str, str]
"""A list, the address that somebody had there, and the one that they have now."""


@dataclass
class Departures:
    """What went in one run."""

    name: str = NAME
    title: str = TITLE
    gone: dict[str, list[Gone]] = field(default_factory=lambda: defaultdict(list))
    emptied: list[str] = field(default_factory=list)
    converted: dict[str, str] = field(default_factory=dict)

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        """The address, and what a lead has become."""
        return {CONTACT: ("Email",), LEAD: ("Email", "IsConverted", "ConvertedContactId")}

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        """Gather who went."""
        self.gone[page.object] += page.gone
        on_empty = run.settings.of(settings.ON_EMPTY)
        for record in page.records:
            if record.get("IsConverted"):
                if record.get("ConvertedContactId"):
                    self.converted[str(record["Id"])] = str(record["ConvertedContactId"])
            elif on_empty and not record.get("Email") and str(record["Id"]) not in page.created:
                self.emptied.append(str(record["Id"]))

    async def end(self, run: OutwardRun) -> None:
        """Move links, then memberships. Raises a Failure."""
        org = OrgPeople(run.salesforce)
        if self.converted:
            run.add(links_moved=await org.move_links(self.converted))
        chosen = settings.options(run.settings)
        found = [*await self._gone(org), *await self._emptied(org)]
        used = await org.in_use({one.address for one in found if one.address}) if found else {}
        # the record that is kept may have the losing address itself: then nothing of it is lost
        due = [one for one in found if rules.wanted(one, chosen, shared=used.get(one.address, 0) > 0)]
        if not due:
            return
        members = await org.memberships({one.address for one in due} | {one.to for one in due if one.to})
        most = run.settings.of(settings.AT_MOST)
        going = {one.address for one in due if one.why is not Why.MERGED}
        rules.check_leaving(going & {one.email for one in members}, most)
        await _Carrying(run, members).carry_out(due, chosen)

    async def _gone(self, org: OrgPeople) -> list[Departure]:
        """Addresses of deleted and of merged records."""
        found: list[Departure] = []
        for of, gone in self.gone.items():
            people = await org.people(of, [one.id for one in gone]) if gone else {}
            for one in gone:
                person = people.get(one.id) or Person(one.id, normal(one.email), deleted=True, master=one.master)
                kept = _kept(person, people)
                if not person.deleted:
                    continue  # brought back meanwhile
                if kept is None:
                    found.append(Departure(Why.DELETED, person.email))
                else:
                    found.append(Departure(Why.MERGED, person.email, kept.email, person.out, kept.out))
        return found

    async def _emptied(self, org: OrgPeople) -> list[Departure]:
        """Addresses of the members that are linked with records whose address was emptied."""
        linked = await org.linked_with(self.emptied) if self.emptied else []
        return [Departure(Why.EMPTIED, address) for address in sorted({one.email for one in linked})]


def _kept(person: Person, people: Mapping[str, Person]) -> Person | None:
    """The record into which one was merged, however often; None where it was deleted."""
    seen = {person.id}
    while person.master and person.master not in seen:
        seen.add(person.master)
        after = people.get(person.master)
        if after is None:
            return None
        person = after
    return None if person.deleted else person


@dataclass
class _Carrying:
    """Carrying out, with the members as the org has them: they say which lists to ask about."""

    run: OutwardRun
    members: Sequence[Membership]
    refused: Counter[str] = field(default_factory=Counter)

    async def carry_out(self, due: Sequence[Departure], chosen: rules.Options) -> None:
        """Ask Campaign Monitor for the present states, decide, write."""
        clients = {one.id for one in self.run.clients}
        by_client: dict[str, list[Membership]] = defaultdict(list)
        for member in self.members:
            if member.client in clients and member.list:
                by_client[member.client].append(member)
        for client, members in by_client.items():
            await self._client(client, members, due, chosen)
        # an opt-out of somebody who was on no list that we know of is remembered for every client
        for client in clients - set(by_client):
            await self._client(client, [], [one for one in due if one.why is Why.MERGED and one.out], chosen)

    async def _client(
        self, client: str, members: Sequence[Membership], due: Sequence[Departure], chosen: rules.Options
    ) -> None:
        lists = {one.list for one in members}
        addresses = {one.email for one in members}
        asked = [one for one in due if one.address in addresses or one.out]
        merged = {address for one in asked if one.why is Why.MERGED for address in (one.address, one.to)}
        pairs = {(one.list, one.email) for one in members}
        pairs |= {(of, address) for of in lists for address in merged}
        states = await _states(self.run.campaign_monitor, pairs)
        shadows = await self._shadows(client, merged)
        acts: list[Act] = []
        settled: list[Settled] = []
        moved: set[Moved] = set()
        for one in asked:
            old = states.get(one.address, {})
            if one.why is not Why.MERGED:
                acts += rules.leaves(one, old, chosen)
                continue
            # an attempt that was killed may have moved the subscriber, and not the record
            moved |= {(of, one.address, one.to) for of in states.get(one.to, {}) if of not in old}
            new, known = states.get(one.to, {}), shadows.get(one.to)
            out = one.out or rules.is_out(shadows.get(one.address))
            acts += rules.joins(one, old, new, out=out, blocked=self._blocked(one, new, known))
            settled += self._remember(one, shadows.get(one.address), known, old.values())
        moved |= await self._write(acts)
        await self._follow(moved)
        if settled:
            book = PostgresConsentBook(self.run.org_id, self.run.fence)
            await book.commit(client, settled, job=str(self.run.number), at=self.run.now)

    def _blocked(self, one: Departure, new: Mapping[str, str], known: Shadow | None) -> bool:
        """Whether an opt-out forbids adding the kept address."""
        states = set(new.values())
        left = rules.UNSUBSCRIBED in states and rules.ACTIVE not in states
        side = stands_in_the_way(
            known,
            Shown(Opt.OUT if one.to_out else Opt.IN),
            Shown(Opt.OUT if left else Opt.IN),
            consent_options(self.run.settings),
        )
        return side is not None

    def _remember(self, one: Departure, old: Shadow | None, new: Shadow | None, states: Iterable[str]) -> list[Settled]:
        """The opt-out of the losing address, for the kept one."""
        after = rules.remembered(old, new, one, states, now=self.run.now)
        if after is None:
            return []
        decision = Decision(MERGE_RULE, after, reviews=(Review.ADDRESS_CHANGED,))
        (address,) = self.run.ledger.hashes([one.to])
        return [
            Settled(
                address=address, clear=one.to, before=new, salesforce=None, campaign_monitor=None, decision=decision
            )
        ]

    async def _shadows(self, client: str, addresses: Collection[str]) -> dict[str, Shadow]:
        names = sorted(addresses)
        hashes = self.run.ledger.hashes(names)
        if not names:
            return {}
        book = PostgresConsentBook(self.run.org_id, self.run.fence)
        found = await book.shadows(client, hashes)
        return {name: found[key] for name, key in zip(names, hashes, strict=True) if key in found}

    async def _write(self, acts: Sequence[Act]) -> set[Moved]:
        """Opt-outs first, then moves, then what leaves; gives who moved."""
        account = self.run.campaign_monitor
        moved: set[Moved] = set()

        async def move(act: Act) -> None:
            if await self._move(act):
                moved.add((act.list, act.address, act.to))

        for do in (Do.UNSUBSCRIBE, Do.MOVE, Do.DELETE):
            for of in sorted({act.list for act in acts if act.do is do}):
                here = [act for act in acts if act.do is do and act.list == of]
                if do is Do.MOVE:
                    await each(here, move, at_once=AT_ONCE)
                    continue
                gone = [(act.address, act.address) for act in here]
                outcome = await take_off(account, of, gone, unsubscribe=do is Do.UNSUBSCRIBE)
                self.run.add(**{f"members_{do.value}d": outcome.written, "refused": len(outcome.failures)})
        return moved

    async def _follow(self, moved: Collection[Moved]) -> None:
        """The records of those who moved go with them, and what is kept of them: no sync would see that they did."""
        records = {(one.list, one.email): one.id for one in self.members}
        here = sorted(one for one in moved if one[:2] in records)
        follows = [Follows(records[of, old], of, new, merge=(of, new) in records) for of, old, new in here]
        for (of, old, new), one in zip(here, follows, strict=True):
            await in_database(partial(moves.follow, merge=one.merge), self.run.org_id, of, old, new)
        self.run.add(refused=await let_follow(self.run.salesforce, follows))

    async def _move(self, act: Act) -> bool:
        wish = SubscriberWish(act.to, ConsentToTrack.UNCHANGED)
        with campaign_monitor_failures("let a subscriber follow a merge"):
            try:
                await self.run.campaign_monitor.subscriptions.update(act.list, act.address, wish)
            except RecordRefused as error:
                if error.code not in (ON_THE_LIST_ALREADY, NOT_ON_THE_LIST):
                    self.run.add(refused=1)
                return False
        self.run.add(members_moved=1)
        return True


async def _states(account: CampaignMonitor, pairs: Collection[tuple[str, str]]) -> States:
    """Where addresses stand on lists now."""
    found: dict[str, dict[str, str]] = defaultdict(dict)

    async def one(pair: tuple[str, str]) -> None:
        of, address = pair
        try:
            found[address][of] = (await account.subscriber(of, address)).state
        except RecordRefused as error:
            if error.code != NOT_ON_THE_LIST:
                raise

    with campaign_monitor_failures("read single subscribers"):
        await each(sorted(pairs), one, at_once=AT_ONCE)
    return found


REACTIONS: Final = (Departures,)
