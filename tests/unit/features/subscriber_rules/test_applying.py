"""The work on one list over fakes: full calls, shadows that forbid, options, and what is remembered between runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from fairlead.campaignmonitor.imports import Imported
from fairlead.campaignmonitor.wishes import SubscriberWish
from fairlead.domain.address import normal
from fairlead.domain.consent import Opt, Shadow
from fairlead.domain.consent_settings import Options
from fairlead.features.subscriber_rules.applying import ListWork, Tools
from fairlead.features.subscriber_rules.org import Person
from fairlead.salesforce.composite import Outcome
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.memory_consent import MemoryConsentBook

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@dataclass
class Account:
    """Takes every subscriber; counts the calls."""

    imports: list[list[SubscriberWish]] = field(default_factory=list)
    journeys: list[bool] = field(default_factory=list)

    @property
    def subscriptions(self) -> "Account":
        return self

    async def import_(self, list_id: str, wishes: Sequence[SubscriberWish], *, queue_autoresponders: bool) -> Any:
        self.imports.append(list(wishes))
        self.journeys.append(queue_autoresponders)
        return Imported.of(wishes, [None] * len(wishes), [])


@dataclass
class Crm:
    """Has no members; counts the calls."""

    calls: int = 0

    @property
    def composite(self) -> "Crm":
        return self

    async def run(self, requests: Sequence[Any]) -> list[Outcome]:
        self.calls += 1
        return [Outcome(request.reference_id, 200, {"records": []}) for request in requests]


@dataclass
class Place:
    account: Account = field(default_factory=Account)
    crm: Crm = field(default_factory=Crm)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    book: MemoryConsentBook = field(default_factory=MemoryConsentBook)

    def work(self, options: Options | None = None, *, journeys: bool = True) -> ListWork:
        crm: Any = self.crm
        account: Any = self.account
        tools = Tools(account, crm, self.ledger, self.book, options or Options(), journeys, NOW)
        return ListWork(tools, "c", "l" * 32)

    def remember(self, address: str, shadow: Shadow) -> None:
        self.book.held["c", self.ledger.hashes([normal(address)])[0]] = shadow

    @property
    def added(self) -> list[str]:
        return [wish.email for wishes in self.account.imports for wish in wishes]


def people(first: int, count: int) -> list[Person]:
    return [Person(str(n), f"p{n}@example.com", f"P {n}") for n in range(first, first + count)]


def add(work: ListWork, *pages: list[Person]) -> None:
    async def run() -> None:
        for page in pages:
            await work.add(1, page)
        await work.write()
        await work.commit(lambda: None)

    async_to_sync(run)()


def test_calls_are_full_whatever_the_pages_are() -> None:
    """Three pages of 833, and some of them twice: ceil(2,499 / 1,000) calls, nobody twice; few questions to Salesforce."""
    place = Place()
    add(place.work(), people(0, 833), people(833, 833), people(1_600, 899))
    assert [len(wishes) for wishes in place.account.imports] == [1_000, 1_000, 499]
    assert len(set(place.added)) == 2_499
    assert place.crm.calls <= 6


def test_who_was_added_is_not_added_again_before_the_sync_tells() -> None:
    """The next run knows it from the keyed digests; addresses differ in case only."""
    place = Place()
    add(place.work(), people(0, 2))
    add(place.work(), [replace(one, address=one.address.upper()) for one in people(0, 3)])
    assert place.added == ["p0@example.com", "p1@example.com", "P2@EXAMPLE.COM"]


@pytest.mark.parametrize("journeys", [True, False])
def test_journeys_start_as_the_option_says(journeys: bool) -> None:
    place = Place()
    add(place.work(journeys=journeys), people(0, 1))
    assert place.account.journeys == [journeys]


def test_a_shadow_that_is_out_forbids_whatever_the_records_show() -> None:
    """Agreed out, or out in Campaign Monitor when last seen; nothing else stands in the way of the others."""
    place = Place()
    place.remember("p0@example.com", Shadow(agreed=Opt.OUT, since=NOW))
    place.remember("p1@example.com", Shadow(agreed=Opt.IN, since=NOW, campaign_monitor=Opt.OUT))
    place.remember("p2@example.com", Shadow(agreed=Opt.IN, since=NOW))
    work = place.work()
    add(work, people(0, 4))
    assert place.added == ["p2@example.com", "p3@example.com"]
    codes = {failure.code for failure in place.ledger.scopes[work.scope].refusals.values()}
    assert codes == {"OPTED_OUT_SALESFORCE", "OPTED_OUT_CAMPAIGN_MONITOR"}
    assert work.tally(1).refused == 2


def test_with_the_block_turned_off_only_campaign_monitors_out_forbids() -> None:
    """The option opens the tick box and the shadow, never Campaign Monitor's own opt-out."""
    place = Place()
    place.remember("p1@example.com", Shadow(agreed=Opt.OUT, since=NOW, campaign_monitor=Opt.OUT))
    ticked = Person("9", "ticked@example.com", "T", ticked=True)
    add(place.work(Options(block_adding_opted_out=False)), [ticked, *people(1, 1)])
    assert place.added == ["ticked@example.com"]


def test_a_reason_is_forgotten_when_somebody_is_added_after_all() -> None:
    place = Place()
    one = Person("1", "p1@example.com", "P", ticked=True)
    work = place.work()
    add(work, [one])
    assert len(place.ledger.scopes[work.scope].refusals) == 1
    add(place.work(), [replace(one, ticked=False)])
    assert place.added == ["p1@example.com"]
    assert not place.ledger.scopes[work.scope].refusals


def test_a_person_of_a_rule_shows_nobody_when_printed() -> None:
    """Addresses and names never get into a log by accident."""
    assert "@" not in repr(SimpleNamespace(one=people(0, 1)[0]))
