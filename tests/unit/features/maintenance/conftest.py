"""An org, jobs as the engine leaves them, and the listener that hears of their ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fairlead.domain.failure import Failure
from fairlead.features.maintenance.listening import Listener
from fairlead.features.maintenance.models import Message
from fairlead.jobs import hearing
from fairlead.jobs.models import Job
from fairlead.store.models import Org
from fairlead.store.orgs import default_org

End = Callable[..., Job]


@pytest.fixture
def org(db: None) -> Org:
    return default_org()


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()
    hearing.provide(heard)
    yield heard
    hearing.provide()


@pytest.fixture
def end(org: Org, listener: Listener) -> End:
    """Ends a job in some state, and has the listener hear of it."""

    def ended(state: str = "done", failure: Failure | None = None, **fields: Any) -> Job:
        whole = {"kind": "primary_sync", "attempt": 1, **fields}
        if failure is not None:
            whole |= {"reason": str(failure), "support_code": failure.code}
        job = Job.objects.create(org=org, state=state, **whole)
        listener.ended(job, failure)
        return job

    return ended


@pytest.fixture
def told(org: Org) -> Callable[..., list[tuple[str, str, int, str]]]:
    """(code, subject, times, state) of every message, oldest first."""

    def read() -> list[tuple[str, str, int, str]]:
        return list(Message.objects.filter(org=org).order_by("id").values_list("code", "subject", "times", "state"))

    return read
