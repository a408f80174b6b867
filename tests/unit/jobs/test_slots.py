"""Slots as laws: whatever people, workers and deaths do, in whatever order."""

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from fairlead.jobs import api, engine
from fairlead.jobs.dispatch import again, dispatch
from fairlead.jobs.models import Job, State
from fairlead.jobs.run import claim
from fairlead.jobs.states import ACTIVE, WAITING, Event, move
from fairlead.store.orgs import default_org

SLOTS = 5
KEYS = strategies.sampled_from([f"list{i}" for i in range(8)])


class Slots(RuleBasedStateMachine):
    """The dispatcher against a plain model: a list of jobs asked for and not yet begun."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.org = default_org()

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(key=KEYS, version=strategies.integers(0, 1))
    def somebody_asks(self, key, version):
        waiting = Job.objects.filter(org=self.org, key=key, args={"version": version}, state__in=WAITING).first()
        job = api.ask(self.org, "sync", key=key, args={"version": version}, by="admin")
        assert waiting is None or job.pk == waiting.pk

    @precondition(lambda self: self.of(State.QUEUED))
    @rule(data=strategies.data())
    def a_worker_begins(self, data):
        job = data.draw(strategies.sampled_from(self.of(State.QUEUED)))
        claimed = claim(job.pk, job.engine_id)
        assert claimed is not None
        assert claimed.attempt == job.attempt + 1
        assert claim(job.pk, job.engine_id) is None, "a delivery claims once"

    @precondition(lambda self: self.of(State.RUNNING))
    @rule(data=strategies.data(), event=strategies.sampled_from([Event.FINISH, Event.FAIL, Event.CANCEL]))
    def a_job_ends(self, data, event):
        job = data.draw(strategies.sampled_from(self.of(State.RUNNING)))
        assert move(job.pk, event, only_if={"attempt": job.attempt})
        dispatch(self.org.pk)

    @precondition(lambda self: self.of(*ACTIVE))
    @rule(data=strategies.data())
    def a_job_is_to_be_tried_again(self, data):
        job = data.draw(strategies.sampled_from(self.of(*ACTIVE)))
        assert again(job, seconds=0)
        assert claim(job.pk, job.engine_id) is None, "the old delivery is void"

    @precondition(lambda self: self.of(*WAITING))
    @rule(data=strategies.data())
    def somebody_cancels(self, data):
        job = data.draw(strategies.sampled_from(self.of(*WAITING)))
        assert api.cancel(job.pk, by="admin").state == State.CANCELLED

    @invariant()
    def never_more_than_the_slots(self):
        assert len(self.of(*ACTIVE)) <= SLOTS

    @invariant()
    def one_at_a_time_for_each_key(self):
        keys = [job.key for job in self.of(*ACTIVE)]
        assert len(keys) == len(set(keys))

    @invariant()
    def no_slot_is_free_while_a_job_could_take_it(self):
        busy = {job.key for job in self.of(*ACTIVE)}
        able = [job for job in self.of(State.HOLDING) if job.key not in busy]
        assert not able or len(busy) == SLOTS

    @invariant()
    def first_in_first_out(self):
        """No job holds while a younger one of its key is active."""
        for active in self.of(*ACTIVE):
            older = [job for job in self.of(State.HOLDING) if job.key == active.key and job.pk < active.pk]
            assert not older

    @invariant()
    def every_queued_job_has_its_delivery(self):
        with connection.cursor() as cursor:
            cursor.execute("select id, (args->>'job_id')::bigint from procrastinate_jobs where status = 'todo'")
            deliveries = set(cursor.fetchall())
        assert {(job.engine_id, job.pk) for job in self.of(State.QUEUED)} <= deliveries

    def of(self, *states):
        return list(Job.objects.filter(org=self.org, state__in=states).order_by("id"))


def test_the_laws_of_slots(db):
    run_state_machine_as_test(
        Slots,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def test_the_sixth_job_holds_and_the_next_in_sequence_begins_when_one_ends(org):
    jobs = [api.ask(org, "sync", key=f"list{i}") for i in range(7)]
    assert [job.state for job in jobs] == [State.QUEUED] * 5 + [State.HOLDING] * 2
    claim(jobs[2].pk, jobs[2].engine_id)
    move(jobs[2].pk, Event.FINISH)
    assert dispatch(org.pk) == 1
    assert Job.objects.get(pk=jobs[5].pk).state == State.QUEUED
    assert Job.objects.get(pk=jobs[6].pk).state == State.HOLDING


def test_a_busy_key_is_passed_over_and_does_not_hold_up_the_others(org):
    first = api.ask(org, "sync", key="a", args={"full": False})
    second = api.ask(org, "sync", key="a", args={"full": True})
    third = api.ask(org, "sync", key="b")
    assert (first.state, second.state, third.state) == (State.QUEUED, State.HOLDING, State.QUEUED)


def test_slots_of_one_org_are_not_taken_by_another(org):
    from fairlead.store.models import Org

    for i in range(6):
        api.ask(org, "sync", key=str(i))
    assert api.ask(Org.objects.create(name="Other"), "sync").state == State.QUEUED


def deliveries():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = %s", [engine.TASK])
        return cursor.fetchone()[0]


def test_a_job_asked_for_in_a_transaction_that_fails_was_never_asked_for(transactional_db):
    class Stop(Exception):
        pass

    def ask_and_fail():
        with transaction.atomic():
            assert api.ask(default_org(), "sync").state == State.QUEUED
            raise Stop

    before = deliveries()
    with pytest.raises(Stop):
        ask_and_fail()
    assert not Job.objects.exists()
    assert deliveries() == before
