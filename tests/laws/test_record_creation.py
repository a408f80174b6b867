"""Contacts and leads are made once for each address, whatever is killed, and whoever else makes some meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.address import member_key, normal
from fairlead.domain.records import RowFailure
from fairlead.features.record_creation.creation import Creation, Limits, scope_of
from fairlead.features.record_creation.ports import Link, Made
from fairlead.features.record_creation.rules import Candidate, Rule, TooManyNew
from fairlead.salesforce.describe import FieldInfo, ObjectInfo
from fairlead.sync.memory import MemoryLedger, MemoryMatcher
from fairlead.sync.run import Blocked
from fairlead.sync.stage import ClientScope, ListScope

CLIENT = ClientScope("c" * 32, "Client", "UTC")
LISTS = [ListScope(letter * 32, letter, CLIENT) for letter in "ab"]
LAST = FieldInfo("LastName", "string", nillable=False, createable=True)
COMPANY = FieldInfo("Company", "string", nillable=False, createable=True)
SCORE = FieldInfo("Score__c", "double", createable=True)
COMPANY_LINE = {"field": "Company", "value": "None", "custom_field": "", "default": ""}
CONTACT = Rule("Contact", "", (), "Not provided", allow_duplicates=False)
LEAD = Rule("Lead", "", (COMPANY_LINE,), "Not provided", allow_duplicates=False)
START = datetime.fromisoformat("2026-03-10T09:00:00")


class Killed(BaseException):
    """The process died here."""


@dataclass
class World:
    """An org in memory. `killed_at` counts down its steps; at zero the process is dead, -1 is alive."""

    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[str, RowFailure] = field(default_factory=dict)
    matcher: MemoryMatcher = field(default_factory=MemoryMatcher)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    no_link: RowFailure | None = None
    creates: int = 0
    questions: int = 0
    killed_at: int = -1
    runs: int = 0
    now: datetime = START

    def __post_init__(self) -> None:
        self.ledger.step = self.step

    def step(self, act: str = "") -> None:
        if self.killed_at > 0:
            self.killed_at -= 1
        if self.killed_at == 0:
            raise Killed(act)

    def put(self, of: ListScope, address: str, name: str = "Ada Berg") -> None:
        key = member_key(of.id, address)
        self.members[key] = {"list": of.id, "address": address, "name": name, "link": "", "at": self.now}

    async def describe(self, object: str) -> ObjectInfo:
        return ObjectInfo(object, createable=True, fields=(LAST, COMPANY) if object == "Lead" else (LAST, SCORE))

    async def unlinked(self, lists: Sequence[str], since: datetime | None) -> AsyncGenerator[Sequence[Candidate], None]:
        self.step("read")
        self.questions += 1
        yield [
            Candidate(key, one["list"], key, one["address"], one["name"], one.get("custom", ""), one["at"].isoformat())
            for key, one in self.members.items()
            if one["list"] in lists and not one["link"] and (since is None or one["at"] >= since)
        ]

    async def create(self, object: str, records: Sequence[dict[str, Any]], *, allow_duplicates: bool) -> Sequence[Made]:
        self.step("create")
        self.creates += len(records)
        made = [self._create(object, normal(record["Email"])) for record in records]
        self.step("created")
        return made

    def _create(self, object: str, address: str) -> Made:
        if address in self.refused:
            return Made("", self.refused[address])
        self.made.append((object, address))
        identity = f"{object} {len(self.made)}"
        (self.matcher.contacts if object == "Contact" else self.matcher.leads)[address] = identity
        return Made(identity)

    async def link(self, links: Sequence[Link]) -> Sequence[RowFailure | None]:
        self.step("link")
        for link in links:
            if self.no_link is None:
                self.members[link.member]["link"] = link.contact or link.lead
        return [self.no_link] * len(links)

    def run(self, *rules: Rule, full: bool = False, most: int = 5_000, allow: bool = False) -> Creation:
        self.runs += 1
        self.now += timedelta(hours=1)

        async def tell(done: int, expected: int) -> None:
            assert 0 <= done <= expected

        async def no_wait(seconds: float) -> None:
            assert seconds > 0

        async def custom_fields(list_id: str) -> list[tuple[str, str]]:
            return [("Firm", "[Firm]")]

        limits = Limits(self.runs, full, most, allow)
        creation = Creation(self, self.matcher, self.ledger, limits, tell, custom_fields, no_wait)
        asyncio.run(creation.run(list(zip(LISTS, rules, strict=False))))
        return creation


@given(
    first=st.sets(st.integers(0, 9)),
    second=st.sets(st.integers(0, 9)),
    deaths=st.lists(st.integers(1, 12), max_size=6),
    allow=st.booleans(),
)
def test_killed_anywhere_and_run_again_makes_each_address_once(
    first: set[int], second: set[int], deaths: list[int], allow: bool
) -> None:
    """Two lists that share addresses, killed at any steps: at the end each address has one record, each member its link."""
    world = World()
    for of, people in zip(LISTS, (first, second), strict=True):
        for person in people:
            world.put(of, f"P{person}@example.com")
    for steps in deaths:
        world.killed_at = steps
        try:
            world.run(CONTACT, LEAD, allow=allow)
        except Killed:
            pass
        world.killed_at = -1

    world.run(CONTACT, LEAD, allow=allow)

    assert sorted(address for _, address in world.made) == sorted(f"p{person}@example.com" for person in first | second)
    assert all(member["link"] for member in world.members.values())


@given(people=st.sets(st.integers(0, 9)), existing=st.sets(st.integers(0, 9)))
def test_running_twice_makes_nothing_more_and_who_exists_is_linked(people: set[int], existing: set[int]) -> None:
    """Whoever has a record by now is linked to it; the second run creates and links nobody."""
    world = World()
    for person in existing:
        world.matcher.contacts[f"p{person}@example.com"] = f"there {person}"
    for person in people:
        world.put(LISTS[0], f"p{person}@example.com")

    first = world.run(CONTACT)
    again = world.run(CONTACT, full=True)

    assert (first.tally.contacts, first.tally.found) == (len(people - existing), len(people & existing))
    assert (again.tally.contacts, again.tally.found, world.creates) == (0, 0, len(people - existing))


def test_lists_on_which_nothing_changed_are_asked_about_together() -> None:
    """Each once by itself at the beginning, then all in one question, however many there are."""
    world = World()
    world.put(LISTS[1], "b@example.com")
    world.run(CONTACT, LEAD)
    assert world.questions == 2

    world.run(CONTACT, LEAD)
    assert world.questions == 3
    world.put(LISTS[0], "a@example.com")
    world.run(CONTACT, LEAD)
    assert world.questions == 4
    assert world.made == [("Lead", "b@example.com"), ("Contact", "a@example.com")]


def test_of_two_lists_that_ask_for_different_records_the_first_decides() -> None:
    """One address on both: a contact by the first list's rule, and no lead by the second's; both members link to it."""
    world = World()
    for of in LISTS:
        world.put(of, "both@example.com")

    world.run(CONTACT, LEAD)

    assert world.made == [("Contact", "both@example.com")]
    assert [member["link"] for member in world.members.values()] == ["Contact 1"] * 2


def _refusal(*, retryable: bool = False, blocks: bool = False) -> RowFailure:
    return RowFailure("", "CODE", "the reason", retryable, blocks)


def test_what_was_refused_is_offered_again_only_when_it_or_the_rule_changed() -> None:
    """Not each hour; but when the subscriber's name changes, when the rule changes, and in a full sync."""
    world = World(refused={"no@example.com": _refusal()})
    world.put(LISTS[0], "no@example.com")
    world.run(CONTACT)
    assert world.creates == 1

    world.run(CONTACT)
    world.members[member_key(LISTS[0].id, "no@example.com")]["at"] = world.now  # touched, with the same content
    world.run(CONTACT)
    assert world.creates == 1
    refusals = world.ledger.scopes[scope_of(LISTS[0])].refusals
    assert [refusal.reason for refusal in refusals.values()] == ["the reason"]

    world.put(LISTS[0], "no@example.com", name="Ada Other")
    world.run(CONTACT)
    assert world.creates == 2
    world.run(LEAD)
    assert world.creates == 3
    world.run(LEAD, full=True)
    assert world.creates == 4
    world.refused.clear()
    world.run(CONTACT)
    assert world.made == [("Contact", "no@example.com")]
    assert not refusals


def test_what_may_pass_in_a_moment_is_offered_again_at_once_and_in_the_next_run() -> None:
    """A lock refuses for now only: three tries in one run, and the next run tries again."""
    world = World(refused={"locked@example.com": _refusal(retryable=True)})
    world.put(LISTS[0], "locked@example.com")
    assert world.run(CONTACT).tally.refused == 1
    assert world.creates == 3

    world.refused.clear()
    assert world.run(CONTACT).tally.contacts == 1


def test_more_than_may_be_made_in_one_run_is_not_made_unasked() -> None:
    """The guard counts addresses of all lists before the first is made; told to let pass, it does."""
    world = World()
    for person in range(3):
        world.put(LISTS[0], f"a{person}@example.com")
        world.put(LISTS[1], f"a{person}@example.com")
        world.put(LISTS[1], f"b{person}@example.com")

    with pytest.raises(TooManyNew, match="More than 5 "):
        world.run(CONTACT, LEAD, most=5)
    assert world.made == []

    world.run(CONTACT, LEAD, most=5, allow=True)
    assert len(world.made) == 6


def test_a_list_whose_rule_cannot_work_does_not_take_the_others_with_it() -> None:
    """It is refused with a reason that names it; the other list's subscribers get their leads."""
    world = World()
    for of in LISTS:
        world.put(of, f"{of.name}@example.com")

    creation = world.run(Rule("Contact", "Gone", (), "Not provided", allow_duplicates=False), LEAD)

    assert world.made == [("Lead", "b@example.com")]
    assert [str(problem) for problem in creation.problems if "The list “a”:" in str(problem) and "Gone" in str(problem)]


def test_a_member_that_cannot_be_linked_for_now_is_linked_by_the_next_run() -> None:
    """Its contact is made once; the reason is kept until the link stands."""
    world = World(no_link=_refusal(retryable=True))
    world.put(LISTS[0], "a@example.com")
    assert world.run(CONTACT).tally.refused == 1

    world.no_link = None
    assert world.run(CONTACT).tally.found == 1
    assert world.made == [("Contact", "a@example.com")]
    assert not world.ledger.scopes[scope_of(LISTS[0])].refusals


def test_a_value_that_does_not_fit_is_a_reason_of_its_row() -> None:
    """Told without the value; the others are made."""
    world = World()
    line = {"field": "Score__c", "value": "", "custom_field": "Firm", "default": ""}
    world.put(LISTS[0], "fits@example.com")
    world.put(LISTS[0], "not@example.com")
    world.members[member_key(LISTS[0].id, "not@example.com")]["custom"] = "Firm: many"

    world.run(Rule("Contact", "", (line,), "Not provided", allow_duplicates=False))

    assert world.made == [("Contact", "fits@example.com")]
    (refusal,) = world.ledger.scopes[scope_of(LISTS[0])].refusals.values()
    assert refusal.reason.startswith("The custom field “Firm” does not fit Score__c: it takes a number.")
    assert "many" not in refusal.reason


@pytest.mark.parametrize("allow", [False, True])
def test_a_custom_field_that_was_renamed_is_told_and_the_others_go_on(allow: bool) -> None:
    """The list is refused with the field's name as soon as there is somebody to make; nothing is passed over."""
    world = World()
    line = {"field": "Company", "value": "", "custom_field": "Business", "default": "None"}
    renamed = Rule("Lead", "", (line,), "Not provided", allow_duplicates=False)
    assert world.run(renamed, CONTACT, allow=allow).problems == []
    for of in LISTS:
        world.put(of, f"{of.name}@example.com")

    creation = world.run(renamed, CONTACT, allow=allow)

    assert [str(problem).partition(". ")[0] for problem in creation.problems] == [
        "The list “a”: No leads can be created: the list has no custom field “Business”"
    ]
    assert world.made == [("Contact", "b@example.com")]
    world.run(LEAD, CONTACT, allow=allow)
    assert world.made[1:] == [("Lead", "a@example.com")]


@pytest.mark.parametrize("allow", [False, True])
def test_a_refusal_that_nobody_escapes_stops_the_list_and_is_told(allow: bool) -> None:
    """A full org: the list's cursor stays, so that nothing is passed over."""
    world = World(refused={"full@example.com": _refusal(blocks=True)})
    world.put(LISTS[0], "full@example.com")

    creation = world.run(CONTACT, allow=allow)

    assert [type(problem) for problem in creation.problems] == [Blocked]
    world.refused.clear()
    assert world.run(CONTACT).tally.contacts == 1
