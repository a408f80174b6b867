"""The laws of opt status against the room's own run, over both emulated sides: people act, runs die, acts slip into them.

Here are the wires; `test_consent.py` explores far more states over fakes, and `test_consent_model.py` all of one address.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fairlead.domain.consent_settings import FromCampaignMonitor
from fairlead.features.opt_status import records
from fairlead.store.consent_models import OptDecision, OptShadow
from tests.conformance import opt_world
from tests.conformance.opt_world import Killed, OptWorld, Steps

WHO = st.integers(0, 1)
LIST = st.integers(0, 1)
KINDS: Final = ("check", "clear", "leave", "import", "form", "consent", "delete", "add", "merge", "suppress", "remove")
ACT = st.tuples(st.sampled_from(KINDS), WHO, LIST)


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[OptWorld]:
    with opt_world.world_of(django_db_blocker, "First") as world:
        yield world


class Machine(RuleBasedStateMachine):
    """Two people; `asked` is what each said last, out of their own mouth."""

    world: OptWorld
    options: dict[str, Any] = {}

    @initialize(lead=st.booleans(), both=st.booleans())
    def start(self, lead: bool, both: bool) -> None:
        """Both are known on both sides, in step."""
        self.world.settings = dict(self.options)
        self.world.told = True
        self.asked: dict[str, str] = {}
        self.people = [self.world.person(), self.world.person()]
        for each in self.people:
            self.asked[each] = "in"
            self.world.add(each)
            if lead:
                self.world.add(each, "Lead")
            self.world.subscribe(each, 0)
            if both:
                self.world.subscribe(each, 1)
        self.world.run(baseline=True, allow_large_changes=True)

    def act(self, kind: str, who: int, of: int) -> None:
        """One act of a person; nothing where it is not possible."""
        world, each = self.world, self.people[who]
        boxes = world.records(each)
        first = next(iter(sorted(boxes)), "")
        was = world.active(each)
        if kind == "check" and first and not boxes[first]:
            world.check(first)
            self.asked[each] = "out"
        elif kind == "clear" and first:
            world.check(first, ticked=False)
        elif kind == "leave":
            mine = [
                n for n, name in enumerate(world.lists[world.clients[0].id]) if world.states(each).get(name) == "Active"
            ]
            if mine:
                world.leave(each, mine[of % len(mine)])
                if was and not world.active(each):
                    self.asked[each] = "out"
        elif kind == "import":
            world.subscribe(each, of)
        elif kind == "form":
            world.subscribe(each, of, person=True)
            self.asked[each] = "in"
        elif kind == "consent" and first:
            world.consent(each)
            self.asked[each] = "in"
        elif kind == "suppress":
            world.suppress(each)
            self.asked[each] = "out"
        elif kind == "remove":
            world.remove(each, of)
        else:
            self._records(kind, each, first, boxes)

    def _records(self, kind: str, each: str, first: str, boxes: dict[str, bool]) -> None:
        if kind == "delete" and first:
            name = "Contact" if first.startswith("003") else "Lead"
            self.world.act(act="delete", object=name, id=first)
        elif kind == "add" and len(boxes) < 3:
            self.world.add(each)
        elif kind == "merge":
            contacts = sorted(record for record in boxes if record.startswith("003"))
            if len(contacts) > 1:
                self.world.act(act="merge", object="Contact", id=contacts[0], losers=[contacts[1]])

    @rule(acts=st.lists(ACT, min_size=1, max_size=3))
    def people_act(self, acts: list[tuple[str, int, int]]) -> None:
        for each in acts:
            self.act(*each)
            self.world.tick()

    @rule(hours=st.sampled_from([3, 30]))
    def time_passes(self, hours: int) -> None:
        self.world.tick(hours * 60)

    @rule(at=st.integers(1, 40))
    def killed_run(self, at: int) -> None:
        """Law 5: whatever an attempt left behind, the next run ends as if it had not been."""
        try:
            self.world.run(steps=Steps(dies_at=at))
        except Killed:
            pass

    @rule(at=st.integers(1, 30), act=ACT)
    def run_that_somebody_slips_into(self, at: int, act: tuple[str, int, int]) -> None:
        self.world.run(steps=Steps(slips_at=at, slip=lambda: self.act(*act)))

    @rule(sweep=st.booleans())
    def undisturbed_run(self, sweep: bool) -> None:
        """Laws 1, 2, 3 and 4: all agree within one run, nobody who said out is in, and a second run writes nothing."""
        world = self.world
        world.run(sweep=sweep)
        world.quiet(*self.people)
        for each in self.people:
            if self.asked[each] == "out":
                assert not world.active(each), each
                assert all(world.records(each).values()), each
        before = self._shadows()
        world.run()
        assert world.writes == []
        assert self._shadows() == before

    def _shadows(self) -> list[tuple[Any, ...]]:
        keys = [records.address_key(each) for each in self.people]
        rows = OptShadow.objects.filter(org=self.world.org, address__in=keys).order_by("address")
        return [(bytes(row.address), row.agreed, row.since, row.job, row.contested) for row in rows]

    @invariant()
    def nobody_is_let_in_without_a_consent_and_every_change_is_explained(self) -> None:
        """Laws 3 and 8: each change of what is agreed stands in the history, and each way in names its consent."""
        for each in getattr(self, "people", ()):
            key = records.address_key(each)
            lines = OptDecision.objects.filter(org=self.world.org, address=key).order_by("-at", "-id")
            for line in lines:
                assert line.rule
                assert not (line.before == "out" and line.after == "in") or line.evidence_id
            shadow = self.world.shadow(each)
            assert not shadow or shadow == lines[0].after

    def teardown(self) -> None:
        """However it went, in the end there is quiet."""
        if hasattr(self, "people"):
            self.undisturbed_run(sweep=False)


def _run(world: OptWorld, options: dict[str, Any], examples: int, steps: int) -> None:
    kind = type("Of", (Machine,), {"world": world, "options": options})
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


ANY: Final = {"opt_status.opt_out_from_campaign_monitor": FromCampaignMonitor.ANY_LIST.value}


def test_the_laws_hold_over_the_wire(running: OptWorld) -> None:
    """All lists count: the default."""
    _run(running, {}, 4, 7)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, ANY], ids=["all lists", "any list"])
def test_the_laws_hold_over_the_wire_for_long(running: OptWorld, options: dict[str, Any]) -> None:
    """The same, for longer, and where one unsubscribe counts for the whole person."""
    _run(running, options, 30, 10)
