"""The laws of the flow, on fakes in memory, with the process killed wherever it hurts."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fairlead.domain.member import STATES
from tests.laws.flow_world import Killed, World

ADDRESSES = [f"Person{i}@example.com" for i in range(12)]


class FlowMachine(RuleBasedStateMachine):
    """People change at the source, time passes, runs are killed at any step; an undisturbed run then makes both sides equal."""

    @initialize(count=st.integers(0, 12))
    def start(self, count: int) -> None:
        self.world = World()
        self.loop = asyncio.new_event_loop()
        for address in ADDRESSES[:count]:
            self.world.put(address)

    @rule(address=st.sampled_from(ADDRESSES), state=st.sampled_from(STATES), name=st.text(max_size=5))
    def change(self, address: str, state: str, name: str) -> None:
        self.world.put(address, state, name=name)

    @rule(hours=st.sampled_from([0.1, 1, 26, 24 * 9]))
    def time_passes(self, hours: float) -> None:
        self.settle()
        self.world.pass_time(hours)

    @rule(at=st.integers(1, 25), full=st.booleans())
    def killed_run(self, at: int, full: bool) -> None:
        self.world.killed_at = at
        try:
            self.loop.run_until_complete(self.world.run(full=full, sweep=full))
        except Killed:
            pass
        finally:
            self.world.killed_at = -1

    @rule(full=st.booleans())
    def undisturbed_run(self, full: bool) -> None:
        self.loop.run_until_complete(self.world.run(full=full, sweep=full))
        assert self.world.org() == self.world.truth()
        assert not self.world.ledger.scopes or all(not held.flights for held in self.world.ledger.scopes.values())

    @rule()
    def a_second_run_writes_nothing(self) -> None:
        self.undisturbed_run(full=False)
        writes = self.world.sink.writes
        self.loop.run_until_complete(self.world.run())
        assert self.world.sink.writes == writes

    def settle(self) -> None:
        """Runs come at least daily while things change: the overlap covers no more."""
        self.undisturbed_run(full=False)

    @invariant()
    def the_org_holds_no_one_unknown(self) -> None:
        if hasattr(self, "world"):
            assert set(self.world.org()) <= set(self.world.truth())

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()


TestFlow = FlowMachine.TestCase
TestFlow.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
