"""Two transactions about one org never wait for one another: the org's row is locked before a job's, and lets referring rows in."""

import threading

import pytest
from django.db import connection, transaction
from tests.unit.jobs.conftest import until

from fairlead.jobs import api, hearing
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job, State
from fairlead.jobs.run import _end
from fairlead.store import audit, orgs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running():
    """A job in its first attempt."""
    org = orgs.default_org()
    return Job.objects.create(org=org, kind="primary_sync", state=State.RUNNING, attempt=1, max_attempts=3)


@pytest.fixture
def heard(monkeypatch):
    """Say what hears of ends in this test."""

    class Hears:
        def __init__(self, ended):
            self.ended = ended

    return lambda ended: monkeypatch.setattr(hearing, "_listeners", [Hears(ended)])


def waiting():
    """How many sessions wait for a lock of another."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return cursor.fetchone()[0]


class Other:
    """What somebody else does meanwhile, on a connection of its own."""

    def __init__(self, act):
        self.wrong = None
        self._thread = threading.Thread(target=self._run, args=(act,))
        self._thread.start()

    def _run(self, act):
        try:
            act()
        except Exception as error:
            self.wrong = error
        finally:
            connection.close()

    def end(self):
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.wrong is None, self.wrong


def test_a_run_that_commits_for_its_org_may_be_cancelled_meanwhile(running):
    """The commit holds the job and refers to the org; who cancels waits for the commit and for nothing else."""
    with transaction.atomic():
        JobContext(running).fence()
        other = Other(lambda: api.cancel(running.pk, "Ann"))
        until(waiting)
        audit.record(running.org, "Fairlead", "commit", "")
    other.end()
    assert Job.objects.get(pk=running.pk).cancel_requested


def test_a_run_that_asks_for_another_job_may_be_cancelled_meanwhile(running):
    """A commit that asks for a job locks the org before its own job, as everybody does."""
    with transaction.atomic():
        orgs.lock(running.org_id)
        JobContext(running).fence()
        other = Other(lambda: api.cancel(running.pk, "Ann"))
        until(waiting)
        api.ask(running.org, "primary_sync")
    other.end()


def test_an_end_that_asks_for_another_job_and_a_cancellation_at_once(running, heard):
    """The end of a job tells listeners, which may ask for jobs: all while somebody cancels."""
    met = []

    def asks(job, failure):
        met.append(Other(lambda: api.cancel(running.pk, "Ann")))
        until(waiting)
        api.ask(running.org, "primary_sync")

    heard(asks)
    _end(running, None)
    met[0].end()
    assert Job.objects.get(pk=running.pk).state == State.DONE
    assert Job.objects.filter(kind="primary_sync").count() == 2
