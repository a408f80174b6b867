"""Who hears of what happens to jobs: rooms stay strangers to the engine, and the engine to rooms. The wiring provides one."""

from datetime import datetime
from types import TracebackType
from typing import Protocol

import structlog
from django.db import transaction

from fairlead.domain.failure import Failure
from fairlead.jobs.models import Job, Schedule

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Hears of ends and of time. What it raises is logged: nothing that it does may stop a job or a worker."""

    def ended(self, job: Job, failure: Failure | None) -> None:
        """A job has ended, in the transaction of its end. `failure` says why it failed where that is known."""
        ...

    def schedule_broken(self, schedule: Schedule, failure: Failure) -> None:
        """A schedule is due and its next run cannot be computed."""
        ...

    def schedule_kept(self, schedule: Schedule) -> None:
        """A schedule has asked for its job."""
        ...

    def ticked(self, now: datetime) -> None:
        """Some seconds have passed."""
        ...

    def hour_passed(self, now: datetime) -> None:
        """Time to delete what is too old."""
        ...


_listeners: list[Listener] = []


def provide(*listeners: Listener) -> None:
    """Say who hears; a later call replaces an earlier one."""
    _listeners[:] = listeners


def ended(job: Job, failure: Failure | None) -> None:
    """Tell of a job's end; call it in the transaction that ends the job."""
    for listener in _listeners:
        with _Safely("ended"):
            listener.ended(job, failure)


def schedule_broken(schedule: Schedule, failure: Failure) -> None:
    """Tell of a schedule that cannot be kept."""
    for listener in _listeners:
        with _Safely("schedule broken"):
            listener.schedule_broken(schedule, failure)


def schedule_kept(schedule: Schedule) -> None:
    """Tell of a schedule that asked for its job."""
    for listener in _listeners:
        with _Safely("schedule kept"):
            listener.schedule_kept(schedule)


def ticked(now: datetime) -> None:
    """Tell that some seconds have passed."""
    for listener in _listeners:
        with _Safely("ticked"):
            listener.ticked(now)


def hour_passed(now: datetime) -> None:
    """Tell that an hour has passed."""
    for listener in _listeners:
        with _Safely("hour passed"):
            listener.hour_passed(now)


class _Safely:
    """A savepoint: what fails inside is undone and logged, and the transaction around it goes on."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._point = transaction.atomic()

    def __enter__(self) -> None:
        self._point.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._point.__exit__(kind, error, trace)
        if isinstance(error, Exception):
            log.error("a listener failed", what=self._what, exc_info=error)
            return True
        return False
