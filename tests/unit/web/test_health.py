"""Laws of the health endpoint."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_health_is_told_without_a_sign_in() -> None:
    """A supervisor has no account: the endpoint answers anybody, and says only whether the database is reached."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


def test_health_is_read_only() -> None:
    """Nothing is changed by asking, so nothing but asking is allowed."""
    assert Client().post("/healthz").status_code == 405


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
    assert reverse("healthz") == "/healthz"
