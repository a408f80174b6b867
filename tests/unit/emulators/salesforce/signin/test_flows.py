"""Ways in: what the screen and the token door refuse, scopes, OpenID, devices, passwords, identity in three formats."""

import base64
import json
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.unit.emulators.salesforce.test_access import token

BACK = "http://127.0.0.1:1/back"


def screen(org, method="GET", data=None, **query):
    asked = {"response_type": "code", "client_id": org.emulator.org.identity.client_id, "redirect_uri": BACK, **query}
    url = f"{org.url}/services/oauth2/authorize"
    return org.http.request(method, url, params=asked, data=data, allow_redirects=False, timeout=30)


def returned(answer):
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def code(org, **query):
    return returned(screen(org, "POST", {"answer": "allow"}, **query))["code"]


def redeemed(org, **query):
    grant = {"grant_type": "authorization_code", "redirect_uri": BACK}
    return token(org, **grant, code=code(org, **query)).json()


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain", "code_challenge": "x"}, "invalid_request"),
        ({"scope": "api everything"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_the_app_is_told_at_its_own_address_what_it_asked_wrongly(bare, query, error):
    back = returned(screen(bare, state="s", **query))
    assert (back["error"], back["state"]) == (error, "s")
    assert back["error_description"]


@pytest.mark.parametrize(
    "query",
    [{"client_id": "none"}, {"redirect_uri": ""}, {"redirect_uri": "javascript:alert(1)"}, {"redirect_uri": "nowhere"}],
)
def test_a_way_back_that_is_not_to_be_trusted_is_not_taken(bare, query):
    answer = screen(bare, **query)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_only_the_apps_own_addresses_are_ways_back_when_they_are_named(bare):
    bare.control("settings", {"redirect_uris": ["https://app.example.com/back"]})
    assert "redirect_uri_mismatch" in screen(bare).text
    assert screen(bare, redirect_uri="https://app.example.com/back").status_code == 200


def test_the_app_gets_the_scopes_it_asked_for_and_a_refresh_token_only_with_its_scope(bare):
    assert redeemed(bare)["scope"] == "refresh_token api id"
    assert "refresh_token" in redeemed(bare, scope="api refresh_token")
    only = redeemed(bare, scope="api id")
    assert (only["scope"], "refresh_token" in only) == ("api id", False)


def test_a_code_grows_old(bare):
    late = code(bare)
    bare.control("clock", {"advance_seconds": 901})
    answer = token(bare, grant_type="authorization_code", redirect_uri=BACK, code=late)
    assert (answer.json()["error"], answer.json()["error_description"]) == (
        "invalid_grant",
        "expired authorization code",
    )


def part(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_an_id_token_is_signed_by_the_key_that_discovery_leads_to(bare):
    found = bare.http.get(f"{bare.url}/.well-known/openid-configuration", timeout=30).json()
    assert found["token_endpoint"] == f"{bare.url}/services/oauth2/token"
    (key,) = bare.http.get(found["jwks_uri"], timeout=30).json()["keys"]
    answer = redeemed(bare, scope="openid api")
    head, body, signature = answer["id_token"].split(".")
    public = rsa.RSAPublicNumbers(65_537, int.from_bytes(part(key["n"]), "big")).public_key()
    public.verify(part(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    claims = json.loads(part(body))
    assert (claims["iss"], claims["sub"], claims["aud"]) == (
        bare.url,
        answer["id"],
        bare.emulator.org.identity.client_id,
    )
    assert "id_token" not in redeemed(bare, scope="api")


def test_a_device_waits_until_a_person_allows_it(bare):
    begun = token(bare, response_type="device_code").json()
    poll = {"grant_type": "device", "code": begun["device_code"]}
    assert token(bare, **poll).json()["error"] == "authorization_pending"
    press = {"user_code": begun["user_code"].lower(), "answer": "allow"}
    assert "go back" in bare.http.post(begun["verification_uri"], data=press, timeout=30).text
    assert token(bare, **poll).json()["refresh_token"]
    assert token(bare, **poll).json()["error"] == "invalid_grant"
    assert "not known" in bare.http.get(begun["verification_uri"], params={"user_code": "NONE"}, timeout=30).text


def test_a_device_may_be_denied_and_does_not_wait_for_ever(bare):
    begun = token(bare, response_type="device_code").json()
    bare.http.post(begun["verification_uri"], data={"user_code": begun["user_code"], "answer": "deny"}, timeout=30)
    assert token(bare, grant_type="device", code=begun["device_code"]).json()["error"] == "access_denied"
    begun = token(bare, response_type="device_code").json()
    bare.control("clock", {"advance_seconds": 601})
    assert token(bare, grant_type="device", code=begun["device_code"]).json()["error"] == "invalid_grant"
    assert token(bare, response_type="device_code", client_id="none").json()["error"] == "invalid_client_id"


def test_the_password_flow_is_off_unless_set_otherwise(bare):
    me = bare.emulator.org.identity.username
    asked = {"grant_type": "password", "username": me, "password": "secret"}
    assert token(bare, **asked).json()["error"] == "unsupported_grant_type"
    bare.control("settings", {"username_password_flow": True, "password": "secret"})
    assert token(bare, **asked).json()["access_token"]
    assert token(bare, **asked | {"password": "wrong"}).json()["error"] == "invalid_grant"


def test_client_credentials_are_for_the_orgs_own_host(bare):
    me = bare.emulator.org.identity
    form = {"grant_type": "client_credentials", "client_id": me.client_id, "client_secret": me.client_secret}
    url = f"{bare.url}/services/oauth2/token"
    answer = bare.http.post(url, data=form, headers={"Host": "login.salesforce.com"}, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "Basic"])
def test_a_malformed_basic_header_is_a_wrong_client(bare, header):
    url = f"{bare.url}/services/oauth2/token"
    answer = bare.http.post(
        url, data={"grant_type": "client_credentials"}, headers={"Authorization": header}, timeout=30
    )
    assert (answer.status_code, answer.json()["error"][:14]) == (400, "invalid_client")


def identity(org, **more):
    me = org.emulator.org.identity
    return org.http.get(f"{org.url}/id/{me.org_id}/{me.user_id}", timeout=30, **more)


def test_the_identity_is_told_in_three_formats(bare):
    me = bare.emulator.org.identity
    assert identity(bare).json()["username"] == me.username
    for more in ({"headers": {"Accept": "application/xml"}}, {"params": {"format": "xml"}}):
        root = ET.fromstring(identity(bare, **more).text)
        assert (root.findtext("username"), root.findtext("active")) == (me.username, "true")
        assert root.find("urls").findtext("rest").endswith("/services/data/v{version}/")
    flat = parse_qs(identity(bare, headers={"Accept": "application/x-www-form-urlencoded"}).text)
    assert flat["username"] == [me.username]
    assert flat["urls.rest"][0].endswith("/services/data/v{version}/")


def test_the_identity_refuses_in_words_of_its_own(bare):
    me = bare.emulator.org.identity
    wrong = bare.http.get(f"{bare.url}/id/00D000000000062EAA/{me.user_id}", timeout=30)
    assert (wrong.status_code, wrong.text) == (403, "Wrong_Org")
    assert bare.http.get(f"{bare.url}/id/{me.org_id}/0035e0000000001AAA", timeout=30).text == "Bad_Id"
    for path in (f"/id/{me.org_id}/{me.user_id}", "/services/oauth2/userinfo"):
        bad = bare.http.get(bare.url + path, headers={"Authorization": "Bearer nonsense"}, timeout=30)
        assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")
        assert bare.http.get(bare.url + path, headers={"Authorization": ""}, timeout=30).text == "Missing_OAuth_Token"


def test_only_the_app_may_introspect(bare):
    url = f"{bare.url}/services/oauth2/introspect"
    me = bare.emulator.org.identity
    mine = {"client_id": me.client_id, "client_secret": me.client_secret, "token": bare.emulator.sessions.first}
    assert bare.http.post(url, data=mine, headers={"Authorization": ""}, timeout=30).json()["active"]
    answer = bare.http.post(url, data=mine | {"client_secret": "no"}, headers={"Authorization": ""}, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_id_token_carries_the_nonce_that_was_asked_with(bare):
    def nonce(**asked):
        claims = json.loads(part(redeemed(bare, scope="openid", **asked)["id_token"].split(".")[1]))
        return claims.get("nonce")

    assert nonce(nonce="once-only") == "once-only"
    assert nonce() is None
