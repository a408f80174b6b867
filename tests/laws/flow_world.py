"""A small world for the laws of the flow: a source, a sink and a ledger in memory, and a run that may be killed at any step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fairlead.domain.records import RowFailure, Scope
from fairlead.sync.convert import MEMBER_FIELDS, MEMBER_KINDS, members
from fairlead.sync.memory import MemoryLedger, MemoryMatcher, MemorySink, MemorySource
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import Converted, Flow, Options, Report

LIST = "l" * 32
SCOPE = Scope("members", "c" * 32, LIST)
TARGET = Target("CM_Member__c", "Member_Key__c", MEMBER_FIELDS, MEMBER_KINDS)
START = datetime(2026, 3, 10, 9, 30)


@dataclass(frozen=True)
class Person:
    email: str
    state: str
    date: str
    name: str = "Somebody"
    joined: str = "2020-01-01 00:00:00"
    reads_email_with: str = ""
    consent_to_track: str = ""
    mobile_number: str = ""
    consent_to_send_sms: str = ""
    custom_text: str = ""

    @property
    def day(self) -> str:
        return self.date[:10]


async def no_wait(seconds: float) -> None:
    """Time that passes at once."""
    assert seconds > 0


class Killed(BaseException):
    """The process died here."""


@dataclass
class World:
    """`killed_at` counts down the steps of source, sink and ledger; at zero the process is dead; -1 is alive."""

    source: MemorySource = field(
        default_factory=lambda: MemorySource(
            START, day=lambda person: person.day, key=lambda person: f"{LIST}:{person.email.lower()}"
        )
    )
    sink: MemorySink = field(default_factory=MemorySink)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    matcher: MemoryMatcher = field(default_factory=MemoryMatcher)
    people: dict[str, Person] = field(default_factory=dict)
    killed_at: int = -1
    runs: int = 0
    owner: str = ""
    also: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        def step(act: str = "") -> None:
            if self.killed_at > 0:
                self.killed_at -= 1
            if self.killed_at == 0:  # and stays dead: a killed process tidies nothing up
                raise Killed(act)

        self.source.before_page = step
        self.sink.step = step
        self.ledger.step = step

    def put(self, email: str, state: str = "Active", **more: object) -> None:
        """The person is in this state since now."""
        person = Person(email, state, self.source.now.strftime("%Y-%m-%d %H:%M:00"), **more)
        self.people[email.lower()] = person
        self._list()

    def _list(self) -> None:
        states: dict[str, list[Person]] = {}
        for person in self.people.values():
            states.setdefault(person.state, []).append(person)
        self.source.states = states

    def pass_time(self, hours: float) -> None:
        self.source.now += timedelta(hours=hours)

    async def run(self, *, full: bool = False, sweep: bool = False, allow: bool = True) -> Report:
        self.runs += 1
        return await self.flow(full=full, sweep=sweep, allow=allow).run()

    def flow(self, *, full: bool = False, sweep: bool = False, allow: bool = True) -> Flow:
        async def convert(page: SourcePage) -> Converted:
            contacts, leads = await self.matcher.match([person.email for person in page.rows])
            rows = members(page.rows, LIST, contacts, leads, lambda texts: texts, self.runs)
            return Converted(rows, [person.day for person in page.rows])

        async def progress(done: int, expected: int) -> None:
            assert done >= 0 <= expected

        options = Options(run=self.runs, full=full, sweep=sweep, allow_large_changes=allow, owner=self.owner)
        return Flow(SCOPE, self.source, convert, self.sink, TARGET, self.ledger, options, progress, no_wait, self.also)

    def truth(self) -> dict[str, tuple[str, str, str]]:
        return {f"{LIST}:{key}": (person.email, person.state, person.date) for key, person in self.people.items()}

    def org(self) -> dict[str, tuple[str, str, str]]:
        records = self.sink.objects.get(TARGET.object, {})
        return {
            key: (record["Email__c"], record["State__c"], record["State_Date__c"]) for key, record in records.items()
        }


def refuse(test: Callable[[dict[str, str]], bool], *, retryable: bool) -> Callable[[dict[str, str]], RowFailure | None]:
    """A sink's refusal of the rows that fulfil the test."""

    def decide(record: dict[str, str]) -> RowFailure | None:
        if test(record):
            return RowFailure(record["Member_Key__c"], "CODE", "the reason", retryable)
        return None

    return decide


__all__ = ["LIST", "SCOPE", "START", "TARGET", "UTC", "Killed", "Person", "World", "refuse"]
