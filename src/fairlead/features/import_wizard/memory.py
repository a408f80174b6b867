"""A source and a list in memory: obey the ports of this room, and let tests break things."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fairlead.domain.address import normal
from fairlead.features.import_wizard.reading import Page
from fairlead.features.import_wizard.rules.columns import Column, ListField
from fairlead.features.import_wizard.rules.rows import CLEAR, Person, Why
from fairlead.features.import_wizard.rules.wishes import Wishes
from fairlead.features.import_wizard.sources import NoSuchColumn
from fairlead.features.import_wizard.writing import OnList, Written


@dataclass
class MemorySource:
    """Rows of dictionaries. `step` is called before each page, and may raise."""

    rows: Sequence[Mapping[str, str]]
    names: Sequence[str] = ("Email", "Name")
    page: int = 2_000
    step: Callable[[], None] = lambda: None

    async def columns(self) -> Sequence[Column]:
        return [Column(name, name, "email" if name == "Email" else "string") for name in self.names]

    async def pages(self, wanted: Sequence[str]) -> AsyncIterator[Page]:
        missing = set(wanted) - set(self.names)
        if missing:
            raise NoSuchColumn(missing)
        for start in range(0, len(self.rows), self.page):
            self.step()
            some = self.rows[start : start + self.page]
            yield [[row.get(name, "") for row in some] for name in wanted]
        self.step()


_REFUSED = {"Deleted": "205", "Unsubscribed": "206", "Bounced": "207", "Unconfirmed": "208"}


@dataclass
class MemoryList:
    """Subscribers of one list by the normal form of their address. `step` is told what is about to be done; it may raise."""

    states: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    custom: dict[str, ListField] = field(default_factory=dict)
    step: Callable[[str], None] = lambda act: None
    after: Callable[[str], None] = lambda act: None
    calls: int = 0
    segments: dict[str, str] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    now: Callable[[], float] = lambda: 0.0

    async def fields(self) -> Sequence[ListField]:
        return list(self.custom.values())

    async def create_field(self, name: str, kind: str, *, visible: bool = True) -> str:
        self.step("create field")
        key = f"[{name.replace(' ', '')}]"
        self.custom[key] = ListField(key, name, kind)
        return key

    async def write(self, people: Wishes) -> Written:
        self.step("write")
        self.calls += 1
        refused, new = {}, 0
        for place, one in enumerate(people.persons()):
            state = self.states.get(one.key)
            code = _REFUSED.get(state or "", "")
            if state is None and one.key in self.suppressed:
                code = "204"
            if code:
                refused[place] = code
            else:
                new += state is None
                self._put(one)
        self.after("write")
        return Written(refused, new)

    async def add_deleted(self, person: Person) -> Why | str:
        self.step("add deleted")
        if self.states.get(person.key) != "Deleted":
            return Why.NOT_DELETED
        if person.key in self.suppressed:
            return Why.SUPPRESSED
        self._put(person)
        self.after("add deleted")
        return ""

    async def active(self, *, unconfirmed: bool = False) -> AsyncIterator[Sequence[OnList]]:
        wanted = {"Active", "Unconfirmed"} if unconfirmed else {"Active"}
        yield [
            OnList(address, self.since.get(address, 0.0)) for address, state in self.states.items() if state in wanted
        ]

    async def take_off(self, addresses: Sequence[str]) -> Mapping[str, str]:
        self.step("take off")
        for address in addresses:
            if normal(address) in self.states:
                self.states[normal(address)] = "Deleted"
        self.after("take off")
        return {}

    async def segment(self, title: str, field_key: str, known: str) -> str:
        self.step("segment")
        made = known or f"segment {title}"
        self.segments[made] = field_key
        return made

    def _put(self, one: Person) -> None:
        if self.states.get(one.key) != "Active":
            self.since[one.key] = self.now()
        self.states[one.key] = "Active"
        mine = self.values.setdefault(one.key, {})
        for key, text in one.values:
            if text == CLEAR:
                mine.pop(key, None)
            else:
                mine[key] = text
