"""The eight laws of opt status, over fakes of both sides with contacts, leads, lists, histories, crashes and races.

One address is explored exhaustively in `test_consent_model.py`; here are several, with several records and lists each.
"""

import copy
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fairlead.domain.consent import MISSING, Basis, Event, Evidence, Opt, Shadow, Shown, Side, decide
from fairlead.domain.consent_guard import ListsNothing
from fairlead.domain.consent_settings import ClearedTickBox, FromCampaignMonitor, Options
from tests.laws.consent_world import ANY_LIST, CM, IN, OUT, SF, START, ConsentWorld
from tests.laws.flow_world import Killed

WHO = st.sampled_from(["ann@example.com", "bob@example.com"])
WHERE = st.sampled_from(["l1", "l2"])
PICK = st.integers(0, 2)
KINDS = st.sampled_from(
    ["check", "clear", "leave", "import", "consent", "subscribe", "late", "delete", "add", "merge", "suppress"]
    + ["Bounced", "Deleted", "Unconfirmed"]
)
ACT = st.tuples(KINDS, WHO, WHERE, PICK)


class ConsentMachine(RuleBasedStateMachine):
    """People act; runs are killed anywhere, or an act slips into them; after an undisturbed run all promises hold."""

    options = Options()

    @initialize(seed=st.integers(0, 1_000), sides=st.tuples(st.booleans(), st.booleans(), st.booleans()))
    def start(self, seed: int, sides: tuple[bool, bool, bool]) -> None:
        """Both addresses may be known from the beginning, with a second contact and on one list or two."""
        self.world = ConsentWorld(self.options)
        self.world.order.seed(seed)
        kinds = [*["add"] * (1 + sides[0]), *(["import"] if sides[1] else [])]
        for who in ("ann@example.com", "bob@example.com"):
            for kind in kinds:
                self.world.act(kind, who, "l1", 0)
            if sides[2]:
                self.world.act("import", who, "l2", 0)
        self.world.run()

    @rule(acts=st.lists(ACT, min_size=1, max_size=5))
    def people_act(self, acts: list[tuple[str, str, str, int]]) -> None:
        for act in acts:
            self.world.act(*act)
            self.world.tick()

    @rule(hours=st.sampled_from([3, 12, 30]))
    def time_passes(self, hours: int) -> None:
        self.world.tick(hours * 60)

    @rule(at=st.integers(1, 25))
    def killed_run(self, at: int) -> None:
        self._killed(self.world, at)

    @rule(at=st.integers(0, 12), act=ACT)
    def run_that_somebody_slips_into(self, at: int, act: tuple[str, str, str, int]) -> None:
        self.world.slips = (at, lambda: self.world.act(*act))
        self.world.run()
        self.world.slips = None
        self.world.tick()

    @rule()
    def undisturbed_run(self) -> None:
        """Laws 2 and 3: both sides and the shadow agree within one run, and nobody who said out is in."""
        self.world.run()
        for address, (salesforce, campaign_monitor, agreed) in self.world.state().items():
            for shown in (salesforce, campaign_monitor):
                assert shown.opt in (None, agreed), address
                assert not shown.partly, address
        assert self.world.mailed_against_their_word() == []

    @rule()
    def a_second_run_writes_nothing(self) -> None:
        """Laws 1 and 4: nothing changed but what we wrote ourselves, and that causes no write."""
        self.world.run()
        shadows = dict(self.world.book.held)
        assert self.world.run() == []
        assert self.world.book.held == shadows

    @rule(at=st.integers(1, 25))
    def killed_and_run_again_is_never_killed(self, at: int) -> None:
        """Law 5."""
        other = copy.deepcopy(self.world)
        other.run()
        self._killed(self.world, at)
        self.world.run()
        assert self.world.state() == other.state()

    @rule(seed=st.integers(0, 1_000))
    def order_and_repeats_do_not_matter(self, seed: int) -> None:
        """Law 6."""
        other = copy.deepcopy(self.world)
        other.order.seed(seed)
        other.run(twice=True)
        self.world.run()
        assert self.world.state() == other.state()
        assert self.world.book.held == other.book.held

    @invariant()
    def nobody_is_let_in_without_a_later_consent(self) -> None:
        """Law 3, at every single write."""
        for _, opt, read, made in getattr(self, "world", ConsentWorld()).judged:
            if opt is IN:
                assert made.evidence in read.evidence
                assert made.evidence.at > read.shadow.since

    @invariant()
    def every_decision_is_explained(self) -> None:
        """Law 8: each change of what is agreed stands in the history with all that it was decided from."""
        book = getattr(self, "world", ConsentWorld()).book
        for key, shadow in book.held.items():
            last = book._history[key][-1]
            assert last.after is shadow.agreed
            assert last.rule
            assert not (last.before is OUT and last.after is IN) or last.evidence

    def teardown(self) -> None:
        """However it went, in the end there is quiet."""
        if hasattr(self, "world"):
            self.undisturbed_run()
            self.a_second_run_writes_nothing()

    @staticmethod
    def _killed(world: ConsentWorld, at: int) -> None:
        world.killed_at = at
        try:
            world.run()
        except Killed:
            pass
        finally:
            world.killed_at = -1


class AnyListMachine(ConsentMachine):
    """The same where one unsubscribe counts for the whole person."""

    options = ANY_LIST


class BounceMachine(ConsentMachine):
    """The same where a hard bounce is an opt-out."""

    options = Options(hard_bounce_is_opt_out=True)


TestConsent = ConsentMachine.TestCase
TestConsent.settings = settings(max_examples=150, stateful_step_count=15, deadline=None)
TestAnyList = AnyListMachine.TestCase
TestAnyList.settings = settings(max_examples=50, stateful_step_count=15, deadline=None)
TestBounce = BounceMachine.TestCase
TestBounce.settings = settings(max_examples=50, stateful_step_count=15, deadline=None)

SHOWN = st.sampled_from([MISSING, Shown(IN), Shown(OUT), Shown(OUT, partly=True)])
MOMENTS = st.integers(-2_000, 0).map(lambda minutes: START + timedelta(minutes=minutes))
SHADOWS = st.none() | st.builds(
    Shadow,
    agreed=st.sampled_from([None, *Opt]),
    since=MOMENTS,
    changes=st.lists(MOMENTS, max_size=4).map(tuple),
    contested=st.just(False),
)
SIDES = st.sampled_from(Side)
EVENTS = st.lists(st.builds(Event, SIDES, st.binary(min_size=1, max_size=2), MOMENTS), max_size=2)
EVIDENCE = st.lists(
    st.builds(Evidence, side=SIDES, basis=st.sampled_from(Basis), source=st.just(""), at=MOMENTS, id=st.integers(1, 9)),
    max_size=2,
)
OPTIONS = st.builds(
    Options,
    opt_out_from_salesforce=st.booleans(),
    opt_out_from_campaign_monitor=st.sampled_from(FromCampaignMonitor),
    cleared_tick_box=st.sampled_from(ClearedTickBox),
)


@given(SHADOWS, SHOWN, SHOWN, EVENTS, EVIDENCE, OPTIONS)
def test_whatever_is_read_nobody_is_let_in_without_evidence_and_nothing_is_written_to_what_is_not_there(
    shadow, salesforce, campaign_monitor, events, evidence, options
):
    """Over all options, also those that are off, held or trusting."""
    made = decide(shadow, salesforce, campaign_monitor, events, evidence, options, now=START)
    shown = {SF: salesforce, CM: campaign_monitor}
    was = shadow.agreed if shadow else None
    assert not (made.out and made.into)
    assert all(shown[side] != MISSING for side in made.out | made.into)
    if made.into or (was is OUT and made.shadow.agreed is IN):
        assert made.evidence in evidence
        assert made.evidence.at > shadow.since
        assert not events
    if made.into:
        assert all(shown[side].opt is OUT for side in made.into)
    if was is not None and made.shadow.agreed is IN:
        assert {side for side in Side if shown[side].opt is OUT} == set(made.into)


@given(SHADOWS, SHOWN, EVIDENCE, OPTIONS, SIDES)
def test_a_side_that_lists_nothing_causes_no_write(shadow, shown, evidence, options, missing):
    """Law 7: the other side is judged as if the missing one showed what was agreed."""
    stands_in = Shown(shadow.agreed) if shadow else MISSING
    sides = {missing.other: shown}
    gone = decide(shadow, *[(sides | {missing: MISSING})[side] for side in Side], [], evidence, options, now=START)
    there = decide(shadow, *[(sides | {missing: stands_in})[side] for side in Side], [], [], options, now=START)
    assert missing not in gone.out | gone.into
    assert gone.out <= there.out


@pytest.mark.parametrize("side", Side)
def test_a_side_that_lists_nobody_where_many_are_known_stops_the_run(side):
    """Law 7, for a whole side: nothing is written and nothing is committed."""
    world = ConsentWorld()
    for i in range(12):
        world.add(f"person{i}@example.com")
        world.subscribe("l1", f"person{i}@example.com", person=False)
    world.run()
    held = dict(world.book.held)
    world.leave("l1", "person1@example.com")
    world.check("003001")
    world.blind = side
    with pytest.raises(ListsNothing):
        world.run()
    assert (world.writes, world.book.held) == ([], held)
    world.blind = None
    assert len(world.run()) == 2


def test_a_consent_brings_back_and_a_cleared_box_does_not():
    """The story that people know: out in one place is out in both, the box alone is restored, a consent counts."""
    world = ConsentWorld()
    world.add("ann@example.com")
    world.subscribe("l1", "ann@example.com", person=False)
    world.run()
    world.leave("l1", "ann@example.com")
    assert world.run() == [("ann@example.com", SF, OUT)]
    world.tick(60)
    world.run()
    world.clear("003001")
    assert world.run() == [("ann@example.com", SF, OUT)]
    world.tick(60)
    world.consent_in_org("ann@example.com")
    assert world.run() == [("ann@example.com", CM, IN)]
    assert world.run() == []
    assert world.state()["ann@example.com"] == (Shown(IN), Shown(IN), IN)
