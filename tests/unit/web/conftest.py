"""An admin who is signed in, and jobs as a worker would leave them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fairlead.jobs.models import Job
from fairlead.store.models import Org, RowRefusal, ScopeState
from fairlead.store.orgs import default_org

PASSWORD = "correct-horse-battery-staple"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
STAGES = [
    {"name": "clients", "title": "Clients", "state": "done", "done": 3, "total": 3, "unit": "clients"},
    {"name": "members", "title": "Members", "state": "done", "done": 25_000, "total": 25_000, "unit": "subscribers"},
]
COUNTS = {
    "read": 25_000, "written": 24_990, "unchanged": 0, "refused": 3, "cm_calls": 61, "sf_calls": 40,
    "linked_contact": 11_000, "linked_lead": 5_000, "linked_both": 500, "unlinked": 8_490,
}  # fmt: skip


@pytest.fixture
def org(db: None) -> Org:
    return default_org()


@pytest.fixture
def person(org: Org) -> User:
    return User.objects.create_superuser("admin", password=PASSWORD)


@pytest.fixture
def admin(person: User) -> Client:
    """A browser of somebody who is signed in."""
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def job(org: Org) -> Callable[..., Job]:
    """Makes a job in any state, without an engine behind it."""

    def make(state: str = "done", **fields: Any) -> Job:
        ended = state in ("done", "failed", "cancelled")
        whole = {
            "kind": "primary_sync", "attempt": 1, "stages": STAGES, "counts": COUNTS, "requested_by": "admin",
            "started_at": NOW, "finished_at": NOW + timedelta(seconds=4.2) if ended else None,
        }  # fmt: skip
        return Job.objects.create(org=org, state=state, **{**whole, **fields})

    return make


@pytest.fixture
def refuse(org: Org) -> Callable[..., None]:
    """Notes rows of a job as refused."""
    scope = ScopeState.objects.create(org=org, kind="members", client="c", list="l")

    def note(job: Job, rows: int, code: str, reason: str, *, retryable: bool = False) -> None:
        RowRefusal.objects.bulk_create(
            RowRefusal(
                org=org,
                scope=scope,
                job_id=job.pk,
                key_hash=f"{code} {row}".encode(),
                code=code,
                reason=reason,
                retryable=retryable,
            )
            for row in range(rows)
        )

    return note
