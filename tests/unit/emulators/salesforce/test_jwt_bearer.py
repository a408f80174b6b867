"""The org lets an app in by a signed statement, when it knows the certificate."""

import datetime as dt

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def known(bare, key):
    """The org, with the key's certificate registered over its control route."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(days=9))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    assert bare.control("settings", {"jwt_certificate": pem}).status_code == 200
    return bare


def ask(org, key, algorithm="RS256", **changed):
    me = org.emulator.org.identity
    claims = {
        "iss": me.client_id,
        "sub": me.username,
        "aud": "https://login.salesforce.com",
        "exp": int(org.emulator.org.clock.now().timestamp()) + 180,
    }
    signed = jwt.encode(claims | changed, key, algorithm=algorithm)
    return post(org, signed)


def post(org, assertion):
    body = {"grant_type": GRANT, "assertion": assertion}
    return org.http.post(f"{org.url}/services/oauth2/token", data=body, headers={"Authorization": ""}, timeout=30)


def test_a_signed_statement_gives_a_session_and_no_refresh_token(known, key):
    for audience in ("https://login.salesforce.com", "https://test.salesforce.com", known.url):
        answer = ask(known, key, aud=audience).json()
        assert "refresh_token" not in answer
        known.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        assert known.ask("GET", "/limits").status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"iss": "another"}, "invalid_client_id"),
        ({"sub": "nobody@example.com"}, "invalid_grant"),
        ({"aud": "https://example.com"}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
    ],
)
def test_a_statement_about_something_else_is_refused(known, key, changed, error):
    answer = ask(known, key, **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_only_the_registered_key_counts(known):
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert ask(known, another).json()["error"] == "invalid_grant"
    assert ask(known, "a shared secret of at least 32 bytes", algorithm="HS256").json()["error"] == "invalid_grant"


@pytest.mark.parametrize("assertion", ["", "a.b.c", "é.é.é", "..", "W10.W10.W10", "bnVsbA.bnVsbA."])
def test_what_is_no_statement_is_refused_not_a_fault(known, assertion):
    answer = post(known, assertion)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_how_far_ahead_a_statement_may_end_can_be_set(known, key):
    known.control("settings", {"jwt_seconds": 60})
    assert ask(known, key).json()["error"] == "invalid_grant"


def test_an_app_without_a_certificate_lets_nobody_in(bare, key):
    assert ask(bare, key).json()["error"] == "invalid_app_access"
