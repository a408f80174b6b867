"""Laws of the run over changes in Salesforce, whatever changes when, whoever fails, and wherever it dies."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fairlead.domain.outward_settings import BULK_CHANGES, PAUSED, SINGLE_CHANGES
from tests.laws.changes_world import World

KEYS = st.sampled_from([f"003{n}" for n in range(5)])
MANY_MORE = 201


class Changes(RuleBasedStateMachine):
    """Edits, late and early, deletions, changes of accounts; runs that die, reactions that fail."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        assert self.world.run()

    @rule(seconds=st.sampled_from([0.3, 1, 30, 400, 3600]))
    def time_passes(self, seconds: float) -> None:
        """From within a second to an hour."""
        self.world.tick(seconds)

    @rule(key=KEYS, account=st.integers(0, 1), late=st.sampled_from([0, 0, 5, 500]))
    def somebody_edits(self, key: str, account: int, late: float) -> None:
        """A record is made or edited; the edit may bear an earlier moment, within the overlap."""
        if key in self.world.contacts:
            self.world.edit(key, late=late)
        else:
            self.world.make(key, account)

    @precondition(lambda self: self.world.contacts)
    @rule(data=st.data())
    def somebody_deletes(self, data: st.DataObject) -> None:
        """A record goes; its id stays known."""
        self.world.delete(data.draw(st.sampled_from(sorted(self.world.contacts))))

    @rule(number=st.integers(0, 1))
    def an_account_changes(self, number: int) -> None:
        """Its contacts count as changed."""
        self.world.edit_account(number)

    @rule(name=st.sampled_from(["a", "b"]))
    def a_reaction_breaks_or_works_again(self, name: str) -> None:
        """One of the two cannot write for a while."""
        self.world.fails ^= {name}

    @rule()
    def somebody_pauses_or_goes_on(self) -> None:
        """The switch over everything."""
        self.world.settings[PAUSED.name] = not self.world.paused

    @rule(steps=st.integers(1, 25))
    def a_run_dies(self, steps: int) -> None:
        """Somewhere; what was not committed is handed over anew."""
        self.world.dies_at = steps
        self.world.run()

    @rule()
    def a_run_comes_to_its_end(self) -> None:
        """Whoever works has seen every record as it is; a failing or paused one is told later, and holds up nobody."""
        assert self.world.run()
        if self.world.paused:
            return
        for name in {"a", "b"} - self.world.fails:
            for key, one in self.world.contacts.items():
                if not one.deleted:
                    assert self.world.kept[name][key] == self.world.state(key), (name, key)
                else:
                    assert self.world.kept[name][key][:3] == self.world.state(key)[:3], (name, key)

    @invariant()
    def nothing_is_handed_over_again_without_a_change(self) -> None:
        """The overlap is read again, and told to nobody."""
        assert not self.world.again


Changes.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestChanges = Changes.TestCase


def edited(world: World, count: int) -> None:
    for number in range(count):
        world.make(f"003{number}", 0)


def test_the_first_run_only_notes_from_when_on_changes_count() -> None:
    """Nobody is handed what was there before a reaction was: that takes a run over everything."""
    world = World()
    world.make("0031", 0)
    world.tick(3600)
    assert world.run()
    assert world.seen == {"a": {}, "b": {}}


def test_a_new_record_is_called_new_once() -> None:
    """However often it is edited soon after."""
    world = World()
    assert world.run()
    world.make("0031", 0)
    for _ in range(3):
        world.tick(5)
        world.edit("0031")
        assert world.run()
    assert world.created["a"]["0031"] == 1


def test_single_changes_wait_while_they_are_switched_off() -> None:
    """And are handed over once they are on again."""
    world = World(settings={SINGLE_CHANGES.name: False})
    assert world.run()
    edited(world, 3)
    assert world.run()
    assert not world.seen["a"]
    world.tick(7200)
    world.settings.clear()
    assert world.run()
    assert len(world.seen["a"]) == 3


def test_bulk_changes_are_left_out_while_they_are_switched_off_and_not_made_up_for() -> None:
    """As the switch says; a single change soon after is followed nevertheless."""
    world = World(settings={BULK_CHANGES.name: False})
    assert world.run()
    world.tick(5)
    edited(world, MANY_MORE)
    assert world.run()
    assert not world.seen["a"]
    world.settings.clear()
    world.tick(5)
    world.edit("0037")
    assert world.run()
    assert set(world.seen["a"]) == {"0037"}


def test_what_is_seen_late_is_found_within_the_overlap() -> None:
    """A long transaction shows a change whose moment was read before."""
    world = World()
    world.make("0031", 0)
    assert world.run()
    world.tick(1000)
    assert world.run()
    world.tick(400)
    world.edit("0031", late=900)
    assert world.run()
    assert world.kept["a"]["0031"] == world.state("0031")
