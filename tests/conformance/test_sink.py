"""One suite for every sink: the fake in memory and the emulated org must behave alike."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.records import RowFailure, Rows, Scope
from fairlead.salesforce import names
from fairlead.sync.convert import MEMBER_FIELDS, MEMBER_KINDS
from fairlead.sync.memory import MemorySink
from fairlead.sync.org_sink import OrgSink, by_list
from fairlead.sync.ports import BulkJobFailed, Sink, Target
from tests.conformance import emulated

TARGET = Target(names.MEMBER, names.MEMBER_KEY, MEMBER_FIELDS, MEMBER_KINDS)
NUMBERS = count(1)
AWKWARD = 'Ada "the first"\nof O\'Brien, née Ünal'
LONG = f"{'x' * 64}@{'y' * 30}.example.com"


class Place:
    """A list of its own in a sink."""

    sink: Sink

    def __init__(self) -> None:
        self.list = f"{next(NUMBERS):032x}"
        self.scope = Scope("members", emulated.CLIENT, self.list)

    def key(self, name: str) -> str:
        return f"{self.list}:{name}@example.com"

    def rows(self, *people: str, state: str = "Active", run: int = 1, name: str = AWKWARD, email: str = "") -> Rows:
        """A row for each of the people."""
        cells = {
            "List__r.List_Id__c": self.list,
            "State__c": state,
            "Full_Name__c": name,
            "Sync_Run__c": str(run),
            "State_Date__c": "2026-03-10T09:30:00.000Z",
        }
        columns = {field: [cells.get(field, "")] * len(people) for field in MEMBER_FIELDS}
        columns["Member_Key__c"] = [self.key(person) for person in people]
        columns["Email__c"] = [email or f"{person}@example.com" for person in people]
        return Rows(MEMBER_FIELDS, MEMBER_KINDS, tuple(columns.values()))

    async def members(self) -> dict[str, tuple[str, str, str]]:
        """Who is there: state, name and number of the run."""
        raise NotImplementedError

    async def bulk(self, *parts: Rows) -> str:
        """A bulk job that holds these rows and was not started."""
        job = await self.sink.open_job(TARGET)

        async def chunks() -> AsyncIterator[bytes]:
            for i, part in enumerate(parts):
                yield self.sink.encode(part, header=i == 0)

        await self.sink.send(job, chunks())
        return job


class InMemory(Place):
    """The fake, which refuses what an org refuses by nature."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = self._memory = MemorySink(refuse=self._refuse)

    @staticmethod
    def _refuse(record: dict[str, str]) -> RowFailure | None:
        if len(record["Email__c"]) > 80:
            return RowFailure(record["Member_Key__c"], "STRING_TOO_LONG", "too long", retryable=False)
        return None

    async def members(self) -> dict[str, tuple[str, str, str]]:
        held = self._memory.objects.get(TARGET.object, {})
        return {key: (row["State__c"], row["Full_Name__c"], row["Sync_Run__c"]) for key, row in held.items()}


class InTheOrg(Place):
    """The emulated org."""

    def __init__(self, org: Any) -> None:
        super().__init__()
        self._org = org
        self.sink = OrgSink(org, by_list)

    async def members(self) -> dict[str, tuple[str, str, str]]:
        fields = "Member_Key__c, State__c, Full_Name__c, Sync_Run__c"
        soql = f"SELECT {fields} FROM CM_Member__c WHERE {by_list(TARGET, self.scope)}"
        return {
            row["Member_Key__c"]: (row["State__c"], row["Full_Name__c"] or "", f"{row['Sync_Run__c']:.0f}")
            async for page in self._org.query(soql)
            for row in page
        }


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


@pytest.fixture(params=["memory", "org"])
def running(request: pytest.FixtureRequest) -> Emulators | None:
    return request.getfixturevalue("emulators") if request.param == "org" else None


@pytest.fixture
async def place(running: Emulators | None) -> AsyncIterator[Place]:
    if running is None:
        yield InMemory()
        return
    async with AsyncExitStack() as stack:
        org = await stack.enter_async_context(emulated.org_of(running))
        there = InTheOrg(org)
        await emulated.add_list(org, there.list)
        yield there


async def test_the_small_door_writes_and_writes_again(place: Place) -> None:
    """Every row is counted as written; the same key again changes its record and makes no second; blanks empty a field."""
    first = await place.sink.upsert(TARGET, place.rows("ann", "ben"))
    again = await place.sink.upsert(TARGET, place.rows("ben", state="Deleted", name="", run=2))

    assert (first.written, first.failures, again.written) == (2, [], 1)
    assert await place.members() == {
        place.key("ann"): ("Active", AWKWARD, "1"),
        place.key("ben"): ("Deleted", "", "2"),
    }


async def test_the_bulk_door_writes_what_was_sent_in_pieces(place: Place) -> None:
    """Nothing is written before the start; afterwards all is, cell for cell, blanks emptied."""
    await place.sink.upsert(TARGET, place.rows("cid", name="Cid"))
    job = await place.bulk(place.rows("ann", "ben"), place.rows("cid", name="", run=2))
    assert list(await place.members()) == [place.key("cid")]

    await place.sink.start_job(job)
    ended = await place.sink.finish_job(job, TARGET)

    assert (ended.outcome.written, ended.outcome.failures) == (3, [])
    assert not ended.refused
    assert await place.members() == {
        place.key("ann"): ("Active", AWKWARD, "1"),
        place.key("ben"): ("Active", AWKWARD, "1"),
        place.key("cid"): ("Active", "", "2"),
    }


async def test_a_row_the_small_door_refuses_is_told_by_its_key(place: Place) -> None:
    """The others are written; the refusal has a code and a reason, and is not worth a retry."""
    rows = Rows.join([place.rows("ann"), place.rows("long", email=LONG), place.rows("ben")])

    outcome = await place.sink.upsert(TARGET, rows)

    (failure,) = outcome.failures
    assert (failure.key, failure.code, failure.retryable, failure.blocks) == (
        place.key("long"),
        "STRING_TOO_LONG",
        False,
        False,
    )
    assert failure.reason
    assert LONG not in failure.reason
    assert outcome.written == 2
    assert set(await place.members()) == {place.key("ann"), place.key("ben")}


async def test_rows_the_bulk_door_refuses_come_back_as_they_were_sent(place: Place) -> None:
    """In the order of the failures, cell for cell; asked a second time, the job tells the same."""
    sent = [place.rows("ann"), place.rows("long", email=LONG), place.rows("ben"), place.rows("far", email=f"z{LONG}")]
    job = await place.bulk(*sent)
    await place.sink.start_job(job)

    for _ in range(2):
        ended = await place.sink.finish_job(job, TARGET)
        assert ended.refused is not None
        assert ended.outcome.written == 2
        assert [failure.key for failure in ended.outcome.failures] == ended.refused.keys
        assert sorted(ended.refused.records()) == sorted(Rows.join([sent[1], sent[3]]).records())


async def test_starting_twice_is_harmless(place: Place) -> None:
    """Before and after the job's end."""
    job = await place.bulk(place.rows("ann"))
    await place.sink.start_job(job)
    await place.sink.start_job(job)
    ended = await place.sink.finish_job(job, TARGET)
    await place.sink.start_job(job)

    assert ended.outcome.written == 1
    assert set(await place.members()) == {place.key("ann")}


async def test_a_job_can_be_given_up_until_it_was_started(place: Place) -> None:
    """Given up, it has written nothing and never will; given up again, it stays so; a started one is not given up."""
    job = await place.bulk(place.rows("ann"))
    assert await place.sink.abandon_job(job)
    assert await place.sink.abandon_job(job)
    with pytest.raises(BulkJobFailed):
        await place.sink.finish_job(job, TARGET)
    assert await place.members() == {}

    started = await place.bulk(place.rows("ben"))
    await place.sink.start_job(started)
    assert not await place.sink.abandon_job(started)
    assert (await place.sink.finish_job(started, TARGET)).outcome.written == 1
    assert not await place.sink.abandon_job(started)


async def test_a_job_nobody_knows_has_failed_and_can_be_given_up(place: Place) -> None:
    """Its rows must be read and written again, so starting and following it are failures that say so."""
    unknown = "750000000000001AAA"
    with pytest.raises(BulkJobFailed):
        await place.sink.start_job(unknown)
    with pytest.raises(BulkJobFailed):
        await place.sink.finish_job(unknown, TARGET)
    assert await place.sink.abandon_job(unknown)


async def test_older_records_of_the_scope_are_counted_and_deleted_but_for_those_kept(place: Place) -> None:
    """A record with an older number, or none, is older; other scopes and the keys to keep are left alone."""
    await place.sink.upsert(TARGET, place.rows("ann", "ben", run=1))
    await place.sink.upsert(TARGET, place.rows("cid", run=3))
    blank = place.rows("dot")
    await place.sink.upsert(TARGET, Rows(blank.fields, blank.kinds, (*blank.columns[:-1], [""])))
    other = Scope("members", emulated.CLIENT, "f" * 32)

    assert await place.sink.count_older(TARGET, place.scope, 3) == (3, 4)
    assert await place.sink.count_older(TARGET, other, 3) == (0, 0)
    assert await place.sink.delete_older(TARGET, other, 3, set()) == 0
    assert await place.sink.delete_older(TARGET, place.scope, 3, {place.key("ben")}) == 2
    assert await place.sink.count_older(TARGET, place.scope, 3) == (1, 2)
    assert await place.sink.delete_older(TARGET, place.scope, 3, set()) == 1
    assert await place.sink.delete_older(TARGET, place.scope, 3, set()) == 0
