"""Laws of imports: who is added, who never is, who is taken off, and that it does not matter how often a run dies."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as some

from fairlead.domain.consent import Opt, Shadow
from fairlead.features.import_wizard import running
from fairlead.features.import_wizard.flow import Paused
from fairlead.features.import_wizard.models import KnownAddress
from fairlead.features.import_wizard.rules.removal import EmptySource, Limits, TooManyRemovals
from fairlead.features.import_wizard.rules.words import Refresh
from fairlead.features.import_wizard.sources import NoSuchSource
from tests.laws.import_world import World

pytestmark = pytest.mark.django_db
NAMES = ("ada", "bea", "cleo", "dora", "eve", "fay")
ANY = some.sets(some.sampled_from(NAMES))
QUICK = budget(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
GENEROUS = {"limits": Limits(1.0, 1_000)}


@pytest.fixture
def world() -> Iterator[World]:
    return World()


def test_people_are_added_and_the_next_run_writes_only_who_differs(world: World) -> None:
    """An unchanged row costs no call; a changed name costs one."""
    world.people("ada", "bea")
    first = world.run()
    again = world.run()
    world.source.rows = [*world.source.rows[:1], {"Email": "bea@example.com", "Name": "Beatrix"}]
    third = world.run()
    assert world.on_list() == {"ada", "bea"}
    assert (first["written"], again["written"], again["unchanged"], third["written"]) == (2, 0, 2, 1)
    assert world.list.calls == 2


@pytest.mark.parametrize("state", ["Deleted", "Unsubscribed", "Bounced", "Unconfirmed"])
@pytest.mark.parametrize("refresh", Refresh)
def test_only_deleted_people_are_added_again_and_only_where_that_is_chosen(state: str, refresh: Refresh) -> None:
    """Every state × every refresh type: who unsubscribed, bounced or has not confirmed stays as they are."""
    world = World(refresh=refresh)
    world.join("ada", state)
    world.people("ada", "bea")
    world.run()
    comes_back = state == "Deleted" and refresh.adds_deleted
    assert world.list.states["ada@example.com"] == ("Active" if comes_back else state)
    assert world.on_list() >= {"bea"}
    assert bool(world.refused()) is not comes_back


def test_a_deleted_person_who_is_suppressed_or_opted_out_stays_deleted() -> None:
    """The suppression list, the remembered opt status and the tick box each keep somebody out."""
    world = World(refresh=Refresh.ADD_DELETED)
    for name in ("ada", "bea", "cleo"):
        world.join(name, "Deleted")
    world.list.suppressed.add("ada@example.com")
    (hashed,) = running.hashes(["bea@example.com"])
    world.shadows.held[hashed] = Shadow(agreed=Opt.OUT, since=datetime(2026, 1, 1, tzinfo=UTC))
    world.ticks.ticks.add("cleo@example.com")
    world.people("ada", "bea", "cleo")
    world.run()
    assert world.on_list("Deleted") == {"ada", "bea", "cleo"}
    assert world.refused() == {"suppressed": 1, "opted-out": 1, "ticked": 1}


def test_somebody_who_unsubscribes_between_refusal_and_return_is_not_brought_back() -> None:
    """The state is read just before: a person who is no longer Deleted by then stays as they are."""
    world = World(refresh=Refresh.ADD_DELETED)
    world.join("ada", "Deleted")
    world.people("ada")
    real = world.list.write

    async def write(people):  # what the person does while the call is on its way
        told = await real(people)
        world.list.states["ada@example.com"] = "Unsubscribed"
        return told

    world.list.write = write
    world.run()
    assert world.on_list("Unsubscribed") == {"ada"}
    assert world.refused() == {"not-deleted": 1}


@given(before=ANY, joined=ANY, first=ANY, second=ANY, later=ANY)
@QUICK
def test_an_import_never_takes_off_whom_it_did_not_add(before, joined, first, second, later) -> None:
    """Whoever was there, or joined by themselves before, between or during runs, stays when they leave the source."""
    world = World(refresh=Refresh.REMOVE, plan=GENEROUS)
    for name in before:
        world.join(name)
    during = iter([joined])

    def while_reading() -> None:
        for name in next(during, ()):
            if f"{name}@example.com" not in world.list.states:
                world.join(name)
                theirs.add(name)

    theirs = set(before)
    world.people(*first)
    real = world.source.pages

    def pages(wanted):
        while_reading()
        return real(wanted)

    world.source.pages = pages
    world.run()
    world.clock += 10_000
    for name in later - world.on_list():
        world.join(name)
        theirs.add(name)
    world.people(*second)
    if second:
        world.run()
    assert theirs <= world.on_list()
    assert world.on_list() >= second


@given(first=some.sets(some.sampled_from(NAMES), min_size=1), second=some.sets(some.sampled_from(NAMES), min_size=1))
@QUICK
def test_who_was_added_and_left_the_source_is_taken_off(first, second) -> None:
    """On a list that was empty the list then is the source."""
    world = World(refresh=Refresh.REMOVE, plan=GENEROUS)
    world.people(*first)
    world.run()
    world.people(*second)
    counts = world.run()
    assert world.on_list() == second
    assert counts["removed"] == len(first - second)


def test_an_empty_source_takes_nobody_off_even_where_large_changes_are_allowed(world: World) -> None:
    """C9: a broken report must not empty a list."""
    world.refresh = Refresh.REMOVE
    world.people("ada", "bea")
    world.run()
    world.people()
    with pytest.raises(EmptySource):
        world.run(allow_large_changes=True)
    assert world.on_list() == {"ada", "bea"}


def test_a_source_that_fails_on_the_way_takes_nobody_off(world: World) -> None:
    """Nobody counts as missing before all rows were read."""
    world.refresh = Refresh.REMOVE
    world.people("ada", "bea", "cleo")
    world.run()
    world.people("ada", "bea")
    world.source.page = 1
    real = world.source.pages

    async def pages(wanted):
        async for page in real(wanted):
            yield page
            raise NoSuchSource("report", "00O")

    world.source.pages = pages
    with pytest.raises(NoSuchSource):
        world.run(**GENEROUS)
    assert world.on_list() == {"ada", "bea", "cleo"}


def test_many_removals_are_asked_about_and_done_when_allowed(world: World) -> None:
    """The guard refuses by share and number; everything else of the run is done."""
    world.refresh = Refresh.REMOVE
    world.people(*NAMES)
    world.run()
    world.people("ada", "gil")
    with pytest.raises(TooManyRemovals):
        world.run(limits=Limits(0.2, 2))
    assert world.on_list() == {*NAMES, "gil"}
    world.run(limits=Limits(0.2, 2), allow_large_changes=True)
    assert world.on_list() == {"ada", "gil"}


def test_whom_another_import_of_the_list_lists_stays(world: World) -> None:
    """What one import drops and another still has is not taken off."""
    other = world.another()
    world.refresh = Refresh.REMOVE
    world.people("ada", "bea")
    world.run()
    world.people("ada")
    world.run(owner=other, refresh=Refresh.UPDATE)
    other.refresh_from_db()
    world.people("bea")
    world.run(**GENEROUS)
    assert world.on_list() == {"ada", "bea"}


def test_a_call_that_told_other_numbers_counts_nobody_as_added(world: World) -> None:
    """Somebody joined between the look at the list and the call: it cannot be told who, so nobody is claimed."""
    world.refresh = Refresh.REMOVE
    world.people("ada", "bea")
    real = world.list.write

    async def write(people):
        world.join("ada")
        return await real(people)

    world.list.write = write
    world.run()
    assert world.added() == 0


def test_who_joins_long_after_a_call_without_answer_is_not_claimed(world: World) -> None:
    """A call died before it was sent; the same person subscribed a day later, by themselves."""
    world.refresh = Refresh.REMOVE
    world.people("ada")
    (key,) = running.hashes(["ada@example.com"])
    KnownAddress.objects.create(owner=world.owner, address=key, pending=int(world.clock))
    world.clock += 86_400
    world.join("ada")
    world.run()
    assert world.added() == 0


@pytest.mark.parametrize("refresh", Refresh)
def test_killed_at_every_step_and_run_again_is_never_killed(refresh: Refresh) -> None:
    """Lists, remembered hashes, reasons and counts are the same, wherever a run dies and however often."""

    def play(dies_at: int) -> tuple[object, int]:
        world = World(refresh=refresh, plan=GENEROUS)
        world.source.page = 2
        world.people(*NAMES)
        world.join("ada")
        world.join("bea", "Unsubscribed")
        world.clock += 10_000
        died = world.run_to_its_end(dies_at)
        world.clock += 10_000
        world.people("ada", "bea", "dora", "gil", "dora")
        died += world.run_to_its_end(dies_at)
        world.clock += 10_000
        world.people(*NAMES)
        died += world.run_to_its_end(dies_at)
        return world.state(), died

    whole, _ = play(0)
    for dies_at in (*range(1, 30, 3), 37, 50):
        told, died = play(dies_at)
        assert told == whole, dies_at
        assert died or dies_at > 20


@given(
    page=some.integers(1, 9),
    rows=some.lists(some.sampled_from([*NAMES, "", "bad address", "ADA", "out", "ticked", "left"]), max_size=12),
    refresh=some.sampled_from(Refresh),
)
@QUICK
def test_it_does_not_matter_how_the_source_is_cut_into_pages(page, rows, refresh) -> None:
    """Row by row or all at once: the same people, remembered hashes, reasons and counts, in a first run and in a second."""

    def play(size: int) -> tuple[object, ...]:
        world = World(refresh=refresh, plan=GENEROUS)
        world.source.page = size
        (out,) = running.hashes(["out@example.com"])
        world.shadows.held[out] = Shadow(agreed=Opt.OUT, since=datetime(2026, 1, 1, tzinfo=UTC))
        world.ticks.ticks.add("ticked@example.com")
        world.join("left", "Unsubscribed")
        world.join("bea")
        for some_rows in (rows, rows[1:]):
            world.people(*some_rows)
            for row in world.source.rows:
                row["Email"] = row["Email"].replace("bad address@", "bad address") if row["Name"] else ""
            if not some_rows and refresh.removes:
                break
            world.run()
            world.clock += 10_000
        *state, reasons, counts = world.state()
        return *state, sorted(code for _, code in reasons), counts

    assert play(page) == play(100)


def test_a_bad_row_never_stops_good_ones(world: World) -> None:
    """Each kind of bad row has its reason, and everybody else is written."""
    world.source.rows = [
        {"Email": "", "Name": "Nobody"},
        {"Email": "not an address", "Name": "Bad"},
        {"Email": "ada@example.com", "Name": "Ada"},
        {"Email": "ADA@example.com", "Name": "Twice"},
        {"Email": "bea@example.com", "Name": "Bea"},
    ]
    counts = world.run()
    assert world.on_list() == {"ada", "bea"}
    assert world.refused() == {"no-address": 1, "bad-address": 1, "twice": 1}
    assert (counts["read"], counts["written"], counts["refused"]) == (5, 2, 3)


def test_nothing_is_written_while_paused_and_the_rest_follows(world: World) -> None:
    """F95: switched on in the middle of a run, the switch ends it; later the rest is written."""
    world.people("ada")
    world.paused = lambda: True
    with pytest.raises(Paused):
        world.run()
    assert world.list.calls == 0
    world.paused = lambda: False
    world.run()
    assert world.on_list() == {"ada"}


def test_a_segment_marks_who_is_in_the_source_and_nobody_else(world: World) -> None:
    """The hidden field is set for those listed, cleared for those who left, who stay on the list."""
    world.plan = {"segment": True}
    world.people("ada", "bea")
    world.run()
    world.people("bea")
    world.run()
    key = world.plan["segment_field"]
    marked = {address for address, values in world.list.values.items() if values.get(key)}
    assert marked == {"bea@example.com"}
    assert world.on_list() == {"ada", "bea"}
    assert list(world.list.segments.values()) == [key]


def test_calls_are_a_thousand_each(world: World) -> None:
    """Within 5 % of rows / 1,000, also where some rows are left out and pages are of another size."""
    world.people(*(f"person{n}" for n in range(10_500)))
    world.source.page = 700
    world.source.rows = [*world.source.rows, {"Email": "", "Name": ""}]
    world.run()
    assert world.list.calls == 11


def test_another_version_of_the_import_writes_everybody_again(world: World) -> None:
    """Changed columns, or “write all rows”, leave nothing to the digests."""
    world.people("ada")
    world.run()
    assert world.run(version=2)["written"] == 1
    assert world.run(version=2, write_all=True)["written"] == 1


@pytest.mark.slow
def test_a_hundred_and_twenty_thousand_rows_cost_a_hundred_and_twenty_calls(world: World) -> None:
    """A report of that size on a schedule: the second run, of which a hundredth changed, costs two calls."""
    world.people(*(f"person{n}" for n in range(120_000)))
    first = world.run()
    assert (first["written"], world.list.calls) == (120_000, 120)
    world.source.rows = [
        {**row, "Name": "Changed"} if place % 100 == 0 else row for place, row in enumerate(world.source.rows)
    ]
    second = world.run()
    assert (second["written"], second["unchanged"], world.list.calls) == (1_200, 118_800, 122)
