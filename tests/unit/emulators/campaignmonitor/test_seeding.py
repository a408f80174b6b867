"""Laws of laying an account from a spec, and of reading it in pages."""

import json
import threading
from datetime import UTC, datetime

import pytest

from fairlead_emulators import seeds
from fairlead_emulators.campaignmonitor import truth
from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock

DAY = datetime(2026, 7, 15, 9, tzinfo=UTC)


def _laid(*, seed=1, at=DAY):
    """Keys, ids and every subscriber of a small account, as they were laid."""
    clock = Clock()
    clock.set(at)
    emulator = create(clock)
    emulator.seed(seeds.spec("small", "campaign_monitor", seed=seed))
    return emulator.ready(), b"".join(truth.subscribers(emulator.store, emulator.store.lists()))


def test_the_same_seed_and_day_give_the_same_account():
    assert _laid() == _laid(at=DAY.replace(hour=21))


def test_another_seed_gives_other_keys_dates_and_states():
    one, other = _laid(), _laid(seed=2)
    assert one[0]["api_key"] != other[0]["api_key"]
    assert one[1] != other[1]


class SlowClock(Clock):
    """Keeps one thread waiting, from when it first looks at the time."""

    def __init__(self):
        super().__init__()
        self.waits, self.looked, self.go = None, threading.Event(), threading.Event()

    def now(self):
        if threading.current_thread() is self.waits:
            self.looked.set()
            self.go.wait(10)
        return super().now()


def test_a_beat_that_has_begun_ends_before_the_account_is_laid_anew():
    """Beats come in the thread that serves, and seeds perhaps in another."""
    clock = SlowClock()
    emulator = create(clock)
    small = seeds.spec("small", "campaign_monitor")
    emulator.seed(small)
    clock.waits = threading.Thread(target=emulator.tick)
    seeding = threading.Thread(target=emulator.seed, args=(seeds.spec("empty", "campaign_monitor"),))
    clock.waits.start()
    assert clock.looked.wait(10)
    seeding.start()
    seeding.join(0.5)
    assert len(emulator.store.lists()) == 2, "still as it was"
    clock.go.set()
    clock.waits.join(10)
    seeding.join(10)
    assert emulator.store.lists() == []


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("order", ["date", "email", "name"])
@pytest.mark.parametrize("days", [None, 400])
def test_pages_follow_one_another_without_gap_from_wherever_one_begins(order, direction, days):
    """Forwards, backwards, or a page asked for alone: together the pages are the state, in order, from the day on."""
    clock = Clock()
    emulator = create(clock)
    emulator.seed(seeds.spec("small", "campaign_monitor"))
    on = emulator.store.lists()[0].id
    query = f"orderfield={order}&orderdirection={direction}&pagesize=100"
    if days:
        query += f"&date={datetime.fromtimestamp(clock.now().timestamp() - days * 86_400, UTC):%Y-%m-%d}"

    def rows(number):
        return _read(emulator, on, f"{query}&page={number}")

    whole = _read(emulator, on, query.replace("=100", "=1000"))
    count = -(-len(whole) // 100)
    assert count > 2
    backwards = {number: rows(number) for number in range(count, 0, -1)}
    forwards = {number: rows(number) for number in range(1, count + 1)}
    assert backwards == forwards
    assert [row for number in forwards for row in forwards[number]] == whole
    assert rows(count + 1) == []


def _read(emulator, on, query):
    return json.loads(emulator.look(f"/api/v3.3/lists/{on}/active.json", query).body)["Results"]
