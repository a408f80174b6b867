"""Laws of what a flow may be given beside its rows: an owner, something to commit with the cursor, and the number of a full run."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.sync.ports import OWNER
from tests.laws.flow_world import SCOPE, TARGET, Killed, World, refuse

OWNED_BY = "005000000000001AAA"
SMALL, LARGE = 3, 9  # one below the small door's size, one above it


def world_of(count: int) -> World:
    world = World()
    for number in range(count):
        world.put(f"person{number}@example.com")
    return world


def run(world: World, **how: bool) -> None:
    asyncio.run(world.run(**how))


def killed(world: World, at: int, **how: bool) -> bool:
    """A run that dies at this step; False if it ended before."""
    world.killed_at = at
    try:
        run(world, **how)
    except Killed:
        return True
    finally:
        world.killed_at = -1
    return False


def again(world: World, **how: bool) -> None:
    """Another attempt of the same run."""
    world.runs -= 1
    run(world, **how)


@dataclass
class Ledgered:
    """Something that is counted once for every reading that came to its end; with memory as its database."""

    world: World
    committed: list[str] = field(default_factory=list)

    def __call__(self) -> None:
        cursor = self.world.ledger.scopes[SCOPE].cursor if SCOPE in self.world.ledger.scopes else None
        self.committed.append(str(cursor))


@pytest.mark.parametrize("count", [0, SMALL, LARGE])
@given(at=st.integers(1, 30))
def test_what_is_committed_with_the_cursor_stands_or_falls_with_it(count: int, at: int) -> None:
    """Killed before the commit it was not called; killed or not, it is called exactly once for the cursor's move."""
    world = world_of(count)
    world.also = also = Ledgered(world)
    if killed(world, at):
        moved = SCOPE in world.ledger.scopes and world.ledger.scopes[SCOPE].cursor is not None
        assert len(also.committed) == int(moved)
        again(world)
    cursor = world.ledger.scopes[SCOPE].cursor
    assert cursor is not None
    assert world.org() == world.truth()
    assert also.committed[:1] == ["None"]  # called before the cursor had moved for the first time
    assert len(also.committed) <= 2


@pytest.mark.parametrize("count", [0, SMALL, LARGE])
def test_a_cursor_does_not_move_when_what_goes_with_it_cannot_be_committed(count: int) -> None:
    """The failure is raised, and the next run reads the same again."""

    def fails() -> None:
        raise RuntimeError("the roll-up does not fit")

    world = world_of(count)
    world.also = fails
    with pytest.raises(RuntimeError):
        run(world)
    assert world.ledger.scopes[SCOPE].cursor is None
    world.also = None
    run(world)
    assert world.org() == world.truth()


@pytest.mark.parametrize("count", [SMALL, LARGE])
def test_what_is_created_belongs_to_the_owner_that_was_chosen(count: int) -> None:
    """By either door every record has the owner; where none was chosen the field is not sent at all."""
    world = world_of(count)
    world.owner = OWNED_BY
    run(world)
    assert {record[OWNER] for record in world.sink.objects[TARGET.object].values()} == {OWNED_BY}

    nobody = world_of(count)
    run(nobody)
    assert all(OWNER not in record for record in nobody.sink.objects[TARGET.object].values())


@pytest.mark.parametrize("count", [SMALL, LARGE])
def test_another_owner_is_a_change_and_the_same_owner_is_none(count: int) -> None:
    """The owner is part of what is compared: a new one is written once, an old one not again."""
    world = world_of(count)
    for owner, written in ((OWNED_BY, count), (OWNED_BY, 0), ("005000000000002AAA", count), ("005000000000002AAA", 0)):
        before, world.owner = world.sink.writes, owner
        run(world)
        assert world.sink.writes - before == written


@pytest.mark.parametrize("count", [SMALL, LARGE])
def test_rows_that_were_refused_keep_their_owner_when_they_are_offered_again(count: int) -> None:
    """A bulk job's refused rows come back with the owner they were sent with; written later, they belong to it."""
    world = world_of(count)
    world.owner = OWNED_BY
    world.sink.refuse = refuse(lambda record: record["Email__c"].startswith("person1"), retryable=True)
    run(world)
    assert len(world.org()) == count - 1
    world.sink.refuse = lambda record: None
    run(world)
    assert world.org() == world.truth()
    assert {record[OWNER] for record in world.sink.objects[TARGET.object].values()} == {OWNED_BY}


@pytest.mark.parametrize("count", [0, SMALL, LARGE])
@given(at=st.integers(1, 30), gone=st.booleans())
def test_a_full_run_that_was_killed_ends_as_an_undisturbed_one_and_still_sweeps(
    count: int, at: int, gone: bool
) -> None:
    """Whatever it had finished: nobody is there who is not at the source, and everybody who is, is there."""
    world = world_of(count)
    run(world, full=True, sweep=True)
    world.pass_time(24 * 30)
    if gone and count:
        del world.people["person0@example.com"]
        world._list()
    world.put("new@example.com")
    if killed(world, at, full=True, sweep=True):
        again(world, full=True, sweep=True)
    assert world.org() == world.truth()


@pytest.mark.parametrize("count", [0, SMALL, LARGE])
def test_a_scope_that_a_full_run_has_finished_is_not_read_again_by_its_next_attempt(count: int) -> None:
    """The second attempt asks the source for nothing and writes nothing; another full run does all anew."""
    world = world_of(count)
    run(world, full=True, sweep=True)
    pages, writes = [], world.sink.writes
    world.source.before_page = lambda: pages.append(1)

    again(world, full=True, sweep=True)
    assert (pages, world.sink.writes) == ([], writes)

    run(world, full=True, sweep=True)
    assert world.sink.writes == writes + count
    assert bool(pages) == bool(count)


def test_a_run_of_what_changed_is_never_taken_for_finished() -> None:
    """Only a full run is skipped in its next attempt: a run of what changed looks again, and finds what came meanwhile."""
    world = world_of(SMALL)
    run(world)
    world.put("late@example.com")
    again(world)
    assert world.org() == world.truth()
