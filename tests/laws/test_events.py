"""The laws of events, on fakes in memory: whatever the order of pages and wherever a run is killed, each event counts once."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fairlead.domain.records import RowFailure
from fairlead.domain.tracking_plan import NEVER
from fairlead.sync.events import RefusedForNow
from fairlead.sync.run import Blocked
from tests.laws.events_world import EventWorld
from tests.laws.flow_world import Killed

ADDRESSES = [f"Person{i}@example.com" for i in range(4)]
URLS = ["https://www.example.com/", "https://www.example.com/offer"]


class EventsMachine(RuleBasedStateMachine):
    """Events come, equal ones too, and late ones; runs are killed anywhere; an undisturbed run makes all things equal."""

    @initialize(seed=st.integers(0, 1_000))
    def start(self, seed: int) -> None:
        self.world = EventWorld()
        self.world.order.seed(seed)
        self.loop = asyncio.new_event_loop()
        self.late = False
        for address in ADDRESSES:
            self.world.happen("recipients", address)

    @rule(
        kind=st.sampled_from(["opens", "clicks"]),
        who=st.sampled_from(ADDRESSES),
        url=st.sampled_from(URLS),
        times=st.integers(1, 3),
        ip=st.sampled_from(["192.0.2.1", "198.51.100.7"]),
        ago=st.sampled_from([0, 0, 1, 90]),
    )
    def happens(self, kind: str, who: str, url: str, times: int, ip: str, ago: int) -> None:
        for _ in range(times):
            self.world.happen(kind, who, url if kind == "clicks" else "", minutes_ago=ago, ip=ip)

    @rule(minutes=st.sampled_from([1, 60, 200, 60 * 24 * 3]))
    def time_passes(self, minutes: int) -> None:
        self.world.pass_time(minutes)

    @rule(at=st.integers(1, 30), full=st.booleans())
    def killed_run(self, at: int, full: bool) -> None:
        self.world.killed_at = at
        try:
            self.loop.run_until_complete(self.world.run(full=full))
        except Killed:
            pass
        finally:
            self.world.killed_at = -1

    @rule()
    def is_linked_or_no_longer(self) -> None:
        self.world.linked = not self.world.linked

    @rule(full=st.booleans())
    def undisturbed_run(self, full: bool) -> None:
        ended = self.loop.run_until_complete(self.world.run(full=full))
        assert [one.failure for one in ended if one.failure] == []
        assert self.world.org() == self.world.truth()
        assert self.world.counted() == self.world.to_count()
        if self.world.linked:
            assert self.world.counted_for_campaign() == self.world.to_count_for_campaign()

    @rule()
    def a_second_run_reads_and_writes_nothing(self) -> None:
        self.undisturbed_run(full=False)
        writes, pages = self.world.sink.writes, self.world.pages_read
        self.loop.run_until_complete(self.world.run())
        assert (self.world.sink.writes, self.world.pages_read) == (writes, pages)

    @invariant()
    def nothing_unknown_is_counted(self) -> None:
        if hasattr(self, "world"):
            assert not self.world.counted() - self.world.to_count()
            assert not self.world.org() - self.world.truth()

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()


TestEvents = EventsMachine.TestCase
TestEvents.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


def run(world: EventWorld, **how: bool) -> list:
    return asyncio.run(world.run(**how))


def test_an_event_older_than_the_window_is_found_by_the_counter() -> None:
    """The report is read whole, once; the org then holds the event. Members' totals learn of it by a full sync."""
    world = EventWorld()
    world.happen("opens", ADDRESSES[0])
    run(world)
    world.pass_time(60 * 24 * 5)
    world.happen("opens", ADDRESSES[0])
    run(world)
    world.happen("opens", ADDRESSES[1], minutes_ago=60 * 24 * 4)

    (ended,) = run(world)

    assert ended.failure is None
    assert world.org() == world.truth()
    assert not run(world)


def test_rows_refused_for_now_keep_everything_of_their_report_uncounted() -> None:
    """The others of the report are written, but nothing is counted before all are; other reports are not held up."""
    world = EventWorld()
    for address in ADDRESSES:
        world.happen("opens", address)
        world.happen("clicks", address, URLS[0])
    locked = ADDRESSES[0]
    world.sink.refuse = lambda record: (
        RowFailure(record["Tracking_Key__c"], "UNABLE_TO_LOCK_ROW", "locked", retryable=True)
        if record["Email__c"] == locked and record["Activity__c"] == "Opened"
        else None
    )

    ended = {one.reading.kind: one for one in run(world)}

    assert isinstance(ended["opens"].failure, RefusedForNow)
    assert ended["clicks"].failure is None
    assert {kind for kind, _ in world.counted()} == {"clicks"}
    world.sink.refuse = lambda record: None
    run(world)
    assert world.org() == world.truth()
    assert world.counted() == world.to_count()


def test_rows_refused_for_good_are_kept_with_their_reason_and_counted() -> None:
    """The event happened, whatever the org says of its record."""
    world = EventWorld()
    for address in ADDRESSES:
        world.happen("opens", address)
    world.sink.refuse = lambda record: (
        RowFailure(record["Tracking_Key__c"], "CODE", "the reason", retryable=False)
        if record["Email__c"] == ADDRESSES[0]
        else None
    )

    (ended,) = run(world)

    assert [failure.reason for failure in ended.outcome.failures] == ["the reason"]
    assert ended.failure is None
    assert world.counted() == world.to_count()
    assert not run(world)


def test_a_full_org_stops_a_report_and_loses_nothing() -> None:
    """Refusals that no row escapes: the cursor stays, the text says what to do, the next run writes."""
    world = EventWorld()
    world.happen("opens", ADDRESSES[0])
    world.sink.refuse = lambda record: RowFailure(
        record["Tracking_Key__c"], "STORAGE_LIMIT_EXCEEDED", "storage is full", retryable=False, blocks=True
    )

    (ended,) = run(world)

    assert isinstance(ended.failure, Blocked)
    assert ended.blocked == "STORAGE_LIMIT_EXCEEDED"
    world.sink.refuse = lambda record: None
    run(world)
    assert world.org() == world.truth()


@pytest.mark.parametrize("later", ["", "2026-03-10 00:00"])
def test_what_was_not_kept_is_written_when_it_is_wanted_and_never_counted_twice(later: str) -> None:
    """Kinds that are left out, then taken in again, as far back as they are wanted."""
    world = EventWorld(write_from=NEVER)
    world.happen("opens", ADDRESSES[0])
    world.pass_time(60 * 24)
    world.happen("opens", ADDRESSES[0])
    run(world)
    assert not world.org()
    assert world.counted() == world.to_count()
    world.write_from = later

    run(world)

    assert world.org() == world.truth()
    assert world.counted() == world.to_count()
    assert not run(world)


def test_without_totals_only_what_is_kept_is_read_and_the_rest_is_counted_when_totals_are_wanted() -> None:
    """Older events are read for nobody; once totals are wanted, each event counts once all the same."""
    world = EventWorld(totals=False, write_from="2026-03-12 00:00")
    world.happen("opens", ADDRESSES[0])
    world.pass_time(60 * 24 * 3)
    world.happen("opens", ADDRESSES[1])
    run(world)
    assert world.org().total() == 1
    world.happen("opens", ADDRESSES[1])
    run(world)
    assert world.org().total() == 2
    world.totals = True

    run(world)

    assert world.org().total() == 2
    assert world.counted() == world.to_count()
    assert not run(world)


def test_few_new_events_of_a_large_report_are_read_by_few_pages() -> None:
    """A reading begins three hours before the newest event, whatever came before."""
    world = EventWorld()
    for _ in range(300):
        world.happen("opens", ADDRESSES[0])
        world.pass_time(60)
    run(world)
    world.happen("opens", ADDRESSES[0])
    before = world.pages_read

    run(world)

    assert world.pages_read - before <= 3
    assert world.org() == world.truth()


def test_a_click_that_turns_out_to_be_a_scanners_is_marked_afterwards() -> None:
    """The first clicks of a burst were read before the rest came: they are written again, and counted once."""
    world = EventWorld()
    world.suspect = lambda events: [len(world.reports["clicks"]) > 1] * len(events)
    world.happen("clicks", ADDRESSES[0], URLS[0])
    run(world)
    world.happen("clicks", ADDRESSES[0], URLS[1])

    run(world)

    assert {record["Suspicious__c"] for record in world.sink.objects["CM_Tracking__c"].values()} == {"true"}
    assert sum(world.book.suspicious.values()) == 2
    assert world.counted() == world.to_count()


def test_recipients_that_come_twice_in_one_reading_count_once() -> None:
    """Rows move while a report is read, and it is read again then: an address got the e-mail once all the same."""
    world = EventWorld()
    for address in ADDRESSES:
        world.happen("recipients", address)
        world.happen("recipients", address)

    run(world)

    assert set(world.counted().values()) == {1}
    assert set(world.org().values()) == {1}
    assert len(world.org()) == len(ADDRESSES)


def test_only_events_that_may_be_met_again_are_remembered() -> None:
    """However many came before: those of the three hours before the newest."""
    world = EventWorld()
    for _ in range(50):
        world.happen("opens", ADDRESSES[0])
        world.pass_time(60)

    run(world)

    assert world.book.remembered(world.reading("opens", full=True).scope) == 4
