"""The table of states."""

import itertools

import pytest

from fairlead.jobs.models import Job, State
from fairlead.jobs.states import ENDED, TABLE, Event, diagram, move


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_a_move_happens_exactly_where_the_table_has_it(org, state, event):
    job = Job.objects.create(org=org, kind="k", state=state)
    assert move(job.pk, event) is ((state, event) in TABLE)
    job.refresh_from_db()
    assert job.state == TABLE.get((state, event), state)


def test_nothing_leaves_an_ended_state():
    assert not [state for state, _ in TABLE if state in ENDED]


def test_every_state_can_be_reached_and_every_other_one_can_be_left():
    assert set(TABLE.values()) | {State.HOLDING} == set(State)
    assert {state for state, _ in TABLE} == set(State) - set(ENDED)


def test_a_condition_narrows_a_move(org):
    job = Job.objects.create(org=org, kind="k", state=State.RUNNING, attempt=2)
    assert not move(job.pk, Event.FINISH, only_if={"attempt": 1})
    assert move(job.pk, Event.FINISH, only_if={"attempt": 2})


def test_the_diagram_shows_every_transition():
    assert diagram().count("-->") == len(TABLE) + 1 + len(ENDED)
