"""A worker's signs of life, from a thread of its own, so that heavy work in the event loop cannot starve them.

Two signs, on one connection. A lock that PostgreSQL frees in the moment in which the process dies: a death is known at
once. A heartbeat in the engine's table, which stops when the event loop has not had its turn for too long: a process
that hangs is known after a silence.
"""

import asyncio
import secrets
import socket
import threading
import time
from typing import Self

import psycopg
import structlog
from django.conf import settings
from django.db import connection as django_connection
from procrastinate.contrib.django.utils import connector_params
from procrastinate.worker import Worker

log = structlog.get_logger(__name__)

HERE = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = %s and query_start > now() - make_interval(secs => %s)
"""
BEAT = "update procrastinate_workers set last_heartbeat = now() where id = %s"

_held: int | None = None


def held() -> int | None:
    """The number of this process's lock, to be written beside what it claims; None while it holds none."""
    return _held


def name_here() -> str:
    """What connections of lifelines of this machine, or container, are called in the database."""
    return f"fairlead worker {socket.gethostname()}"[:63]


def beats_here(stale_seconds: float) -> int:
    """Workers of this very machine, or container, that have shown a sign of life within this time."""
    with django_connection.cursor() as cursor:
        cursor.execute(HERE, [name_here(), stale_seconds])
        return int(cursor.fetchone()[0])


class Lifeline(threading.Thread):
    """Use with `async with`: begins with the block and ends with it. `worker` is set by the engine's loop."""

    def __init__(self) -> None:
        super().__init__(name="lifeline", daemon=True)
        self.worker: Worker | None = None
        self._every: float = settings.FAIRLEAD_HEARTBEAT_SECONDS
        self._patience: float = settings.FAIRLEAD_STALE_SECONDS
        self._login = connector_params()
        self._loop_seen_at = time.monotonic()
        self._over = threading.Event()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._see_the_loop(), name="lifeline")
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await asyncio.to_thread(self.join)
        if self._watch is not None:
            self._watch.cancel()

    async def _see_the_loop(self) -> None:
        while True:
            self._loop_seen_at = time.monotonic()
            await asyncio.sleep(self._every / 2)

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._hold()
            except psycopg.Error as error:
                log.warning("lifeline broke", error=type(error).__name__)
                self._over.wait(self._every)

    def _hold(self) -> None:
        global _held  # noqa: PLW0603 (one process is one worker)
        number = secrets.randbits(62)
        try:
            login = {**self._login, "application_name": name_here()}
            with psycopg.connect(**login, autocommit=True, connect_timeout=10) as connection:
                connection.execute("select pg_advisory_lock(%s)", [number])
                _held = number
                while not self._over.wait(self._every):
                    # Without a turn of the event loop nothing is said at all: the silence is what `beats_here` sees.
                    if time.monotonic() - self._loop_seen_at < self._patience:
                        connection.execute(BEAT, [self.worker.worker_id if self.worker else None])
        finally:
            _held = None
