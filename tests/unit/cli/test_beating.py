"""Health checks by command: a part that runs well here, one that hangs, and none at all."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from asgiref.sync import sync_to_async

from fairlead.cli import beating
from fairlead.jobs import lifeline

PATIENCE = 0.4


@pytest.mark.django_db(transaction=True)
async def test_a_worker_beats_here_as_long_as_its_event_loop_has_its_turn(settings) -> None:
    """A process that is there but hangs is no worker: its silence is seen from outside, without a file of its own."""
    settings.FAIRLEAD_HEARTBEAT_SECONDS, settings.FAIRLEAD_STALE_SECONDS = 0.05, PATIENCE
    beats = sync_to_async(lifeline.beats_here)
    assert await beats(60) == 0
    async with lifeline.Lifeline():
        for _ in range(200):
            if await beats(60):
                break
            await asyncio.sleep(0.05)
        assert await beats(60) == 1
        time.sleep(3 * PATIENCE)  # noqa: ASYNC251 - the loop hangs
        assert lifeline_seconds() > PATIENCE
    assert await beats(60) == 0


def lifeline_seconds() -> float:
    """Since the last beat of this machine; asked by another connection, because the loop must not get its turn."""
    import psycopg
    from procrastinate.contrib.django.utils import connector_params

    with psycopg.connect(**connector_params()) as connection:
        row = connection.execute(
            "select extract(epoch from clock_timestamp() - max(query_start)) from pg_stat_activity "
            "where application_name = %s",
            [lifeline.name_here()],
        ).fetchone()
    assert row
    return float(row[0])


@contextmanager
def web_server(status: int, told: bytes) -> Iterator[int]:
    """Something that answers every question so; gives its port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


READY = json.dumps({"database": "ok", "tables": "ok", "worker": "none beats"}).encode()
NOT_READY = json.dumps({"database": "unreachable", "tables": "unknown", "worker": "unknown"}).encode()


def test_a_web_server_that_is_ready_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    with web_server(200, READY) as port:
        beating.check_web(port, as_json=True)
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_a_web_server_without_its_database_is_not_well() -> None:
    """What is wrong is said, and what to look at."""
    with web_server(503, NOT_READY) as port, pytest.raises(beating.NotWell, match="database unreachable") as told:
        beating.check_web(port, as_json=False)
    assert told.value.code == "FL-641"


def test_where_nothing_or_something_else_answers_there_is_no_web_server() -> None:
    with web_server(200, b"<html>") as port, pytest.raises(beating.NotWell, match="No web server answers"):
        beating.check_web(port, as_json=False)
    with pytest.raises(beating.NotWell, match="No web server answers"):
        beating.check_web(port, as_json=False)


@pytest.mark.django_db
def test_a_machine_without_a_worker_is_told_so() -> None:
    with pytest.raises(beating.NotWell, match="No worker of this machine has beaten within 20 seconds"):
        beating.check_worker(as_json=False)
