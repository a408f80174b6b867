"""Laws of the run of stages: each is told with what it cost, and one that fails takes only those with it that need it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fairlead.domain.failure import Failure, FixTheSettings, RefusedByGuard, SignInAgain, WaitAndRetry
from fairlead.features.primary_sync.flow import run_stages, stages_of
from fairlead.sync.stage import Run, Stage, Wanted


class Cancelled(Exception):
    """Somebody asked for the end."""


@dataclass
class Told:
    """Progress in memory: the last that was told of every stage, and the states it went through."""

    last: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: list[tuple[str, str]] = field(default_factory=list)
    cancel_before: str = ""

    async def stage(self, name: str, **news: Any) -> None:
        self.last.setdefault(name, {}).update({key: value for key, value in news.items() if value is not None})
        if news.get("state"):
            self.states.append((name, news["state"]))

    async def check_cancelled(self) -> None:
        if self.cancel_before and len({name for name, _ in self.states}) >= int(self.cancel_before):
            raise Cancelled


@dataclass
class World:
    """A run whose sides are counted by hand."""

    told: Told = field(default_factory=Told)
    calls: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(campaign_monitor=0, salesforce=0))
    ran: list[str] = field(default_factory=list)

    @property
    def run(self) -> Run:
        return cast("Run", SimpleNamespace(progress=self.told, calls=self.calls, passable=set()))

    def stage(
        self, name: str, *needs: str, fails: BaseException | None = None, account: int = 0, crm: int = 0
    ) -> Stage:
        async def act(run: Run) -> None:
            self.ran.append(name)
            self.calls.campaign_monitor += account
            self.calls.salesforce += crm
            if fails is not None:
                raise fails

        return Stage(name, name.title(), cast("Callable[[Run], Awaitable[None]]", act), needs)

    def go(self, *stages: Stage) -> Failure | None:
        """Run them; the failure that was raised at the end."""
        try:
            asyncio.run(run_stages(self.run, stages))
        except Failure as failure:
            return failure
        return None

    def state(self, name: str) -> str:
        return str(self.told.last[name]["state"])


@pytest.fixture
def world() -> World:
    return World()


def test_every_stage_is_told_with_its_calls_and_its_time(world: World) -> None:
    """Calls are the stage's own, on each side; the time is in milliseconds."""
    assert world.go(world.stage("a", account=3, crm=1), world.stage("b", crm=2)) is None
    assert world.told.states == [("a", "running"), ("a", "done"), ("b", "running"), ("b", "done")]
    assert [(world.told.last[name]["cm_calls"], world.told.last[name]["sf_calls"]) for name in "ab"] == [(3, 1), (0, 2)]
    assert all(world.told.last[name]["ms"] >= 0 for name in "ab")


def test_a_stage_that_fails_takes_only_those_with_it_that_need_it(world: World) -> None:
    """Also those that need one which was skipped; the others run, and the failure is raised at the end."""
    wrong = FixTheSettings("A field is missing.", next_step="Deploy again.")
    failure = world.go(
        world.stage("lists", fails=wrong, account=2),
        world.stage("members", "lists"),
        world.stage("tidy", "members"),
        world.stage("campaigns"),
    )
    assert failure is wrong
    assert world.ran == ["lists", "campaigns"]
    assert [world.state(name) for name in ("lists", "members", "tidy", "campaigns")] == [
        "failed", "skipped", "skipped", "done",
    ]  # fmt: skip
    assert world.told.last["lists"]["message"] == "A field is missing. Deploy again. (FL-300)"
    assert world.told.last["lists"]["cm_calls"] == 2
    assert world.told.last["members"]["message"] == "Not run, because “Lists” failed."
    assert world.told.last["tidy"]["message"] == "Not run, because “Members” failed."


def test_a_side_that_refuses_the_sign_in_ends_all_that_follow(world: World) -> None:
    """Every further call would be refused alike."""
    failure = world.go(world.stage("a", fails=SignInAgain("The key is gone.")), world.stage("b"), world.stage("c", "b"))
    assert isinstance(failure, SignInAgain)
    assert world.ran == ["a"]
    assert [world.state(name) for name in "bc"] == ["skipped", "skipped"]


def test_what_a_guard_refused_stops_nobody(world: World) -> None:
    """Everything that was there is there: who needs the stage can go on, and the refusal is raised at the end."""
    guard = RefusedByGuard("Too much would go.")
    assert world.go(world.stage("lists", fails=guard), world.stage("members", "lists")) is guard
    assert world.ran == ["lists", "members"]
    assert [world.state(name) for name in ("lists", "members")] == ["failed", "done"]


def test_of_several_failures_the_one_to_act_on_is_raised(world: World) -> None:
    wrong = FixTheSettings("A field is missing.")
    assert world.go(world.stage("a", fails=WaitAndRetry("No answer.")), world.stage("b", fails=wrong)) is wrong


@pytest.mark.parametrize("error", [KeyError("bug"), asyncio.CancelledError()])
def test_what_is_nobodys_plan_ends_the_run_and_is_told_of_the_stage(world: World, error: BaseException) -> None:
    """A fault of our own or the end of the worker: the stage says that it stopped, the stages behind it stay as they were."""
    with pytest.raises(type(error)):
        asyncio.run(run_stages(world.run, [world.stage("a", fails=error), world.stage("b")]))
    assert world.ran == ["a"]
    assert (world.state("a"), world.told.last["a"]["message"]) == ("failed", "Stopped before its end.")
    assert "b" not in world.told.last


def test_a_wish_to_stop_is_heard_between_stages(world: World) -> None:
    world.told.cancel_before = "1"
    with pytest.raises(Cancelled):
        asyncio.run(run_stages(world.run, [world.stage("a"), world.stage("b")]))
    assert world.ran == ["a"]


def test_a_run_without_counted_calls_tells_none(world: World) -> None:
    world.calls = cast("SimpleNamespace", None)
    stage = Stage("a", "A", _nothing)
    assert world.go(stage) is None
    assert (world.told.last["a"]["cm_calls"], world.told.last["a"]["sf_calls"]) == (0, 0)


async def _nothing(run: Run) -> None:
    """A stage that has nothing to do."""


def test_the_stages_to_run_are_taken_from_what_was_asked() -> None:
    """One that is asked for comes with what it needs; the one that deletes first only for a clean start."""
    stages = [Stage("clean", "Clean", _nothing), Stage("a", "A", _nothing), Stage("b", "B", _nothing, ("a",))]
    assert [stage.name for stage in stages_of(Wanted(), stages)] == ["a", "b"]
    assert [stage.name for stage in stages_of(Wanted(full=True, clean=True), stages)] == ["clean", "a", "b"]
    assert [stage.name for stage in stages_of(Wanted(stages=("b",)), stages)] == ["a", "b"]
