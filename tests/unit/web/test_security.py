"""Laws of the admin's defences: headers, cookies, bounds, and no secret in anything that anybody is shown."""

import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.features.connections import connecting, credentials
from fairlead.features.connections.connecting import FoundOrg
from fairlead.features.connections.credentials import AccountKey, OrgApp
from fairlead.jobs.models import Job
from fairlead.store import logs, secrets, tokens
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from tests.unit.web.conftest import PASSWORD
from tests.unit.web.test_addresses import EVERYTHING

CANARIES = ("canary-api-key-4711", "canary-secret-4712", "canary-other-4713")


class Refusing(BaseHTTPRequestHandler):
    """Both sides, as they are to whoever has the wrong credentials."""

    def do_POST(self) -> None:
        body = b'{"error": "invalid_client", "error_description": "invalid client credentials"}'
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def keeping(transactional_db: None) -> Iterator[Org]:
    """An installation that keeps credentials, each a word that is found nowhere else; both sides refuse them."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url, org = f"http://127.0.0.1:{server.server_port}", default_org()
        details = [ClientDetails("a" * 32, "Client", "Australia", "(GMT+10:00) Brisbane")]
        connecting.store_campaign_monitor(org, url, AccountKey(CANARIES[0]), details, (), "ada")
        kept = OrgApp("key", CANARIES[1])
        found = FoundOrg(url, "00D5e0000000001EAA", "60.0", "0055e000000001AAAQ")
        connecting.store_salesforce(org, url, kept, found, "ada")
        secrets.put(org, "something else", CANARIES[2])
        yield org
        server.shutdown()


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
        if name in ("sign_out", "api_reset", "api_disconnect", "connections_disconnect", "api_campaign_monitor"):
            continue
        browser = program if stranger == 401 else admin
        for method in methods.split():
            answer = browser.generic(method, where)
            text = _whole(answer)
            looked += 1
            shown = text + str(answer.headers).encode()
            assert [word for word in words if word.encode() in shown] == [], (name, method)
    assert looked > 60
    assert [word for word in words if word in log.getvalue()] == []


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


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(person: User) -> None:
    browser = Client()
    browser.get("/sign-in/")
    browser.post("/sign-in/", {"username": "admin", "password": PASSWORD})
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = browser.cookies[name]
        assert cookie["samesite"] == "Lax"
        assert cookie["httponly"]


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


def _whole(answer: Any) -> bytes:
    """All of an answer, a streamed one as well, whichever way it is made."""
    if not answer.streaming:
        return answer.content

    async def gather() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(gather)() if answer.is_async else b"".join(answer.streaming_content)


def test_passwords_are_kept_by_a_slow_hash():
    """Tests use a quick one, so it is the deployment's own list that is looked at."""
    from fairlead.web import django_settings

    assert django_settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
