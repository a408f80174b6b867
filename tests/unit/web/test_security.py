"""Laws of the admin's defences: headers, cookies, bounds, and no secret in anything that anybody is shown."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.features.connections import connecting, credentials
from fairlead.features.connections.connecting import FoundOrg
from fairlead.features.connections.credentials import AccountKey, OrgGrant
from fairlead.jobs.models import Job
from fairlead.store import logs, tokens
from fairlead.store.models import Org
from tests.unit.web.test_addresses import EVERYTHING

CANARIES = ("canary-api-key-4711", "canary-secret-4712", "canary-refresh-4713", "canary-access-4714")


@pytest.fixture
def keeping(org: Org) -> Org:
    """An installation that keeps credentials, each a word that is found nowhere else."""
    details = [ClientDetails("a" * 32, "Client", "Australia", "(GMT+10:00) Brisbane")]
    connecting.store_campaign_monitor(org, "http://127.0.0.1:9", AccountKey(CANARIES[0]), details, (), "ada")
    grant = OrgGrant("key", CANARIES[1], CANARIES[2], CANARIES[3], "http://127.0.0.1:9", "/id/x/y")
    found = FoundOrg("http://127.0.0.1:9", "00D5e0000000001EAA", "60.0", "0055e000000001AAAQ")
    connecting.store_salesforce(org, "http://127.0.0.1:9", grant, found, "ada")
    return org


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process logs meanwhile."""
    written = io.StringIO()
    logs.configure(form="json", level="DEBUG", stream=written)
    yield written
    logs.configure()


def test_no_secret_is_shown_by_any_page_or_endpoint_or_logged(
    keeping: Org, admin: Client, job: Callable[..., Job], log: io.StringIO
) -> None:
    """Every address × both methods: neither what is kept sealed, nor a token of the API, nor our own key."""
    job("failed")
    token = tokens.create(keeping, "t", "command line", expires_at=None)
    words = (*CANARIES, token, *settings.FAIRLEAD_SECRET_KEYS)
    assert credentials.salesforce(keeping) is not None
    program = Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})
    admin.raise_request_exception = False
    looked = 0
    for name, (where, stranger, methods) in EVERYTHING.items():
        if name in ("sign_out", "api_reset", "api_disconnect", "connections_disconnect", *SLOW):
            continue
        browser = program if stranger == 401 else admin
        for method in methods.split():
            answer = browser.generic(method, where)
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content
            looked += 1
            shown = text + str(answer.headers).encode()
            assert [word for word in words if word.encode() in shown] == [], (name, method)
    assert looked > 60
    assert [word for word in words if word in log.getvalue()] == []


SLOW = ("sign_in_salesforce_callback",)


@pytest.mark.parametrize("where", ["/", "/sign-in/", "/nowhere/", "/api/v1/sync", "/healthz"])
def test_every_answer_carries_the_headers_that_browsers_obey(where: str, admin: Client) -> None:
    answer = admin.get(where)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = answer["Content-Security-Policy"]
    for part in (
        "default-src 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    assert "Server" not in answer
    assert "X-Powered-By" not in answer


@pytest.mark.parametrize("where", ["/sign-in/", "/account/", "/user-security/", "/people/"])
def test_pages_with_people_or_credentials_are_not_kept_by_browsers(where: str, admin: Client) -> None:
    assert "no-store" in admin.get(where)["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(admin: Client) -> None:
    admin.get("/sign-in/")
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = admin.cookies[name]
        assert cookie["samesite"] == "Lax"
        if name == settings.CSRF_COOKIE_NAME:
            assert cookie["httponly"]
    assert settings.SESSION_COOKIE_HTTPONLY


def test_behind_https_cookies_are_for_this_host_alone_and_browsers_stay_with_https(tmp_path: Path) -> None:
    """Settings are read once: another process reads them with another address."""
    ask = (
        "import json; from django.conf import settings as s; print(json.dumps([s.SESSION_COOKIE_NAME, "
        "s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS]))"
    )
    environment = {
        "PATH": "/usr/bin", "PYTHONPATH": ":".join(sys.path), "FAIRLEAD_HOME": str(tmp_path),
        "FAIRLEAD_SECRET_KEY": "k" * 40, "FAIRLEAD_PUBLIC_URL": "https://fairlead.example.com",
        "DJANGO_SETTINGS_MODULE": "fairlead.web.django_settings", "FAIRLEAD_DATABASE_URL": "postgresql://x@localhost/x",
    }  # fmt: skip
    told = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == '["__Host-fairlead", "__Host-fairlead-csrf", true, true, 31536000]'


def test_bodies_are_bounded(admin: Client) -> None:
    """More than a form of ours can hold is refused before anything reads it."""
    too_much = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    assert admin.post("/sign-in/", too_much, content_type="application/x-www-form-urlencoded").status_code == 400
    many = {f"field{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert admin.post("/account/", many).status_code == 400
    answer = admin.post("/api/v1/sync", too_much, content_type="application/json")
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "FL-249"


@override_settings(ALLOWED_HOSTS=["fairlead.example.com"])
def test_a_host_that_is_not_ours_is_not_answered(admin: Client) -> None:
    """A forged Host header gets into no link and no redirect."""
    assert admin.get("/", headers={"host": "evil.example.org"}).status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "http:///evil.example.com",
        "\tjavascript:1",
    ],
)
def test_no_redirect_leads_to_other_sites(target: str, admin: Client) -> None:
    """Wherever a page takes the next page from the request, only ours are taken."""
    answers = [
        admin.post("/settings/primary_sync/", {"next": target}),
        admin.get("/sign-in/", {"next": target}),
        admin.get("/people/", {"next": target}),
    ]
    assert [answer["Location"] for answer in answers if "Location" in answer and "evil" in answer["Location"]] == []


def boom(request: HttpRequest) -> HttpResponse:
    """A view with a fault."""
    raise ValueError(f"canary words of {request.path}")


urlpatterns = [path("boom/", boom)]


@override_settings(ROOT_URLCONF=__name__)
def test_an_error_of_ours_tells_nothing_of_the_program(admin: Client) -> None:
    """No traceback, no message, no path of the program."""
    admin.raise_request_exception = False
    answer = admin.get("/boom/")
    assert answer.status_code == 500
    assert b"Something went wrong" in answer.content
    for word in (b"Traceback", b"canary", b"test_security", b"ValueError"):
        assert word not in answer.content
