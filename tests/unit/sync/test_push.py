"""Rows on their way into the sink: which door, what of repeats, what of refusals."""

import asyncio

import pytest

from fairlead.domain.failure import WaitAndRetry
from fairlead.domain.records import Kind, RowFailure, Rows
from fairlead.sync.memory import MemorySink
from fairlead.sync.ports import BulkJobFailed, JobOutcome, Target
from fairlead.sync.push import JOBS_BEHIND, Journal, Push

FIELDS = ("Key__c", "Value__c")
TARGET = Target("Thing__c", "Key__c", FIELDS, (Kind.TEXT, Kind.TEXT))


def rows(*pairs: tuple[str, str]) -> Rows:
    return Rows(FIELDS, (Kind.TEXT, Kind.TEXT), ([key for key, _ in pairs], [value for _, value in pairs]))


class Heard:
    """A journal that writes down what it hears."""

    def __init__(self) -> None:
        self.acts: list[tuple] = []

    async def opened(self, job: str) -> None:
        self.acts.append(("opened", job))

    async def sealed(self, job: str, last: bool) -> None:
        self.acts.append(("sealed", job, last))

    async def settled(self, job: str, failures: list[RowFailure]) -> None:
        self.acts.append(("settled", job))


def push(sink: MemorySink, heard: Heard | None = None) -> Push:
    heard = heard or Heard()

    async def no_wait(seconds: float) -> None:
        assert seconds > 0

    return Push(sink, TARGET, Journal(heard.opened, heard.sealed, heard.settled), sleep=no_wait)


def held(sink: MemorySink) -> dict[str, str]:
    return {key: record["Value__c"] for key, record in sink.objects.get("Thing__c", {}).items()}


async def test_few_rows_go_by_the_small_door() -> None:
    """Up to the small door's size no bulk job is opened."""
    sink, heard = MemorySink(small_door=4), Heard()
    going = push(sink, heard)
    await going.add(rows(("a", "1"), ("b", "2")))
    outcome = await going.finish()

    assert (outcome.written, held(sink), heard.acts) == (2, {"a": "1", "b": "2"}, [])


async def test_nothing_to_write_asks_for_nothing() -> None:
    """An empty scope costs no call."""
    sink = MemorySink(step=lambda act: pytest.fail(act))
    going = push(sink)
    await going.add(rows())

    assert (await going.finish()).written == 0


async def test_many_rows_go_by_one_bulk_job_known_before_it_starts() -> None:
    """A bulk job's id is told before anything is sent, and again before it is started."""
    sink, heard = MemorySink(small_door=2), Heard()
    going = push(sink, heard)
    for i in range(4):
        await going.add(rows((f"a{i}", "1"), (f"b{i}", "2")))
    outcome = await going.finish()

    assert outcome.written == 8
    job = heard.acts[0][1]
    assert heard.acts == [("opened", job), ("sealed", job, True)]


async def test_a_bulk_job_that_would_grow_too_large_is_followed_by_another() -> None:
    """No job takes more than the sink allows; only the last ends the reading."""
    sink, heard = MemorySink(small_door=1, job_bytes=120), Heard()
    going = push(sink, heard)
    for i in range(6):
        await going.add(rows((f"key{i}", "x" * 30), (f"yek{i}", "y" * 30)))
    outcome = await going.finish()

    assert (outcome.written, len(held(sink))) == (12, 12)
    assert [act[2] for act in heard.acts if act[0] == "sealed"] == [False] * 5 + [True]


class SlowSink(MemorySink):
    """An org that ends a job only when it is let; `working` are the jobs that it works on."""

    def __init__(self, *, lets: int) -> None:
        super().__init__(small_door=1, job_bytes=120)
        self.working: list[str] = []
        self.most, self._lets, self._let = 0, lets, asyncio.Event()

    async def finish_job(self, job: str, target: Target) -> JobOutcome:
        self.working.append(job)
        self.most = max(self.most, len(self.working))
        if len(self.working) >= self._lets:
            self._let.set()
        await self._let.wait()
        self.working.remove(job)
        return await super().finish_job(job, target)


async def test_the_next_job_is_filled_while_the_org_works_on_the_last() -> None:
    """Waiting for each job before the next is begun would wait as often as there are jobs; yet never for too many at once."""
    sink, heard = SlowSink(lets=JOBS_BEHIND + 1), Heard()
    going = push(sink, heard)
    async with asyncio.timeout(20):
        for i in range(12):
            await going.add(rows((f"key{i}", "x" * 30), (f"yek{i}", "y" * 30)))
        outcome = await going.finish()

    assert (outcome.written, len(held(sink))) == (24, 24)
    assert sink.most == JOBS_BEHIND + 1
    jobs = [act[1] for act in heard.acts if act[0] == "opened"]
    assert {act[1] for act in heard.acts if act[0] == "settled"} >= set(jobs[:-1])


async def test_a_last_job_is_not_sealed_as_the_last_while_others_are_unheard_of() -> None:
    """Whoever finds a job sealed as the last commits the cursor: the others must be known to have ended."""
    sink, heard = SlowSink(lets=2), Heard()
    going = push(sink, heard)
    async with asyncio.timeout(20):
        for i in range(2):
            await going.add(rows((f"key{i}", "x" * 30), (f"yek{i}", "y" * 30)))
        await going.finish()

    assert [act[2] for act in heard.acts if act[0] == "sealed"] == [False, False]
    assert len([act for act in heard.acts if act[0] == "settled"]) == 2


async def test_a_job_that_fails_behind_the_next_one_is_told_and_nothing_is_begun_anew() -> None:
    """The push ends with the failure; what was open is given up, what the org works on stays known."""

    class Failing(MemorySink):
        async def finish_job(self, job: str, target: Target) -> JobOutcome:
            raise BulkJobFailed(f"Bulk job {job} ended as Failed.")

    heard = Heard()
    going = push(Failing(small_door=1, job_bytes=120), heard)
    with pytest.raises(BulkJobFailed):
        for i in range(12):
            await going.add(rows((f"key{i}", "x" * 30), (f"yek{i}", "y" * 30)))
            await asyncio.sleep(0)
        await going.finish()
    await going.abandon()

    jobs = [act[1] for act in heard.acts if act[0] == "opened"]
    assert len(jobs) < 12
    assert ("settled", jobs[0]) not in heard.acts


async def test_of_two_readings_of_a_key_the_later_wins() -> None:
    """A key never stands twice in one job; its last reading is written last."""
    sink, heard = MemorySink(small_door=2), Heard()
    going = push(sink, heard)
    await going.add(rows(("a", "old"), ("b", "1"), ("c", "1")))
    await going.add(rows(("a", "new"), ("b", "1"), ("d", "1"), ("d", "2")))
    await going.add(rows(("a", "newest")))
    outcome = await going.finish()

    assert held(sink) == {"a": "newest", "b": "1", "c": "1", "d": "2"}
    assert outcome.written == 7
    assert heard.acts[-1] == ("sealed", heard.acts[0][1], False) or heard.acts[-1][0] == "settled"


@pytest.mark.parametrize("small_door", [1, 100])
async def test_rows_that_may_be_accepted_later_are_offered_again(small_door: int) -> None:
    """A lock is waited out; a row that stays refused keeps its reason; others are not disturbed."""
    tries: dict[str, int] = {}

    def refuse(record: dict[str, str]) -> RowFailure | None:
        key = record["Key__c"]
        tries[key] = tries.get(key, 0) + 1
        if key == "bad":
            return RowFailure(key, "STRING_TOO_LONG", "too long", retryable=False)
        if key == "locked" and tries[key] <= 2:
            return RowFailure(key, "UNABLE_TO_LOCK_ROW", "locked", retryable=True)
        if key == "stuck":
            return RowFailure(key, "UNABLE_TO_LOCK_ROW", "locked", retryable=True)
        return None

    sink = MemorySink(small_door=small_door, refuse=refuse)
    going = push(sink)
    await going.add(rows(("stuck", "0"), ("bad", "1"), ("locked", "2"), ("good", "3")))
    outcome = await going.finish()

    assert sorted(failure.key for failure in outcome.failures) == ["bad", "stuck"]
    assert held(sink) == {"locked": "2", "good": "3"}
    assert tries == {"bad": 1, "locked": 3, "good": 1, "stuck": 4}


async def test_an_upload_that_dies_is_told_at_once() -> None:
    """The reading does not hang on a queue that nobody empties."""

    async def dies(job: str, chunks: object) -> None:
        raise WaitAndRetry("The connection was cut.")

    sink = MemorySink(small_door=1)
    sink.__class__ = type("Dying", (MemorySink,), {"send": staticmethod(dies), "__slots__": ()})
    going = push(sink)
    with pytest.raises(WaitAndRetry, match="cut"):
        for i in range(20):
            await going.add(rows((f"a{i}", "1"), (f"b{i}", "2")))
        await going.finish()
    await going.abandon()

    assert held(sink) == {}


async def test_an_upload_that_ends_early_is_an_error() -> None:
    """A sink that stops listening without an error loses nothing silently."""

    async def stops(job: str, chunks: object) -> None:
        return

    sink = MemorySink(small_door=1)
    sink.__class__ = type("Stopping", (MemorySink,), {"send": staticmethod(stops), "__slots__": ()})
    going = push(sink)
    with pytest.raises(WaitAndRetry, match="before all rows"):
        for i in range(20):
            await going.add(rows((f"a{i}", "1"), (f"b{i}", "2")))
    await going.abandon()


async def test_an_abandoned_push_writes_nothing_more() -> None:
    """A job that was not started is given up and forgotten."""
    sink, heard = MemorySink(small_door=1), Heard()
    going = push(sink, heard)
    await going.add(rows(("a", "1"), ("b", "2")))
    await going.abandon()
    await going.abandon()

    assert held(sink) == {}
    assert [act[0] for act in heard.acts] == ["opened", "settled"]
