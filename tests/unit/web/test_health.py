"""Laws of the health endpoint."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_health_is_told_without_a_sign_in() -> None:
    """A supervisor has no account: the endpoint answers anybody, and says only whether the database is reached."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


def test_health_is_read_only() -> None:
    """Nothing is changed by asking, so nothing but asking is allowed."""
    assert Client().post("/healthz").status_code == 405


def test_the_served_application_is_the_one_with_these_addresses() -> None:
    """What uvicorn is told to serve exists, and knows the endpoint that supervisors ask."""
    from django.core.handlers.asgi import ASGIHandler
    from django.urls import reverse

    from fairlead.web.asgi import application

    assert isinstance(application, ASGIHandler)
    assert reverse("healthz") == "/healthz"
