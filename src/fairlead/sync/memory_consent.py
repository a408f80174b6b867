"""The book of opt status in memory: obeys `sync.consent_ports.ConsentBook`, and lets tests break things."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from fairlead.domain.consent import Event, Evidence, Opt, Review, Shadow, released
from fairlead.domain.consent_book import (
    Answer,
    Entry,
    ReviewAnswered,
    Settled,
    ShadowMoved,
    ToReview,
    entry,
    moved,
)

Key = tuple[str, bytes]


@dataclass(slots=True)
class MemoryConsentBook:
    """Everything in dictionaries, by client and address. `step` may raise before anything is changed."""

    step: Callable[[str], None] = lambda act: None
    held: dict[Key, Shadow] = field(default_factory=dict)
    _scopes: dict[str, str] = field(default_factory=dict)
    _evidence: dict[Key, dict[int, Evidence]] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)
    _events: dict[tuple[str, bytes], Event] = field(default_factory=dict)
    _history: dict[Key, list[Entry]] = field(default_factory=dict)
    _reviews: dict[str, dict[int, ToReview]] = field(default_factory=dict)
    _numbers: Counter[str] = field(default_factory=Counter)

    async def scope(self, client: str) -> str:
        return self._scopes.get(client, "")

    async def counts(self, client: str) -> Mapping[Opt, int]:
        found = Counter(shadow.agreed for (of, _), shadow in self.held.items() if of == client and shadow.agreed)
        return {opt: found[opt] for opt in Opt}

    async def shadows(self, client: str, addresses: Collection[bytes]) -> Mapping[bytes, Shadow]:
        return {each: self.held[client, each] for each in addresses if (client, each) in self.held}

    async def record(self, client: str, address: bytes, evidence: Evidence) -> Evidence:
        self.step("record")
        mine = self._evidence.setdefault((client, address), {})
        for kept in mine.values():
            if replace(kept, id=0, user="") == replace(evidence, id=0, user=""):
                return kept
        self._numbers["evidence"] += 1
        kept = replace(evidence, id=self._numbers["evidence"])
        mine[kept.id] = kept
        return kept

    async def evidence(self, client: str, addresses: Collection[bytes]) -> Mapping[bytes, Sequence[Evidence]]:
        found = {}
        for address in addresses:
            mine = self._evidence.get((client, address), {}).values()
            unused = sorted((one for one in mine if one.id not in self._used), key=lambda one: (one.at, one.id))
            if unused:
                found[address] = unused
        return found

    async def unseen(self, client: str, events: Collection[bytes]) -> Collection[bytes]:
        return {key for key in events if (client, key) not in self._events}

    async def start(self, client: str, addresses: Collection[bytes], job: str, at: datetime) -> None:
        self.step("start")
        taken = [each for each in addresses if self._shadow(client, each, at).job not in ("", job)]
        if taken:
            raise ShadowMoved(len(taken))
        for each in addresses:
            self.held[client, each] = replace(self._shadow(client, each, at), job=job)

    async def in_flight(self, client: str) -> Mapping[str, Collection[bytes]]:
        found: dict[str, set[bytes]] = {}
        for (of, address), shadow in self.held.items():
            if of == client and shadow.job:
                found.setdefault(shadow.job, set()).add(address)
        return found

    async def drop(self, client: str, job: str) -> None:
        self.step("drop")
        for key, shadow in self.held.items():
            if key[0] == client and shadow.job == job:
                self.held[key] = replace(shadow, job="")

    def settle(self, client: str, settled: Sequence[Settled], *, job: str, at: datetime, scope: str = "") -> None:
        self.step("settle")
        gone = [one for one in settled if moved(one.before, self.held.get((client, one.address)), job)]
        if gone:
            raise ShadowMoved(len(gone))
        for one in settled:
            self._settle(client, one, job, at)
        if scope:
            self._scopes[client] = scope

    async def commit(self, client: str, settled: Sequence[Settled], *, job: str, at: datetime) -> None:
        self.settle(client, settled, job=job, at=at)

    async def forget_events(self, client: str, before: datetime) -> None:
        self._events = {key: one for key, one in self._events.items() if key[0] != client or one.at >= before}

    async def history(self, client: str, address: bytes) -> Sequence[Entry]:
        return self._history.get((client, address), [])[::-1]

    async def reviews(self, client: str, *, decided: bool = False) -> Sequence[ToReview]:
        found = self._reviews.get(client, {}).values()
        return [one for one in found if (one.decided_at is not None) is decided]

    async def answer(self, client: str, review: int, answer: Answer, *, by: str, at: datetime) -> None:
        self.step("answer")
        one = self._reviews.get(client, {}).get(review)
        if one is None or one.decided_at is not None:
            raise ReviewAnswered(review)
        self._reviews[client][review] = replace(one, clear="", decided_at=at, decided_by=by, answer=answer)
        key = (client, one.address)
        if one.reason is Review.CONTESTED and key in self.held:
            self.held[key] = released(self.held[key])

    def _shadow(self, client: str, address: bytes, at: datetime) -> Shadow:
        return self.held.get((client, address)) or Shadow(agreed=None, since=at)

    def _settle(self, client: str, one: Settled, job: str, at: datetime) -> None:
        key = (client, one.address)
        if one.decision.shadow is not None:
            self.held[key] = replace(one.decision.shadow, job="")
        self._events |= {(client, event.key): event for event in one.events}
        self._used |= {each.id for each in one.evidence}
        if one.tells:
            self._history.setdefault(key, []).append(entry(one, job, at))
        for reason in one.decision.reviews:
            self._open(client, one, reason, at)

    def _open(self, client: str, one: Settled, reason: Review, at: datetime) -> None:
        mine = self._reviews.setdefault(client, {})
        waits = any(
            (each.address, each.reason) == (one.address, reason) and not each.decided_at for each in mine.values()
        )
        if not waits:
            self._numbers["review"] += 1
            number, rule = self._numbers["review"], one.decision.rule
            mine[number] = ToReview(
                id=number, address=one.address, reason=reason, rule=rule, opened_at=at, clear=one.clear
            )
