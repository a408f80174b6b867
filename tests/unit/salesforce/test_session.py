"""Signing in, and staying signed in."""

import asyncio
import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fairlead.salesforce import AccessToken, ClientCredentials, JwtBearer, RefreshToken, connect
from fairlead.salesforce.errors import RequestWrong, SessionRefused, SetupRefused, Unavailable
from fairlead.salesforce.login import audience_of
from tests.unit.salesforce.conftest import HASTE
from tests.unit.salesforce.fake_org import DATA, Cut, FakeOrg, Says, refusal

TOKEN = "/services/oauth2/token"


def sessions(org: FakeOrg):
    """The token door: token-1, token-2 …; every call wants the newest one."""
    state = {"n": 0}

    def sign_in(seen):
        state["n"] += 1
        return Says(
            {
                "access_token": f"token-{state['n']}",
                "instance_url": org.url,
                "id": f"https://login.example.com/id/00D/{state['n']}",
                "refresh_token": f"refresh-{state['n']}",
            }
        )

    org.on("POST", TOKEN, sign_in)
    return state


def limits_for(token: str):
    def answer(seen):
        if seen.headers["Authorization"] == f"Bearer {token}":
            return Says({"DailyApiRequests": {"Max": 100, "Remaining": 40}})
        return refusal("INVALID_SESSION_ID", status=401)

    return answer


async def test_client_credentials_are_posted_to_the_login_host(org):
    sessions(org)
    async with connect(ClientCredentials(org.url, "id", "secret"), **HASTE) as sf:
        assert sf.api_version == "67.0"
    (asked,) = org.asked("POST", TOKEN)
    assert asked.body == b"grant_type=client_credentials&client_id=id&client_secret=secret"


async def test_client_credentials_are_never_sent_to_the_shared_login_host():
    with pytest.raises(SetupRefused, match="My Domain"):
        async with connect(ClientCredentials("https://login.salesforce.com", "id", "secret")):
            pass


@pytest.mark.parametrize(("code", "kind"), [("invalid_client", SetupRefused), ("invalid_grant", SessionRefused)])
async def test_a_refused_sign_in_says_what_to_do_and_never_repeats_the_secret(org, code, kind):
    org.on("POST", TOKEN, Says({"error": code, "error_description": "no"}, 400))
    with pytest.raises(kind) as caught:
        async with connect(ClientCredentials(org.url, "id", "hush-hush")):
            pass
    assert caught.value.step
    assert "hush-hush" not in str(caught.value)


async def test_a_host_that_does_not_answer_is_a_fault_of_the_moment():
    with pytest.raises(Unavailable, match="No answer"):
        async with connect(ClientCredentials("http://127.0.0.1:9", "id", "secret"), **HASTE):
            pass


async def test_a_page_instead_of_a_token_points_at_the_login_address(org):
    org.on("POST", TOKEN, Says("<html>"))
    with pytest.raises(SetupRefused, match="My Domain"):
        async with connect(ClientCredentials(org.url, "id", "secret")):
            pass


async def test_a_login_address_that_is_none_is_refused_by_name():
    with pytest.raises(SetupRefused, match="ftp://x"):
        async with connect(ClientCredentials("ftp://x", "id", "secret")):
            pass


async def test_an_ended_session_is_renewed_once_for_all_waiting_tasks(org):
    """Ten calls that fail together cost one sign-in, and all succeed."""
    state = sessions(org)
    org.on("GET", f"{DATA}/limits", limits_for("token-2"))
    async with connect(ClientCredentials(org.url, "id", "secret"), **HASTE) as sf:
        found = await asyncio.gather(*(sf.limits() for _ in range(10)))
    assert state["n"] == 2
    assert {answer["DailyApiRequests"].used for answer in found} == {60}


async def test_a_session_refused_twice_is_given_up(org):
    state = sessions(org)
    org.on("GET", f"{DATA}/limits", limits_for("never"))
    async with connect(ClientCredentials(org.url, "id", "secret"), **HASTE) as sf:
        with pytest.raises(SessionRefused, match="Sign in to Salesforce again"):
            await sf.limits()
    assert state["n"] == 2


async def test_an_access_token_that_ends_cannot_be_renewed(sf, org):
    org.on("GET", f"{DATA}/limits", limits_for("another"))
    with pytest.raises(SessionRefused, match="cannot be renewed"):
        await sf.limits()


async def test_every_rotated_refresh_token_is_stored_before_it_is_used(org):
    state = sessions(org)
    org.on("GET", f"{DATA}/limits", limits_for("token-2"))
    stored: list[tuple[str, int]] = []

    async def store(token: str) -> None:
        stored.append((token, len(org.asked("GET", f"{DATA}/limits"))))

    async with connect(RefreshToken(org.url, "id", None, "refresh-0", store), **HASTE) as sf:
        await sf.limits()
    assert [token for token, _ in stored] == ["refresh-1", "refresh-2"]
    assert [seen.body for seen in org.asked("POST", TOKEN)] == [
        b"grant_type=refresh_token&client_id=id&refresh_token=refresh-0",
        b"grant_type=refresh_token&client_id=id&refresh_token=refresh-1",
    ]
    assert stored[1][1] == 1, "the second token was stored before the call was repeated"
    assert state["n"] == 2


async def test_a_refresh_token_that_could_not_be_stored_is_stored_before_it_is_used(org):
    """The call ends; the next one stores that token first, for the one before it is spent."""
    sessions(org)
    stored = []

    async def store(token: str) -> None:
        stored.append((token, len(org.asked("POST", TOKEN))))
        if len(stored) == 1:
            raise OSError("disk full")

    login = RefreshToken(org.url, "id", "secret", "refresh-0", store)
    with pytest.raises(OSError, match="disk full"):
        async with connect(login, **HASTE):
            pass
    async with connect(login, **HASTE):
        pass
    assert stored == [("refresh-1", 1), ("refresh-1", 1), ("refresh-2", 2)]
    assert b"refresh_token=refresh-1" in org.asked("POST", TOKEN)[1].body


def test_a_jwt_is_signed_for_three_minutes_and_verifies():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    token = JwtBearer("https://login.salesforce.com", "app", "admin@example.com", pem).assertion(1_000.0)
    head, claims, signature = token.split(".")

    def plain(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert json.loads(plain(head)) == {"alg": "RS256"}
    assert json.loads(plain(claims)) == {
        "iss": "app",
        "sub": "admin@example.com",
        "aud": "https://login.salesforce.com",
        "exp": 1180,
    }
    key.public_key().verify(plain(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_a_jwt_is_posted_to_the_login_host(org):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    sessions(org)
    async with connect(JwtBearer(org.url, "app", "admin@example.com", pem), **HASTE):
        pass
    assert org.asked("POST", TOKEN)[0].body.startswith(
        b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"
    )


def test_a_key_that_is_none_is_refused_before_it_is_used():
    with pytest.raises(SetupRefused, match="RSA"):
        JwtBearer("https://login.salesforce.com", "app", "admin@example.com", b"no key").assertion(0)


def test_secrets_stay_out_of_representations():
    async def store(token: str) -> None: ...

    shown = repr(
        [
            ClientCredentials("https://a.example.com", "id", "hush-hush"),
            RefreshToken("https://a.example.com", "id", "hush-hush", "hush-hush", store),
            AccessToken("https://a.example.com", "hush-hush"),
            JwtBearer("https://a.example.com", "id", "user", b"hush-hush"),
        ]
    )
    assert "hush-hush" not in shown


async def test_the_identity_is_asked_of_the_orgs_own_host(org):
    """The identity address of the token answer may name the login host: only its path is used."""
    sessions(org)
    org.on("GET", "/id/00D/1", Says({"user_id": "005", "organization_id": "00D", "username": "a@example.com"}))
    async with connect(ClientCredentials(org.url, "id", "secret"), **HASTE) as sf:
        assert (await sf.identity()).organization_id == "00D"


async def test_the_identity_of_a_bare_token_comes_from_userinfo(sf, org):
    org.on("GET", "/services/oauth2/userinfo", Says({"user_id": "005", "organization_id": "00D", "name": "A"}))
    assert (await sf.identity()).display_name == "A"


@pytest.mark.parametrize(
    ("offered", "wanted", "chosen"),
    [(["59.0", "60.0"], None, "60.0"), (["60.0", "67.0", "70.0"], None, "67.0"), (["59.0", "61.0"], "59", "59.0")],
)
async def test_the_version_is_the_newest_that_both_sides_know(org, offered, wanted, chosen):
    org.on("GET", "/services/data", Says([{"version": v} for v in offered]))
    async with connect(AccessToken(org.url, "t"), api_version=wanted, **HASTE) as sf:
        assert sf.api_version == chosen
        assert [v.version for v in await sf.versions()] == offered


@pytest.mark.parametrize(("offered", "wanted"), [(["57.0"], None), ([], None), (["60.0"], "59.0")])
async def test_no_common_version_is_said_with_what_is_offered(org, offered, wanted):
    org.on("GET", "/services/data", Says([{"version": v} for v in offered]))
    with pytest.raises(SetupRefused, match="offers API versions"):
        async with connect(AccessToken(org.url, "t"), api_version=wanted, **HASTE):
            pass


async def test_calls_carry_our_name_so_that_echoes_can_be_told(sf, org):
    org.on("GET", f"{DATA}/limits", Says({}))
    await sf.limits()
    assert org.asked("GET", f"{DATA}/limits")[0].headers["Sforce-Call-Options"] == "client=fairlead"


async def test_calls_are_reported_without_record_values(sf, org, calls):
    org.on("PATCH", f"{DATA}/sobjects/X/Key__c/ada%40example.com", Says({"id": "1", "created": True}, 201))
    await sf.records.upsert("X", "Key__c", "ada@example.com", {})
    assert (calls[-1].method, calls[-1].door, calls[-1].status) == ("PATCH", "record", 201)
    assert "ada" not in repr(calls)


async def test_reads_are_repeated_on_faults_of_the_moment(sf, org):
    """A 503, a cut connection and half a page, then the answer."""
    org.on("GET", f"{DATA}/limits", Says("busy", 503), Cut, Says('{"a":'), Says({"A": {"Max": 2, "Remaining": 1}}))
    assert (await sf.limits())["A"].remaining == 1
    assert len(org.asked("GET", f"{DATA}/limits")) == 4


async def test_repeats_are_bounded(sf, org):
    org.on("GET", f"{DATA}/limits", Says("busy", 500))
    with pytest.raises(Unavailable):
        await sf.limits()
    assert len(org.asked("GET", f"{DATA}/limits")) == 4


async def test_a_spent_quota_stops_at_once(sf, org):
    org.on("GET", f"{DATA}/limits", refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403))
    with pytest.raises(Unavailable, match="24 hours"):
        await sf.limits()
    assert len(org.asked("GET", f"{DATA}/limits")) == 1


async def test_too_many_requests_at_once_is_waited_out(sf, org):
    org.on(
        "GET",
        f"{DATA}/limits",
        refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 403),
        Says({}),
    )
    assert await sf.limits() == {}


async def test_a_redirect_is_not_followed(sf, org):
    org.on("GET", f"{DATA}/limits", Says("", 302, {"Location": "http://example.com/"}))
    with pytest.raises(RequestWrong):
        await sf.limits()


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://login.salesforce.com", "login"),
        ("https://test.salesforce.com", "test"),
        ("https://acme.my.salesforce.com", "login"),
        ("https://acme--dev.sandbox.my.salesforce.com", "test"),
    ],
)
def test_a_statement_names_the_login_host_of_its_kind_of_org(address, host):
    """Production and My Domain: login; sandboxes: test."""
    assert audience_of(address) == f"https://{host}.salesforce.com"
