"""Which of the events that were read are new, and what is to be done with each: written, counted, remembered. By column."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final, TypeVar

from fairlead.domain.address import normals
from fairlead.domain.failure import Failure
from fairlead.domain.records import Outcome
from fairlead.domain.tracking_plan import missing
from fairlead.sync import convert_tracking as convert
from fairlead.sync.convert_tracking import Events, Keys
from fairlead.sync.event_ports import KEY_BYTES, Book, Noted, Reading
from fairlead.sync.ports import OWNER, Ledger, Matcher
from fairlead.sync.push import Push

T = TypeVar("T")

ENOUGH: Final = 2_000
"""Events that are looked up and matched together."""

PEOPLE: Final = 40_000
"""Members whose hashes are remembered: most people of one report are in the others too."""


@dataclass(slots=True)
class People:
    """Hashes of members, and digests of their addresses for the keys of events, each made once as long as there is room."""

    hashes: Callable[[Sequence[str]], list[bytes]]
    most: int = PEOPLE
    _held: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def of(self, keys: list[str], addresses: list[str]) -> tuple[list[str], list[bytes]]:
        """Of members, by their keys and addresses (normal form): digests of the addresses, and the keys' hashes."""
        found = list(map(self._held.get, keys))
        if not all(found):
            missing = {key: address for key, address, one in zip(keys, addresses, found, strict=True) if one is None}
            if len(self._held) + len(missing) > self.most:
                self._held.clear()
            made = zip(convert.address_digests(missing.values()), self.hashes(list(missing)), strict=True)
            new = dict(zip(missing, made, strict=True))
            self._held |= new
            found = [one or new[key] for one, key in zip(found, keys, strict=True)]
        told = [one for one in found if one]
        return [digest for digest, _ in told], [member for _, member in told]


@dataclass(slots=True)
class Progress:
    """How far one reading is."""

    reading: Reading
    keys: Keys
    read: int = 0
    new: int = 0
    suspicious: int = 0
    newest: str = ""
    outcome: Outcome = field(default_factory=Outcome)
    failure: Failure | None = None
    blocked: str = ""

    def __post_init__(self) -> None:
        known = self.reading.known
        self.newest = max(known.newest if known else "", self.reading.mail.sent[:16])

    @property
    def events(self) -> int:
        """Events that are known when the reading has ended."""
        known = self.reading.known
        return len(self.keys) if self.reading.plan.since is None else self.new + (known.events if known else 0)

    def misses_events(self) -> bool:
        """Whether there must be older ones, which the reading left out."""
        return missing(self.reading.counter, self.events, self.reading.known, self.reading.plan)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Events of one reading of which something is to be done, by column. `old`: which an earlier
    reading has met; `fresh`: which it has not, or not with their flag.
    """

    progress: Progress
    events: Events
    minutes: list[str]
    member_keys: list[str]
    members: list[bytes]
    keys: list[str]
    suspicious: list[bool]
    counts: list[bool]
    links: list[bool]
    writes: list[bool]
    fresh: list[bool]
    old: list[bool]

    @property
    def matched(self) -> list[str]:
        """Addresses whose contact and lead are needed."""
        return _where(self.events.emails, self._needed())

    def spread(self, found: list[str]) -> list[str]:
        """What was found for `matched`, one an event; blank for the others."""
        if len(found) == len(self.keys):
            return found
        answers = iter(found)
        return [next(answers) if needed else "" for needed in self._needed()]

    def where(self, taken: list[bool]) -> "Chosen":
        """Those that are taken."""
        columns = (
            _where(column, taken)
            for column in (
                self.minutes,
                self.member_keys,
                self.members,
                self.keys,
                self.suspicious,
                self.counts,
                self.links,
                self.writes,
                self.fresh,
                self.old,
            )
        )
        events = self.events.take([i for i, take in enumerate(taken) if take])
        return Chosen(self.progress, events, *columns)

    def counted_first(self) -> int:
        """How many are counted that no earlier reading had counted."""
        if not any(self.old):
            return sum(self.counts)
        return sum(count and not was for count, was in zip(self.counts, self.old, strict=True))

    def _needed(self) -> list[bool]:
        if all(self.writes):
            return self.writes
        return [write or link for write, link in zip(self.writes, self.links, strict=True)]


@dataclass(frozen=True, slots=True)
class Doors:
    """What all readings of a client share on their way: see `events.EventFlow`."""

    ledger: Ledger
    book: Book
    matcher: Matcher
    people: People
    run: int
    owner: str
    told: Callable[[Sequence[bytes], Sequence[str]], None]


@dataclass(slots=True)
class Writing:
    """Events of several readings on their way: looked up, matched and handed over some thousand at a time."""

    doors: Doors
    push: Push
    _waiting: list[tuple[Progress, Events]] = field(default_factory=list)
    _count: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, progress: Progress, events: Events) -> None:
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
            contacts, leads = await self.doors.matcher.match(emails) if emails else ([], [])
            first = 0
            for one in chosen:
                last = first + len(one.matched)
                await self._hand_over(one, contacts[first:last], leads[first:last])
                first = last

    async def _choose(self, progress: Progress, events: Events) -> Chosen:
        """Which of these events are new, and what is to be done with each."""
        reading, plan = progress.reading, progress.reading.plan
        addresses = normals(events.emails)
        member_keys = [f"{of}:{address}" for of, address in zip(events.lists, addresses, strict=True)]
        digests, members = self.doors.people.of(member_keys, addresses)
        keys, repeated = progress.keys.of(events, digests)
        minutes = [date[:16] for date in events.dates]
        suspicious = reading.suspect(events)
        flags = await self._flags(reading, keys, minutes)
        old = [flag is not None for flag in flags] if flags else [False] * len(keys)
        judged = plan.judge(minutes, old)
        writes, fresh = judged.writes, [not was for was in old] if flags else [True] * len(keys)
        if flags and any(suspicious):
            turned = [now and flag is False for now, flag in zip(suspicious, flags, strict=True)]
            fresh = [new or flag for new, flag in zip(fresh, turned, strict=True)]
            writes = [
                write or (flag and minute >= plan.write_from)
                for write, flag, minute in zip(writes, turned, minutes, strict=True)
            ]
        chosen = Chosen(
            progress,
            events,
            minutes,
            member_keys,
            members,
            keys,
            suspicious,
            judged.counts,
            judged.links,
            writes,
            fresh,
            old,
        )
        if repeated or not all(fresh):
            again = set(repeated)
            columns = enumerate(zip(fresh, judged.links, writes, strict=True))
            chosen = chosen.where([i not in again and any(each) for i, each in columns])
        progress.new += chosen.counted_first()
        progress.suspicious += sum(_where(chosen.suspicious, chosen.fresh))
        return chosen

    async def _flags(self, reading: Reading, keys: list[str], minutes: list[str]) -> list[bool | None]:
        """Of each event whether an earlier reading flagged it, None if none remembers it; nothing at all if it remembers none."""
        start = reading.plan.again_from
        if reading.known is None or not reading.known.kept or max(minutes) < start:
            return []
        at = [i for i, minute in enumerate(minutes) if minute >= start]
        hashes = self._hashes([keys[i] for i in at])
        known = await self.doors.book.known(reading.scope, hashes)
        flags: list[bool | None] = [None] * len(keys)
        for i, key in zip(at, hashes, strict=True):
            flags[i] = known.get(key)
        return flags if known else []

    def _hashes(self, keys: list[str]) -> list[bytes]:
        return [each[:KEY_BYTES] for each in self.doors.ledger.hashes(keys)]

    async def _hand_over(self, one: Chosen, contacts: list[str], leads: list[str]) -> None:
        if not one.keys:
            return
        reading, doors = one.progress.reading, self.doors
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
            doors.run,
        )
        if not all(one.writes):
            rows = rows.take([i for i, write in enumerate(one.writes) if write])
        if len(rows):
            await self.push.add(rows.with_column(OWNER, doors.owner) if doors.owner else rows)

    async def _note(self, one: Chosen, contacts: list[str], leads: list[str], utc: list[str]) -> None:
        """Note what is to be counted, and remembered: of the latter only what may be so to the end."""
        doors, reading = self.doors, one.progress.reading
        start = reading.keep_from(one.progress.newest)
        if max(one.minutes) < start:
            kept = [False] * len(one.keys)
        else:
            kept = [new and minute >= start for new, minute in zip(one.fresh, one.minutes, strict=True)]
        members = _where(one.members, one.counts)
        doors.told(members, _where(one.member_keys, one.counts))
        linked = any(one.links)
        noted = Noted(
            members,
            _where(utc, one.counts),
            doors.ledger.hashes(normals(_where(one.events.emails, one.links))) if linked else [],
            _where(contacts, one.links),
            _where(leads, one.links),
            _where(utc, one.links),
            self._hashes(_where(one.keys, kept)),
            _where(one.minutes, kept),
            _where(one.suspicious, kept),
        )
        await doors.book.note(reading.scope, noted)


def _where(column: list[T], chosen: list[bool]) -> list[T]:
    """The texts that are chosen."""
    if all(chosen):
        return column
    return list(compress(column, chosen)) if any(chosen) else []
