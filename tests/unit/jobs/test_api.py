"""What may be asked of jobs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fairlead.jobs import api, history
from fairlead.jobs.models import Job, State
from fairlead.store.models import AuditEntry


def test_what_waits_already_is_not_asked_for_twice(org):
    first = api.ask(org, "sync", key="a", args={"full": True}, by="ada")
    assert api.ask(org, "sync", key="a", args={"full": True}, by="bob") == first
    assert api.ask(org, "sync", key="a", args={"full": False}) != first
    assert api.ask(org, "sync", key="b", args={"full": True}) != first


def test_what_runs_already_may_be_asked_for_again_and_holds(org):
    first = api.ask(org, "sync")
    Job.objects.filter(pk=first.pk).update(state=State.RUNNING)
    second = api.ask(org, "sync")
    assert (second != first, second.state) == (True, State.HOLDING)


@pytest.mark.parametrize("state", [State.HOLDING, State.QUEUED])
def test_a_waiting_job_is_cancelled_at_once_and_somebodys_name_stands_in_the_audit(org, state):
    job = api.ask(org, "sync")
    Job.objects.filter(pk=job.pk).update(state=state)
    found = api.cancel(job.pk, by="ada")
    assert (found.state, found.reason, bool(found.finished_at)) == (State.CANCELLED, "Cancelled by ada.", True)
    assert AuditEntry.objects.get(what="cancel job").who == "ada"


def test_cancelling_a_queued_job_gives_its_slot_to_the_next(org):
    jobs = [api.ask(org, "sync", key=str(i)) for i in range(6)]
    api.cancel(jobs[0].pk, by="ada")
    assert Job.objects.get(pk=jobs[5].pk).state == State.QUEUED


def test_cancelling_an_ended_job_changes_nothing(org):
    job = Job.objects.create(org=org, kind="sync", state=State.DONE)
    assert api.cancel(job.pk, by="ada").state == State.DONE
    assert not AuditEntry.objects.exists()


def test_an_ended_job_can_be_asked_for_anew(org):
    old = Job.objects.create(org=org, kind="sync", key="a", args={"full": True}, state=State.FAILED)
    new = api.retry(old.pk, by="ada")
    assert (new.kind, new.key, new.args, new.state, new.requested_by) == (
        "sync",
        "a",
        {"full": True},
        State.QUEUED,
        "ada",
    )
    assert new != old


def test_a_job_that_is_not_there_or_not_ended_is_refused_by_number_with_the_next_step(org):
    with pytest.raises(api.NoSuchJob, match="no job 4711"):
        api.cancel(4711, by="ada")
    job = api.ask(org, "sync")
    with pytest.raises(api.NotEnded, match=f"Job {job.pk} is queued") as caught:
        api.retry(job.pk, by="ada")
    assert "cancel" in caught.value.step


def test_ended_jobs_are_kept_for_their_days_and_jobs_that_have_not_ended_for_ever(org):
    now = timezone.now()

    def make(state, days):
        return Job.objects.create(
            org=org, kind="sync", key=f"{state}{days}", state=state, finished_at=now - timedelta(days=days)
        )

    kept = [make(State.DONE, 29), make(State.FAILED, 0)]
    open_jobs = [
        Job.objects.create(org=org, kind="sync", key=state, state=state) for state in ("holding", "queued", "running")
    ]
    Job.objects.filter(pk__in=[job.pk for job in open_jobs]).update(created_at=now - timedelta(days=900))
    for state in (State.DONE, State.FAILED, State.CANCELLED):
        make(state, 31)
    assert history.prune(now, days=30) == 3
    assert set(Job.objects.all()) == {*kept, *open_jobs}
