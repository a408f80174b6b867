"""The book of events in memory: obeys `sync.event_ports.Book` (`tests/conformance/test_book.py`), and lets tests break things."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.sync.event_ports import Noted, Settled


@dataclass(slots=True)
class MemoryBook:
    """What is remembered, in dictionaries. `members` and `linked` count events by kind and hash; `step` may raise."""

    step: Callable[[str], None] = lambda act: None
    scopes: dict[Scope, Known] = field(default_factory=dict)
    members: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    linked: dict[Scope, Counter[bytes]] = field(default_factory=dict)
    suspicious: Counter[Scope] = field(default_factory=Counter)
    _noted: dict[Scope, list[Noted]] = field(default_factory=dict)
    _known: dict[Scope, dict[bytes, tuple[str, bool]]] = field(default_factory=dict)

    def remembered(self, scope: Scope) -> int:
        """How many single events are remembered."""
        return len(self._known.get(scope, {}))

    async def begin(self, scope: Scope) -> None:
        self.step("begin")
        self._noted[scope] = []

    async def known(self, scope: Scope, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        held = self._known.get(scope, {})
        return {key: held[key][1] for key in keys if key in held}

    async def note(self, scope: Scope, noted: Noted) -> None:
        self.step("note")
        self._noted[scope].append(noted)

    def settle(self, ended: Mapping[Scope, Settled]) -> None:
        for scope, settled in ended.items():
            self._settle(scope, settled)

    def _settle(self, scope: Scope, settled: Settled) -> None:
        if settled.link_anew:
            self.linked[scope] = Counter()
        held = self._known.setdefault(scope, {})
        for noted in self._noted.pop(scope, []):
            for member in noted.members:
                self.members[scope.kind, member] += 1
            for address in noted.addresses if settled.known.linked else ():
                self.linked.setdefault(scope, Counter())[address] += 1
            for key, minute, flagged in zip(noted.keys, noted.minutes, noted.flagged, strict=True):
                held[key] = minute, flagged or (key in held and held[key][1])
        self.suspicious[scope] += settled.suspicious
        self._known[scope] = {key: event for key, event in held.items() if event[0] >= settled.keep_from}
        self.scopes[scope] = settled.known
