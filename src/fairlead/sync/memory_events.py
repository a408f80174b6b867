"""The book of events in memory: obeys `sync.events.Book` (`tests/conformance/test_book.py`), and lets tests break things."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.sync.events import FORGET_ALL, Noted, Settled


@dataclass(slots=True)
class _Event:
    at: str
    member: bytes
    address: bytes
    counts: bool
    links: bool
    suspicious: bool
    known: bool = False
    flagged: bool = False
    noted: bool = True


@dataclass(slots=True)
class MemoryBook:
    """What is remembered, in dictionaries. `members` and `linked` count events by kind and hash; `step` may raise."""

    step: Callable[[str], None] = lambda act: None
    scopes: dict[Scope, Known] = field(default_factory=dict)
    members: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    linked: dict[Scope, Counter[bytes]] = field(default_factory=dict)
    suspicious: Counter[Scope] = field(default_factory=Counter)
    _events: dict[Scope, dict[bytes, _Event]] = field(default_factory=dict)

    def remembered(self, scope: Scope) -> int:
        """How many single events are remembered."""
        return len(self._events.get(scope, {}))

    async def begin(self, scope: Scope) -> None:
        self.step("begin")
        held = self._events.setdefault(scope, {})
        for key in [key for key, event in held.items() if not event.known]:
            del held[key]
        for event in held.values():
            event.noted = False

    async def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        held = self._events.get(scope, {})
        return {key: held[key].flagged for key in keys if key in held and held[key].known}

    async def note(self, scope: Scope, noted: Noted) -> None:
        self.step("note")
        held = self._events.setdefault(scope, {})
        for i, key in enumerate(noted.keys):
            event = _Event(
                noted.at[i],
                noted.members[i],
                noted.addresses[i],
                noted.counts[i],
                noted.links[i],
                noted.flagged[i],
            )
            before = held.get(key)
            if before is not None:
                event.known, event.flagged = before.known, before.flagged
            held[key] = event

    async def new(self, scope: Scope) -> int:
        return sum(event.noted and event.counts and not event.known for event in self._events.get(scope, {}).values())

    def settle(self, scope: Scope, settled: Settled) -> None:
        held = self._events.setdefault(scope, {})
        if settled.link_anew:
            self.linked[scope] = Counter()
        for event in held.values():
            if not event.noted:
                continue
            if event.counts:
                self.members[scope.kind, event.member] += 1
            if event.links and settled.known.linked:
                self.linked.setdefault(scope, Counter())[event.address] += 1
            self.suspicious[scope] += event.suspicious and not event.flagged
            event.known, event.noted, event.flagged = True, False, event.flagged or event.suspicious
        keep = settled.keep_from
        self._events[scope] = {
            key: event for key, event in held.items() if keep != FORGET_ALL and (not keep or event.at >= keep)
        }
        self.scopes[scope] = settled.known
