"""One suite for every source: the fake in memory and the subscribers of an emulated list must behave alike."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.records import Scope
from fairlead.sync.account_source import SubscriberSource
from fairlead.sync.memory import MemorySource
from fairlead.sync.ports import Source
from tests.conformance import emulated

NOW = datetime(2026, 3, 10, 9, 30)
CM = "campaign_monitor"
SPEC = {
    "clients": [
        {
            "name": "Source",
            "country": "United Kingdom",
            "time_zone": "(GMT) Coordinated Universal Time",
            "lists": [{"title": "One", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList"}],
        }
    ]
}
# What became of each person, and when.
PEOPLE = {
    "ann@example.com": ("subscribe", "2024-01-10T00:00:00"),
    "Ben@Example.com": ("subscribe", "2024-01-10T23:59:00"),
    "cid+news@example.com": ("unsubscribe", "2024-01-11T00:00:00"),
    "dot.o'dea@example.org": ("bounce", "2024-01-12T12:00:00"),
    "eve@example.net": ("delete", "2024-01-12T12:01:00"),
}
STATES = {"subscribe": "Active", "unsubscribe": "Unsubscribed", "bounce": "Bounced", "delete": "Deleted"}


class Place:
    """A source of one scope, in which people can do something."""

    source: Source[Any]
    scope: Scope

    def do(self, email: str, what: str, at: str) -> None:
        raise NotImplementedError

    def key(self, email: str) -> str:
        return f"{self.scope.list}:{email.strip().lower()}"

    async def read(self, since: date | None) -> dict[str, str]:
        """State by address, the later reading of an address before the earlier."""
        rows = [row async for page in self.source.pages(self.scope, since) for row in page.rows]
        return {row.email: row.state for row in rows}


class InMemory(Place):
    def __init__(self) -> None:
        self.scope = Scope("members", "c" * 32, "l" * 32)
        self._people: dict[str, SimpleNamespace] = {}
        self.source = self._memory = MemorySource(
            NOW, day=lambda row: row.day, key=lambda row: self.key(row.email), page_size=2
        )

    def do(self, email: str, what: str, at: str) -> None:
        self._people[email.lower()] = SimpleNamespace(email=email, state=STATES[what], day=at[:10])
        states: dict[str, list[SimpleNamespace]] = {}
        for row in self._people.values():
            states.setdefault(row.state, []).append(row)
        self._memory.states = states


class InTheAccount(Place):
    def __init__(self, emulators: Emulators, account: Any) -> None:
        self._emulators = emulators
        emulators.post(CM, "/_control/seed", {"spec": SPEC, "seed": 1})
        (client,) = next(emulators.get(CM, "/_control/state"))["clients"]
        self.scope = Scope("members", client["id"], client["lists"][0]["id"])
        self.ticks = 0

        async def ticked() -> None:
            self.ticks += 1

        self.source = SubscriberSource(account, NOW, ticked)

    def do(self, email: str, what: str, at: str) -> None:
        acts = ["subscribe"] if what == "subscribe" else ["subscribe", what]
        for act in acts:
            done = {"list": self.scope.list, "email": email, "do": act, "at": f"{at}+00:00"}
            self._emulators.post(CM, "/_control/act", done)


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=SPEC) as running:
        yield running


@pytest.fixture(params=["memory", "account"])
def running(request: pytest.FixtureRequest) -> Emulators | None:
    return request.getfixturevalue("emulators") if request.param == "account" else None


@pytest.fixture
async def place(running: Emulators | None) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        there: Place = InMemory()
        if running is not None:
            there = InTheAccount(running, await stack.enter_async_context(emulated.account_of(running)))
        for email, (what, at) in PEOPLE.items():
            there.do(email, what, at)
        yield there


async def test_the_clock_is_that_of_the_beginning_and_naive(place: Place) -> None:
    """Asked as often as one likes, it is the source's own wall clock as it was given."""
    assert await place.source.clock() == await place.source.clock() == NOW
    assert (await place.source.clock()).tzinfo is None


async def test_without_a_day_everybody_is_read(place: Place) -> None:
    """In every state, as each address is spelled."""
    assert await place.read(None) == {email: STATES[what] for email, (what, _) in PEOPLE.items()}


@pytest.mark.parametrize(("day", "left"), [(10, 5), (11, 3), (12, 2), (13, 0)])
async def test_since_a_day_those_are_read_who_changed_on_it_or_later(place: Place, day: int, left: int) -> None:
    """The day counts from its first minute."""
    expected = list(PEOPLE)[len(PEOPLE) - left :]
    assert set(await place.read(date(2024, 1, day))) == set(expected)


async def test_whoever_changes_is_read_again_in_the_new_state(place: Place) -> None:
    """Once, and under the day of the new state."""
    place.do("ann@example.com", "unsubscribe", "2024-01-20T08:00:00")

    assert await place.read(date(2024, 1, 20)) == {"ann@example.com": "Unsubscribed"}
    assert (await place.read(None))["ann@example.com"] == "Unsubscribed"


async def test_single_rows_are_read_as_they_are_now_and_strangers_left_out(place: Place) -> None:
    """By their keys, which are in lower case; the rows come as they would in a page."""
    place.do("ann@example.com", "delete", "2024-01-20T08:00:00")
    asked = [
        "ann@example.com",
        "nobody@example.com",
        "Ben@Example.com",
        "dot.o'dea@example.org",
        "cid+news@example.com",
    ]

    rows = await place.source.again(place.scope, [place.key(email) for email in asked])

    assert {row.email: row.state for row in rows} == {
        "ann@example.com": "Deleted",
        "Ben@Example.com": "Active",
        "dot.o'dea@example.org": "Bounced",
        "cid+news@example.com": "Unsubscribed",
    }


async def test_the_expected_total_never_falls_short_of_what_came(place: Place) -> None:
    """The total of the last page is that of all rows of the reading, as far as it was told."""
    came, total = 0, 0
    async for page in place.source.pages(place.scope, None):
        came += len(page.rows)
        total = page.total
    assert came == len(PEOPLE)
    assert 0 < total <= came
