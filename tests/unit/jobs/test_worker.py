"""Workers as real processes: killed, stalled, stopped."""

import os
import signal
import time

import pytest
from tests.unit.jobs.conftest import until

from fairlead.jobs import api, engine
from fairlead.jobs.models import Job, State
from fairlead.store.models import AuditEntry
from fairlead.store.orgs import default_org


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def ask(workers, tmp_path):
    def ask_for(kind, name="out", **args):
        out = tmp_path / name
        return api.ask(default_org(), kind, key=name, args={"out": str(out), **args}), out

    return ask_for


def ended(job):
    job.refresh_from_db()
    return job.ended


def test_a_job_killed_with_its_worker_is_taken_over_by_the_next_worker(workers, ask):
    job, out = ask("write_once")
    first = workers.start()
    until(lambda: lines(out), what="the first attempt begins")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    killed_at = time.monotonic()
    second = workers.start()
    until(lambda: ended(job), what="the job ends")
    assert time.monotonic() - killed_at < 20
    assert (job.state, job.attempt) == (State.DONE, 2)
    assert lines(out) == [f"begin 1 {first.pid}", f"begin 2 {second.pid}", f"end 2 {second.pid}"]
    assert job.stages[0]["state"] == "done"


def test_a_death_is_known_at_once_however_long_the_silence_that_is_allowed(workers, ask):
    patience = {"FAIRLEAD_STALE_SECONDS": "120", "FAIRLEAD_HEARTBEAT_SECONDS": "5"}
    job, out = ask("write_once")
    first = workers.start(**patience)
    until(lambda: lines(out))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    workers.start(**patience)
    until(lambda: ended(job), seconds=40)
    assert (job.state, job.attempt) == (State.DONE, 2)


def test_page_work_between_two_looks_at_the_loop_costs_no_job_its_worker(workers, ask):
    """Slices of 50 ms for three times the silence that is allowed, a second worker looking on."""
    job, out = ask("busy", slices=60, blocked=0.05)
    workers.start()
    until(lambda: lines(out))
    workers.start()
    until(lambda: ended(job))
    assert (job.state, job.attempt) == (State.DONE, 1)


def test_a_worker_outlives_a_server_that_cuts_every_connection(workers, ask):
    from django.db import connection

    job, out = ask("patient")
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        before = cursor.fetchone()
    worker = workers.start()
    until(lambda: lines(out))
    with connection.cursor() as cursor:  # the worker's, and not those that other tests keep open in this process
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and backend_start > %s"
            " and pid <> pg_backend_pid()",
            before,
        )
    until(lambda: len(lines(out)) == 2, what="the job begins anew")
    (out.parent / (out.name + ".go")).touch()
    until(lambda: ended(job), what="the job ends")
    assert (job.state, worker.poll()) == (State.DONE, None)


def test_a_living_worker_takes_over_what_a_killed_one_left(workers, ask):
    job, out = ask("write_once")
    first, second = workers.start(), workers.start()
    until(lambda: lines(out))
    pid = int(lines(out)[0].split()[2])
    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(job))
    other = ({first.pid, second.pid} - {pid}).pop()
    assert lines(out)[1:] == [f"begin 2 {other}", f"end 2 {other}"]


def test_a_job_whose_worker_row_was_pruned_is_taken_over(workers, ask):
    from django.db import connection

    job, out = ask("write_once")
    first = workers.start()
    until(lambda: lines(out))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers")
    workers.start()
    until(lambda: ended(job))
    assert job.state == State.DONE


def test_a_stalled_process_that_wakes_up_cannot_commit(workers, ask):
    """The law of the fence: of two attempts that overlap, only the younger one commits."""
    job, out = ask("stall", blocked=0.5)
    first = workers.start()
    until(lambda: lines(out))
    os.kill(first.pid, signal.SIGSTOP)
    second = workers.start()
    until(lambda: ended(job), what="the second worker ends the job")
    os.kill(first.pid, signal.SIGCONT)
    until(lambda: any(line.startswith("refused") for line in lines(out)), what="the first process wakes up")
    assert f"committed 2 {second.pid}" in lines(out)
    assert f"refused 1 {first.pid}" in lines(out)
    assert list(AuditEntry.objects.filter(what="commit").values_list("subject", flat=True)) == ["2"]
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.DONE, 2)


def test_a_worker_whose_loop_was_blocked_for_long_works_on_afterwards(workers, ask):
    job, out = ask("stall", blocked=0.1)
    first = workers.start()
    until(lambda: lines(out))
    os.kill(first.pid, signal.SIGSTOP)
    workers.start()
    until(lambda: ended(job))
    workers.started[1].kill()
    os.kill(first.pid, signal.SIGCONT)
    later, said = ask("patient", name="later")
    (said.parent / (said.name + ".go")).touch()
    until(lambda: ended(later), what="the worker that was stalled runs a new job")
    assert later.state == State.DONE


def test_sigterm_hands_a_running_job_back_and_costs_it_no_attempt(workers, ask):
    job, out = ask("patient")
    first = workers.start()
    until(lambda: lines(out))
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=15) == 0
    job.refresh_from_db()
    assert (job.state, job.attempt, job.max_attempts) == (State.QUEUED, 1, 6)
    (out.parent / (out.name + ".go")).touch()
    workers.start()
    until(lambda: ended(job))
    assert (job.state, job.attempt) == (State.DONE, 2)


def test_sigterm_lets_a_job_that_ends_soon_end(workers, ask):
    job, out = ask("patient")
    first = workers.start()
    until(lambda: lines(out))
    (out.parent / (out.name + ".go")).touch()
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=15) == 0
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.DONE, 1)


def test_a_running_job_sees_that_it_was_cancelled(workers, ask):
    job, out = ask("patient")
    workers.start()
    until(lambda: lines(out))
    assert api.cancel(job.pk, by="admin").cancel_requested
    until(lambda: ended(job))
    assert job.state == State.CANCELLED
    assert not any(line.startswith("end") for line in lines(out))


def test_a_cancelled_job_of_a_dead_worker_is_cancelled_not_repeated(workers, ask):
    job, out = ask("write_once")
    first = workers.start()
    until(lambda: lines(out))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    api.cancel(job.pk, by="admin")
    workers.start()
    until(lambda: ended(job))
    assert job.state == State.CANCELLED
    assert len(lines(out)) == 1


def test_a_job_that_kills_every_worker_fails_after_its_last_attempt_with_a_reason(workers, ask):
    job, out = ask("patient")
    Job.objects.filter(pk=job.pk).update(max_attempts=2)
    for attempt in (1, 2):
        worker = workers.start()
        until(lambda attempt=attempt: len(lines(out)) == attempt)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    workers.start()
    until(lambda: ended(job))
    assert (job.state, job.support_code) == (State.FAILED, "FL-910")
    assert "attempt 2" in job.reason


def test_slots_are_kept_by_running_workers_and_freed_one_for_one(workers, ask):
    jobs = [ask("patient", name=f"job{i}") for i in range(7)]
    workers.start()
    until(lambda: Job.objects.filter(state=State.RUNNING).count() == 5)
    assert [job.pk for job, _ in jobs[5:]] == list(
        Job.objects.filter(state=State.HOLDING).order_by("id").values_list("id", flat=True)
    )
    out = jobs[0][1]
    (out.parent / (out.name + ".go")).touch()
    until(lambda: lines(jobs[5][1]), what="the next in sequence begins")
    assert not lines(jobs[6][1])
    assert engine.living_workers(1) == 1
