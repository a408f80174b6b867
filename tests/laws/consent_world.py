"""A small world for the laws of opt status: contacts and leads with their tick, lists with their subscribers, both histories,
and runs over all of them that may be killed at any step or that an act of a person slips into.

The run is the shortest one that keeps the promises of `docs/explanation/opt-status.md`: read, decide, out lane, careful lane,
commit. It is no flow of the product.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from fairlead.domain.consent import MISSING, Basis, Decision, Event, Evidence, Opt, Shadow, Shown, Side, decide
from fairlead.domain.consent_book import Settled
from fairlead.domain.consent_guard import Comparison, Judged, Limits, check_decisions, check_sides
from fairlead.domain.consent_settings import FromCampaignMonitor, Options
from fairlead.domain.consent_sides import Membership, Write, campaign_monitor_side, not_ours, opt_outs, salesforce_side
from fairlead.sync.memory_consent import MemoryConsentBook
from tests.laws.flow_world import Killed

CLIENT: Final = "c" * 32
US: Final = "005fairlead"
START: Final = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
OVERLAP: Final = timedelta(days=1)
SF, CM = Side.SALESFORCE, Side.CAMPAIGN_MONITOR
IN, OUT = Opt.IN, Opt.OUT


@dataclass
class Record:
    """A contact or lead."""

    address: str
    ticked: bool = False


@dataclass
class Read:
    """What a run read of one address: all events that no commit has used, and those that are opt-outs of people."""

    shadow: Shadow | None
    shown: dict[Side, Shown]
    events: list[Event]
    counting: list[Event]
    evidence: Sequence[Evidence]


@dataclass
class ConsentWorld:
    """`asked` is what each address last said; `killed_at` counts down the steps of a run; `slips` acts once within a run.

    `blind`: that side answers with nothing at all. `judged` are all writes, with what they were decided from.
    """

    options: Options = field(default_factory=Options)
    now: datetime = START
    book: MemoryConsentBook = field(default_factory=MemoryConsentBook)
    records: dict[str, Record] = field(default_factory=dict)
    lists: dict[str, dict[str, tuple[str, datetime]]] = field(default_factory=lambda: {"l1": {}, "l2": {}})
    suppressed: set[str] = field(default_factory=set)
    history: list[tuple[str, Event]] = field(default_factory=list)
    consents: list[tuple[datetime, str, Evidence]] = field(default_factory=list)
    ours: list[Write] = field(default_factory=list)
    asked: dict[str, Opt] = field(default_factory=dict)
    order: random.Random = field(default_factory=lambda: random.Random(1))
    killed_at: int = -1
    slips: tuple[int, Callable[[], None]] | None = None
    blind: Side | None = None
    runs: int = 0
    made: int = 0
    writes: list[tuple[str, Side, Opt]] = field(default_factory=list)
    judged: list[tuple[Side, Opt, Read, Decision]] = field(default_factory=list)

    def step(self, act: str = "") -> None:
        """A moment at which the process may die, or a person act."""
        if self.slips is not None:
            wait, act_of = self.slips
            self.slips = (wait - 1, act_of) if wait else None
            if not wait:
                act_of()
        if self.killed_at > 0:
            self.killed_at -= 1
        if self.killed_at == 0:
            raise Killed(act)

    # people

    def tick(self, minutes: int = 2) -> None:
        self.now += timedelta(minutes=minutes)

    def add(self, address: str) -> None:
        self.made += 1
        self.records[f"003{self.made:03}"] = Record(address)
        self.asked.setdefault(address, IN)

    def check(self, record: str, user: str = "005ada") -> None:
        """Email Opt Out is ticked."""
        one = self.records[record]
        if not one.ticked:
            one.ticked = True
            self._happened(one.address, SF, record, user)
            if user != US:
                self.asked[one.address] = OUT

    def clear(self, record: str) -> None:
        """The box is cleared, for no reason that anybody gave."""
        self.records[record].ticked = False

    def consent_in_org(self, address: str) -> None:
        """*Record consent*: clears all boxes of the address."""
        for one in self.records.values():
            if one.address == address:
                one.ticked = False
        self._consent(address, SF, Basis.WRITTEN)

    def subscribe(self, of: str, address: str, *, person: bool, told_after: int = 0) -> None:
        """Through a form by the person, or by somebody's import that brings back whom it finds.

        That a person did it may be told only hours later.
        """
        if person:
            self.suppressed.discard(address)
        self.lists[of][address] = ("Active", self.now)
        self.asked.setdefault(address, IN)
        if person:
            self._consent(address, CM, Basis.CONFIRMED_OPT_IN, told_after)

    def leave(self, of: str, address: str, user: str = "") -> None:
        """Unsubscribes from one list."""
        if self.lists[of].get(address, ("", START))[0] == "Active":
            self.lists[of][address] = ("Unsubscribed", self.now)
            self._happened(address, CM, of, user)
            if user != US and self.shown(address)[CM].opt is OUT:
                self.asked[address] = OUT

    def suppress(self, address: str) -> None:
        """Complains of spam."""
        self.suppressed.add(address)
        self._happened(address, CM, "", "")
        self.asked[address] = OUT

    def act(self, kind: str, address: str, of: str, pick: int) -> None:
        """One act of a person, drawn by chance; nothing where it is not possible."""
        mine = [key for key, one in self.records.items() if one.address == address]
        chosen = mine[pick % len(mine)] if mine else ""
        if kind == "add" and len(mine) < 3:
            self.add(address)
        elif kind in ("subscribe", "late", "import"):
            self.subscribe(of, address, person=kind != "import", told_after=3 if kind == "late" else 0)
        elif kind == "leave":
            self.leave(of, address)
        elif kind == "suppress":
            self.suppress(address)
        elif kind in ("Bounced", "Deleted", "Unconfirmed") and address in self.lists[of]:
            self.put(of, address, kind)
        elif chosen:
            self._act_on(kind, address, chosen, mine)

    def _act_on(self, kind: str, address: str, chosen: str, mine: list[str]) -> None:
        if kind == "check":
            self.check(chosen)
        elif kind == "clear":
            self.clear(chosen)
        elif kind == "delete":
            del self.records[chosen]
        elif kind == "consent":
            self.consent_in_org(address)
        elif kind == "merge" and len(mine) > 1:
            del self.records[next(key for key in mine if key != chosen)]

    def put(self, of: str, address: str, state: str) -> None:
        """Bounces, or is deleted."""
        self.lists[of][address] = (state, self.now)

    def _happened(self, address: str, side: Side, place: str, user: str) -> None:
        key = f"{len(self.history)} {place}".encode()
        told = user if side is SF else ""  # Campaign Monitor does not tell who
        self.history.append((address, Event(side, key, self.now, place, told)))

    def _consent(self, address: str, side: Side, basis: Basis, told_after: int = 0) -> None:
        told_at = self.now + timedelta(hours=told_after)
        self.consents.append((told_at, address, Evidence(side=side, basis=basis, source="form", at=self.now)))
        self.asked[address] = IN

    # the sides

    def memberships(self, address: str) -> list[Membership]:
        return [Membership(name, *held[address]) for name, held in self.lists.items() if address in held]

    def shown(self, address: str) -> dict[Side, Shown]:
        ticks = [one.ticked for one in self.records.values() if one.address == address]
        suppressed = address in self.suppressed
        there = campaign_monitor_side(self.memberships(address), suppressed=suppressed, options=self.options)
        return {SF: salesforce_side(ticks), CM: there}

    def addresses(self) -> list[str]:
        found = {one.address for one in self.records.values()} | self.suppressed
        for held in self.lists.values():
            found |= set(held)
        found |= {address for address, _ in self.history} | {key.decode() for _, key in self.book.held}
        return sorted(found)

    def mailed_against_their_word(self) -> list[str]:
        """Who last said out, and is shown in on a side or could be mailed from one of its lists or records."""
        bad = []
        for address in self.addresses():
            shown = self.shown(address)
            if self.asked.get(address) is OUT and any(one.opt is IN or one.partly for one in shown.values()):
                bad.append(address)
        return bad

    def state(self) -> dict[str, tuple[Shown, Shown, Opt | None]]:
        """What everything shows, and what is agreed."""
        held = {key.decode(): shadow.agreed for (_, key), shadow in self.book.held.items()}
        return {each: (*self.shown(each).values(), held.get(each)) for each in self.addresses()}

    # a run

    def run(self, *, twice: bool = False) -> list[tuple[str, Side, Opt]]:
        """One run; its writes. `twice`: every event and consent is told twice."""
        self.runs += 1
        self.writes = []
        self.tick()
        asyncio.run(self._run(twice=twice))
        return self.writes

    async def _run(self, *, twice: bool) -> None:
        self.book.step = self.step
        readings = await self._read(twice=twice)
        check_sides({side: _comparison(side, readings) for side in Side}, allowed=False)
        decisions = {each: self._decide(read) for each, read in readings.items()}
        check_decisions(
            [Judged(read.shadow.agreed if read.shadow else None, decisions[each]) for each, read in readings.items()],
            len(readings),
            Limits(records=10**6, always=10**6),
            allowed=False,
        )
        self.step("decided")
        outs = [(each, side) for each, made in decisions.items() for side in sorted(made.out)]
        self.order.shuffle(outs)
        for each, side in outs:
            self.judged.append((side, OUT, readings[each], decisions[each]))
            self._write_out(each, side)
            self.step("wrote")
        for each, made in list(decisions.items()):
            if made.into and not await self._careful(each, readings[each], made):
                del decisions[each]
        settled = [self._settled(each, readings[each], made) for each, made in decisions.items()]
        self.book.settle(CLIENT, settled, job=str(self.runs), at=self.now)
        await self.book.forget_events(CLIENT, self.now - 2 * OVERLAP)

    async def _read(self, *, twice: bool) -> dict[str, Read]:
        """Everything of every address: events of the overlap once more, in any order."""
        told = [(who, one) for who, one in self.history if one.at >= self.now - OVERLAP] * (2 if twice else 1)
        consents = self.consents * (2 if twice else 1)
        self.order.shuffle(told)
        self.order.shuffle(consents)
        for who, one in [(who, one) for told_at, who, one in consents if told_at <= self.now]:
            await self.book.record(CLIENT, who.encode(), one)
        new = set(await self.book.unseen(CLIENT, [event.key for _, event in told]))
        addresses = self.addresses()
        self.order.shuffle(addresses)
        keys = [each.encode() for each in addresses]
        shadows, evidence = await self.book.shadows(CLIENT, keys), await self.book.evidence(CLIENT, keys)
        self.step("between events and states")
        found = {}
        for each in addresses:
            events = [one for who, one in told if who == each and one.key in new]
            counting = opt_outs(not_ours(events, self.ours), self.memberships(each), self.options)
            shown = self.shown(each)
            if self.blind is not None:
                shown[self.blind] = MISSING
            key = each.encode()
            found[each] = Read(shadows.get(key), shown, events, counting, evidence.get(key, ()))
        return found

    def _decide(self, read: Read) -> Decision:
        shown = read.shown
        return decide(read.shadow, shown[SF], shown[CM], read.counting, read.evidence, self.options, now=self.now)

    def _write_out(self, address: str, side: Side) -> None:
        self.writes.append((address, side, OUT))
        if side is CM:
            for of in self.lists:
                self.leave(of, address, US)
            return
        for key, one in self.records.items():
            if one.address == address and not one.ticked:
                self.ours.append(Write(SF, key, US, self.now, self.now))
                self.check(key, US)

    def _write_in(self, address: str, side: Side) -> None:
        self.writes.append((address, side, IN))
        if side is SF:
            for one in self.records.values():
                if one.address == address:
                    one.ticked = False
            return
        self.suppressed.discard(address)
        for held in self.lists.values():
            if held.get(address, ("", START))[0] == "Unsubscribed":
                held[address] = ("Active", self.now)

    async def _careful(self, address: str, read: Read, made: Decision) -> bool:
        """Read again just before, give up if anything moved, write, read again. False: not to be committed."""
        self.step("read again")
        heard = {event.key for who, event in self.history if who == address and event.at >= self.now - OVERLAP}
        unseen = set(await self.book.unseen(CLIENT, heard))
        if self.shown(address) != read.shown or unseen != {event.key for event in read.events}:
            return False
        for side in sorted(made.into):
            self.judged.append((side, IN, read, made))
            self._write_in(address, side)
            self.step("wrote in")
        return all(one.opt is not OUT for one in self.shown(address).values())

    def _settled(self, address: str, read: Read, made: Decision) -> Settled:
        return Settled(
            address=address.encode(),
            clear=address,
            before=read.shadow,
            salesforce=read.shown[SF].opt,
            campaign_monitor=read.shown[CM].opt,
            decision=made,
            events=read.events,
            evidence=read.evidence,
        )


def _comparison(side: Side, readings: dict[str, Read]) -> Comparison:
    """A side against what it last returned."""
    last = {
        each: shadow.salesforce if side is SF else shadow.campaign_monitor
        for each, read in readings.items()
        if (shadow := read.shadow) is not None
    }
    known = {each: value for each, value in last.items() if value}
    listed = sum(read.shown[side].opt is not None for read in readings.values())
    return Comparison(listed, len(known), sum(readings[each].shown[side].opt is not one for each, one in known.items()))


ANY_LIST: Final = Options(opt_out_from_campaign_monitor=FromCampaignMonitor.ANY_LIST)
