"""Laws of the health endpoint."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse

from fairlead.web import health

pytestmark = pytest.mark.django_db


def test_health_is_told_without_a_sign_in() -> None:
    """A supervisor has no account: the endpoint answers anybody, and says only that this process answers."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def beat(seconds_ago: float) -> None:
    """A worker has shown a sign of life so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def test_ready_is_who_reaches_the_database_and_finds_its_tables() -> None:
    """Pages are served without a worker, and say what is wrong; a monitor asks whether one beats as well."""
    none = {"database": "ok", "tables": "ok", "worker": "none beats"}
    assert (Client().get("/readyz").status_code, Client().get("/readyz").json()) == (200, none)
    assert Client().get("/readyz?worker=1").status_code == 503
    beat(3600)
    assert Client().get("/readyz?worker=1").status_code == 503
    beat(1)
    answer = Client().get("/readyz?worker=1")
    assert (answer.status_code, answer.json()["worker"]) == (200, "ok")


def test_tables_of_another_version_are_not_ready() -> None:
    """After an upgrade of the code alone nothing is served until the tables follow."""
    health._known.clear()
    MigrationRecorder.Migration.objects.filter(app="store", name="0006_measures").delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["tables"]) == (503, "of another version")
    assert Client().get("/healthz").status_code == 200


def test_health_is_read_only() -> None:
    """Nothing is changed by asking, so nothing but asking is allowed."""
    assert [Client().post(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [405, 405, 405]


async def served(path: str, *received: dict[str, Any]) -> list[Any]:
    """What the application sends to a client that says this."""
    from fairlead.web.asgi import application

    said, sent = list(received), []

    async def receive() -> Any:
        return said.pop(0) if said else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"127.0.0.1")], "query_string": b""}
    await application(scope, receive, send)
    return sent


async def test_a_request_is_carried_out_even_when_its_client_has_left() -> None:
    """An abandoned view would leave a database connection behind, each time, until none is left for anybody."""
    sent = await served("/sign-in/", {"type": "http.request", "body": b"", "more_body": False})
    assert (sent[0]["type"], sent[0]["status"]) == ("http.response.start", 200)
    assert b"Sign in" in b"".join(part.get("body", b"") for part in sent[1:])


async def test_a_client_that_leaves_in_the_midst_of_its_request_gets_nothing() -> None:
    """What was never wholly asked for is not carried out."""
    assert await served("/sign-in/", {"type": "http.request", "body": b"x", "more_body": True}) == []


def test_the_served_application_knows_the_endpoint_that_supervisors_ask() -> None:
    """Its address is written into units and probes."""
    assert [reverse(name) for name in ("healthz", "readyz", "metrics")] == ["/healthz", "/readyz", "/metrics"]
