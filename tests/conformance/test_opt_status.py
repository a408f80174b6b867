"""Opt status both ways over both emulated sides: what is read, decided, written and remembered."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance import opt_world
from tests.conformance.opt_world import OptWorld


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[OptWorld]:
    with opt_world.world_of(django_db_blocker, "First") as world:
        yield world


@pytest.fixture
def world(running: OptWorld) -> OptWorld:
    """Somebody else's world left nothing undone: everything is in step."""
    running.settings = {}
    running.run(sweep=True, baseline=True, allow_large_changes=True)
    return running


def test_an_unsubscribe_is_ticked_and_a_cleared_tick_is_restored(world: OptWorld) -> None:
    ann = world.person()
    record, lead = world.add(ann), world.add(ann, "Lead")
    world.subscribe(ann, 0)
    world.subscribe(ann, 1)
    world.run()
    assert world.shadow(ann) == "in"
    world.leave(ann, 0)
    world.run()
    assert world.records(ann) == {record: False, lead: False}
    world.leave(ann, 1)
    world.run()
    assert world.records(ann) == {record: True, lead: True}
    assert world.shadow(ann) == "out"
    world.run()
    assert world.writes == []
    world.check(record, ticked=False)
    world.run()
    assert world.records(ann) == {record: True, lead: True}
    world.run()
    assert world.writes == []


def test_a_tick_unsubscribes_from_all_lists(world: OptWorld) -> None:
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann, 0)
    world.subscribe(ann, 1)
    world.run()
    world.check(record)
    world.run()
    assert set(world.states(ann).values()) == {"Unsubscribed"}
    world.run()
    assert world.writes == []


def test_a_recorded_consent_brings_back_on_both_sides(world: OptWorld) -> None:
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    world.check(record)
    world.run()
    world.run()
    world.tick(60)
    world.consent(ann)
    world.run()
    assert world.records(ann) == {record: False}
    assert world.active(ann)
    assert world.shadow(ann) == "in"
    world.run()
    assert world.writes == []


def test_a_form_is_a_consent_and_an_import_is_none(world: OptWorld) -> None:
    ann, bob = world.person(), world.person()
    for each in (ann, bob):
        world.add(each)
        world.subscribe(each)
    world.run()
    for each in (ann, bob):
        world.leave(each)
    world.run()
    world.run()
    world.tick(60)
    world.subscribe(ann, person=True)
    world.subscribe(bob)
    world.run()
    assert list(world.records(ann).values()) == [False]
    assert world.active(ann)
    assert list(world.records(bob).values()) == [True]
    assert not world.active(bob)
    world.run()
    assert world.writes == []
