"""How an attempt ends, and what of it people see. The runners here are functions of the test's own."""

import asyncio

import psycopg
import pytest
from django.db import OperationalError, transaction

from fairlead.domain.failure import FixTheSettings, OurBug, SignInAgain, WaitAndRetry
from fairlead.jobs import api, registry
from fairlead.jobs import context as contexts
from fairlead.jobs.context import Cancelled, StaleAttempt, in_database
from fairlead.jobs.dispatch import again, back_off
from fairlead.jobs.models import Job, State
from fairlead.jobs.run import claim, run
from fairlead.store.orgs import default_org

pytestmark = pytest.mark.django_db(transaction=True)


def perform(runner, *, max_attempts=5, before=None):
    """Ask for a job, run one attempt of it, and give the job as it then is."""
    registry.register("test", "A test", runner)
    job = api.ask(default_org(), "test")
    Job.objects.filter(pk=job.pk).update(max_attempts=max_attempts)
    if before:
        before(job)
    asyncio.run(run(job.pk, delivery=job.engine_id))
    job.refresh_from_db()
    return job


def raising(error):
    async def runner(context):
        raise error

    return runner


def test_a_runner_that_returns_makes_its_job_done():
    async def runner(context):
        await context.stages([("read", "Read"), ("write", "Write")])
        await context.stage("read", state="running", total=10, unit="subscribers")
        for done in range(11):
            await context.stage("read", done=done, refused=1)
        await context.counts(read=10, written=9)

    job = perform(runner)
    assert (job.state, job.attempt, job.phase, job.counts) == (State.DONE, 1, "Read", {"read": 10, "written": 9})
    assert job.stages[0] == {
        "name": "read", "title": "Read", "state": "running", "done": 10, "total": 10, "unit": "subscribers",
        "counts": {"refused": 1}, "message": "",
    }  # fmt: skip
    assert job.stages[1]["state"] == "waiting"
    assert job.finished_at >= job.started_at


def test_progress_is_written_at_most_four_times_a_second_and_the_last_word_always_lands():
    async def runner(context):
        await context.stages([("read", "Read")])
        for done in range(2000):
            await context.stage("read", done=done + 1)
            if done == 1000:
                await asyncio.sleep(0.6)

    written = []
    store = contexts.JobContext._store

    class Counting(contexts.JobContext):
        def _store(self, *args):
            written.append(args)
            return store(self, *args)

    registry.register("test", "A test", runner)
    job = api.ask(default_org(), "test")
    ours = Counting(claim(job.pk, job.engine_id))

    async def both():
        await runner(ours)
        await ours.close()

    asyncio.run(both())
    assert len(written) < 20
    assert Job.objects.get(pk=job.pk).stages[0]["done"] == 2000


def test_what_may_succeed_later_is_queued_again_with_its_reason():
    job = perform(raising(WaitAndRetry("Salesforce is busy.")))
    assert (job.state, job.attempt, job.reason, job.support_code) == (State.QUEUED, 1, "Salesforce is busy.", "FL-100")


def test_the_last_attempt_that_may_succeed_later_fails():
    job = perform(raising(WaitAndRetry("Salesforce is busy.")), max_attempts=1)
    assert (job.state, job.reason) == (State.FAILED, "Salesforce is busy.")


def test_a_failure_is_shown_with_its_words_and_code_and_not_repeated():
    job = perform(raising(SignInAgain("The token is no longer valid.", next_step="Connect again.")))
    assert (job.state, job.reason, job.support_code) == (
        State.FAILED,
        "The token is no longer valid. Connect again.",
        "FL-200",
    )


def test_an_error_of_ours_shows_its_class_and_place_and_nothing_of_its_text():
    def broken():
        raise KeyError("ada@example.com")

    async def runner(context):
        broken()

    job = perform(runner)
    assert (job.state, job.support_code) == (State.FAILED, "FL-900")
    assert "KeyError at jobs/run.py:" in job.reason
    assert "example.com" not in job.reason


def test_a_kind_that_nobody_registered_fails_with_what_to_do():
    job = api.ask(default_org(), "unheard of")
    asyncio.run(run(job.pk, delivery=job.engine_id))
    job.refresh_from_db()
    assert (job.state, job.support_code) == (State.FAILED, "FL-901")
    assert "same version" in job.reason


@pytest.mark.parametrize(
    ("errors", "state", "code"),
    [
        ([WaitAndRetry("busy"), FixTheSettings("no permission")], State.FAILED, "FL-300"),
        ([WaitAndRetry("busy"), ValueError("x"), FixTheSettings("no permission")], State.FAILED, "FL-900"),
        ([WaitAndRetry("busy"), WaitAndRetry("busy too")], State.QUEUED, "FL-100"),
        ([ValueError("x"), Cancelled()], State.CANCELLED, ""),
        ([WaitAndRetry("busy"), OperationalError("server closed the connection")], State.QUEUED, "FL-100"),
        ([psycopg.OperationalError("x"), psycopg.errors.DeadlockDetected("y")], State.QUEUED, "FL-110"),
    ],
)
def test_of_errors_raised_together_the_gravest_decides(errors, state, code):
    job = perform(raising(ExceptionGroup("together", [errors[0], ExceptionGroup("inner", errors[1:])])))
    assert (job.state, job.support_code) == (state, code)


def test_an_attempt_that_was_overtaken_changes_nothing():
    async def runner(context):
        await in_database(lambda: again(Job.objects.get(pk=context.job_id), seconds=0))
        with pytest.raises(StaleAttempt):
            await context.check_cancelled()
        with pytest.raises(StaleAttempt):
            await context.stages([("late", "Too late")])

    job = perform(runner)
    assert (job.state, job.stages, job.finished_at) == (State.QUEUED, [], None)


def test_the_fence_lets_the_attempt_in_charge_pass_and_no_other():
    verdicts = []

    async def runner(context):
        def commit():
            with transaction.atomic():
                context.fence()
                verdicts.append("passed")

        await in_database(commit)
        await in_database(lambda: again(Job.objects.get(pk=context.job_id), seconds=0))
        await in_database(commit)

    job = perform(runner)
    assert verdicts == ["passed"]
    assert job.state == State.QUEUED


def test_a_runner_that_looks_is_cancelled():
    async def runner(context):
        await context.check_cancelled()
        raise AssertionError("not reached")

    def cancel_once_running(job):
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)

    assert perform(runner, before=cancel_once_running).state == State.CANCELLED


def cancelled_while_running(job):
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)


def test_what_fails_after_somebody_cancelled_it_is_cancelled():
    """Whoever disconnects takes the credentials away: that the job then finds none is no failure to be told of."""
    assert perform(raising(SignInAgain("No account.")), before=cancelled_while_running).state == State.CANCELLED


def test_a_bug_is_told_also_when_somebody_cancelled_the_job():
    for bug in (OurBug("It is ours."), KeyError("ours")):
        assert perform(raising(bug), before=cancelled_while_running).state == State.FAILED


def test_what_may_succeed_later_is_not_repeated_when_somebody_cancelled_it():
    assert (
        perform(raising(WaitAndRetry("Salesforce is busy.")), before=cancelled_while_running).state == State.CANCELLED
    )


def test_a_delivery_that_is_not_the_jobs_own_begins_nothing():
    job = perform(raising(AssertionError("not reached")), before=lambda job: again(job, seconds=0))
    assert (job.state, job.attempt) == (State.QUEUED, 0)


def test_the_wait_before_a_retry_doubles_up_to_a_limit():
    assert [back_off(n) for n in range(5)] == [0, 10, 20, 40, 80]
    assert back_off(50) == 900
