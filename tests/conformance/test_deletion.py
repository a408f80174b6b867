"""Records of our own objects are deleted in the emulated org: a few by collections, many in bulk, none but those asked for."""

import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.salesforce import ClientCredentials, Salesforce, connect, names
from fairlead.salesforce.polling import Polling
from fairlead.salesforce.query import quote
from fairlead.sync.deletion import A_FEW, Deletion, DeletionBusy, delete_where
from tests.conformance import emulated

NUMBERS = count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Emulators]:
    with emulated.served() as started:
        yield started


@pytest.fixture
async def org(running: Emulators) -> AsyncIterator[Salesforce]:
    async with emulated.org_of(running) as opened:
        yield opened


@pytest.fixture
async def the_list(org: Salesforce) -> str:
    name = f"d{next(NUMBERS):031x}"
    await emulated.add_list(org, name)
    return name


async def add(org: Salesforce, the_list: str, how_many: int) -> str:
    """So many members of a list; gives the condition that picks them."""
    fields = ("Member_Key__c", "List__r.List_Id__c", "Email__c", "State__c")

    async def chunks() -> AsyncIterator[bytes]:
        lines = [f'"{the_list}:{i}@example.com","{the_list}","{i}@example.com","Active"' for i in range(how_many)]
        yield ("\n".join([",".join(f'"{name}"' for name in fields), *lines]) + "\n").encode()

    job = await org.bulk.send(names.MEMBER, "upsert", names.MEMBER_KEY, chunks)
    assert (await org.bulk.wait(job)).failed == 0
    return f"List__r.List_Id__c = {quote(the_list)}"


async def left(org: Salesforce, where: str) -> int:
    return await org.count(f"SELECT COUNT() FROM {names.MEMBER} WHERE {where}")


@contextmanager
def locked(running: Emulators, *, rows: int, times: int | None) -> Iterator[None]:
    """Members are held by another transaction: so many of each write, so many times."""
    rule = {"fault": "row_lock", "match": {"object": names.MEMBER}, "times": times, "data": {"rows": rows}}
    running.post("salesforce", "/_control/faults", [rule])
    try:
        yield
    finally:
        request = urllib.request.Request(running.url("salesforce") + "/_control/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()


@pytest.mark.parametrize(("how_many", "a_few", "part"), [(0, 10, 10), (7, 10, 10), (25, 10, 10), (25, 10, 100)])
async def test_what_is_asked_for_goes_and_nothing_else(
    org: Salesforce, the_list: str, how_many: int, a_few: int, part: int
) -> None:
    """By either door, in one part or several; the deletion tells how many, and how far it is."""
    where = await add(org, the_list, how_many) if how_many else f"List__r.List_Id__c = {quote(the_list)}"
    other = f"e{next(NUMBERS):031x}"
    await emulated.add_list(org, other)
    others = await add(org, other, 3)
    told: list[tuple[int, int]] = []

    async def progress(done: int, total: int) -> None:
        told.append((done, total))

    deletion = Deletion(names.MEMBER, where, progress=progress, a_few=a_few, part=part)

    assert await deletion.run(org) == how_many
    assert await left(org, where) == 0
    assert await left(org, others) == 3
    assert told[-1:] == ([(how_many, how_many)] if how_many else [])
    assert await deletion.run(org) == 0


@pytest.mark.parametrize("a_few", [10, 100])
async def test_records_to_keep_stay(org: Salesforce, the_list: str, a_few: int) -> None:
    """They are named by their key; nothing is deleted twice over because of them."""
    where = await add(org, the_list, 25)
    keep = {f"{the_list}:{i}@example.com" for i in (3, 24)}

    assert await Deletion(names.MEMBER, where, names.MEMBER_KEY, keep, a_few=a_few).run(org) == 23
    assert await left(org, where) == 2
    assert await Deletion(names.MEMBER, where, names.MEMBER_KEY, keep, a_few=a_few).run(org) == 0


async def test_a_wish_to_stop_is_heard_between_two_parts_and_the_rest_goes_the_next_time(
    org: Salesforce, the_list: str
) -> None:
    """What was deleted stays deleted; the second going over takes what is left, by whatever door is cheaper."""

    class Stopped(Exception):
        pass

    where = await add(org, the_list, 30)
    asked = count(1)

    async def check() -> None:
        if next(asked) > 2:
            raise Stopped

    with pytest.raises(Stopped):
        await Deletion(names.MEMBER, where, check=check, a_few=5, part=10).run(org)
    assert await left(org, where) == 10
    assert await delete_where(org, names.MEMBER, where) == 10


@pytest.mark.parametrize("a_few", [5, 100])
async def test_records_that_are_locked_for_a_moment_are_asked_for_again(
    running: Emulators, org: Salesforce, the_list: str, a_few: int
) -> None:
    """Within one deletion, by either door."""
    where = await add(org, the_list, 12)
    with locked(running, rows=3, times=1):
        assert await Deletion(names.MEMBER, where, a_few=a_few).run(org) == 12
    assert await left(org, where) == 0


@pytest.mark.parametrize("a_few", [5, 100])
async def test_records_that_stay_locked_are_left_to_the_next_run(
    running: Emulators, org: Salesforce, the_list: str, a_few: int
) -> None:
    """The failure counts them and says that nothing needs to be done."""
    where = await add(org, the_list, 12)
    with locked(running, rows=12, times=None), pytest.raises(DeletionBusy, match=r"12 records of CM_Member__c"):
        await Deletion(names.MEMBER, where, a_few=a_few).run(org)
    assert await left(org, where) == 12


async def test_calls_grow_with_parts_and_not_with_records(running: Emulators, the_list: str) -> None:
    """Deleting a few thousand takes a count, a query job and one deletion job, not a call for each 200."""
    calls: list[Any] = []
    line = running.line["salesforce"]
    login = ClientCredentials(line["url"], line["client_id"], line["client_secret"])
    async with connect(login, on_call=calls.append, pace=Polling(2.0, 2.0)) as org:
        where = await add(org, the_list, A_FEW + 1)
        calls.clear()
        assert await delete_where(org, names.MEMBER, where) == A_FEW + 1
    assert len(calls) <= 14


async def test_an_object_that_is_not_there_is_told_with_a_next_step(org: Salesforce) -> None:
    """As a failure, not as the library's error."""
    with pytest.raises(Failure, match="CM_Nothing__c"):
        await delete_where(org, "CM_Nothing__c", "Id != null")
