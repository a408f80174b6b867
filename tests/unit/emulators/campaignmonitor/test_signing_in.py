"""Laws of credentials, prefixes and the transport's conventions."""

import gzip
import json
from urllib.parse import quote, urlencode

import pytest

from fairlead_emulators.campaignmonitor.auth import TOKEN_LIFE_S
from tests.unit.emulators.campaignmonitor.conftest import assert_refused
from tests.unit.emulators.http import basic

CLIENTS = "/api/v3.3/clients.json"


@pytest.mark.parametrize("path", [CLIENTS, "/api/v3.3/definitely-not-real.json", "/api/v3.4/systemdate.json"])
@pytest.mark.parametrize("authorization", [None, basic("wrong"), "Basic !!!", "Digest x"])
def test_authentication_comes_before_routing(account, path, authorization):
    """No header and a wrong key are byte-identical, also on paths that do not exist."""
    reply = account.caller(authorization)("GET", path)
    assert (reply.status, reply.body) == (401, b'{"Code":100,"Message":"Invalid API Key"}')


@pytest.mark.parametrize("path", ["/api/v9.9/systemdate.json", "/api/v4.0/clients.json"])
def test_other_majors_are_not_found_without_a_look_at_credentials(account, path):
    assert account.caller(None)("GET", path).status == 404


def test_unknown_paths_are_not_found_after_signing_in(account):
    assert_refused(account.call("GET", "/api/v3.3/definitely-not-real.json"), 404, 404)
    assert_refused(account.call("GET", "/api/v3.4/systemdate.json"), 404, 404)
    assert_refused(account.call("DELETE", CLIENTS), 404, 404)


@pytest.mark.parametrize("version", ["v3", "v3.1", "v3.2", "v3.3", "V3.3"])
def test_four_versions_are_served(account, version):
    assert len(account.call("GET", f"/api/{version}/clients.json").json) == 2


def test_paths_query_names_and_body_names_match_whatever_their_case(account):
    wide = account.lists["Wide"].upper()
    body = {"emailADDRESS": "case@example.com", "CONSENTTOTRACK": "yes", "nAme": "Case"}
    assert account.call("POST", f"/API/v3.3/SubScribers/{wide}.JSON", body).status == 201
    reply = account.call("GET", f"/api/v3.3/subscribers/{wide}.json", EMAIL="CASE@EXAMPLE.COM")
    assert (reply.json["EmailAddress"], reply.json["Name"]) == ("case@example.com", "Case")


def test_empty_parameters_count_as_absent(account):
    plain = account.members("Crowd", "active").json
    assert account.members("Crowd", "active", date="", page="", pagesize="", orderfield="").json == plain


def test_json_without_suffix_needs_the_accept_header(account):
    assert account.call("GET", "/api/v3.3/clients", headers={"Accept": "application/json"}).status == 200


@pytest.mark.parametrize("path", ["/api/v3.3/clients.xml", "/api/v3.3/clients"])
def test_xml_is_refused_with_what_to_do(account, path):
    reply = account.call("GET", path)
    assert reply.status == 406
    assert "end the path in .json" in reply.body.decode()


def test_answers_are_json_in_utf8_and_zipped_for_those_who_accept(account):
    plain = account.members("Crowd", "active", pagesize=100)
    zipped = account.call(
        "GET",
        f"/api/v3.3/lists/{account.lists['Crowd']}/active.json",
        headers={"Accept-Encoding": "gzip, deflate"},
        pagesize=100,
    )
    assert plain.headers["content-type"] == "application/json; charset=utf-8"
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.raw) == plain.body
    assert len(zipped.raw) < len(plain.raw) / 3


def test_pretty_is_the_same_with_white_space(account):
    plain, pretty = account.call("GET", CLIENTS), account.call("GET", CLIENTS, pretty="true")
    assert pretty.json == plain.json
    assert pretty.body.count(b"\n") > 4


def test_a_clients_key_sees_its_client_only(account):
    details = account.call("GET", f"/api/v3.3/clients/{account.clients['South']}.json").json
    call = account.caller(basic(details["ApiKey"], ""))
    assert [each["Name"] for each in call("GET", CLIENTS).json] == ["South"]
    assert call("GET", f"/api/v3.3/lists/{account.lists['Wide']}.json").status == 200
    assert_refused(call("GET", f"/api/v3.3/clients/{account.clients['North']}.json"), 401, 102)
    assert_refused(call("GET", f"/api/v3.3/lists/{account.lists['Crowd']}/active.json"), 401, 102)
    assert_refused(call("POST", CLIENTS, {"CompanyName": "Mine"}), 401, 60)


def test_unknown_resources_are_401_with_their_own_codes(account):
    assert_refused(account.call("GET", f"/api/v3.3/clients/{'0' * 32}.json"), 401, 102)
    assert_refused(account.call("GET", f"/api/v3.3/lists/{'0' * 32}.json"), 401, 101)


def test_tokens_live_14_days_and_a_refresh_gives_a_new_one(account):
    ready = account.emulator.ready()
    call = account.caller(f"Bearer {ready['access_token']}")
    assert call("GET", CLIENTS).status == 200
    account.emulator.clock.advance(TOKEN_LIFE_S)
    reply = call("GET", CLIENTS)
    assert (reply.status, reply.body) == (401, b'{"Code":121,"Message":"Expired OAuth Token"}')
    fresh = _refresh(account, ready["refresh_token"])
    assert fresh.json["expires_in"] == TOKEN_LIFE_S
    assert fresh.json["refresh_token"] == ready["refresh_token"], "a refresh keeps its refresh token"
    assert account.caller(f"Bearer {fresh.json['access_token']}")("GET", CLIENTS).status == 200


def test_refresh_tokens_must_be_encoded(account):
    token = account.emulator.ready()["refresh_token"]
    assert "+" in token
    bad = account.call("POST", "/oauth/token", f"grant_type=refresh_token&refresh_token={token}".encode())
    assert bad.status == 400
    assert bad.json == {
        "error": "invalid_grant",
        "error_description": "Specified refresh_token was invalid or expired",
    }
    assert quote(token, safe="") != token
    assert _refresh(account, token).status == 200


def test_unknown_codes_are_denied(account):
    reply = account.call("POST", "/oauth/token", b"grant_type=authorization_code&code=nope")
    assert (reply.status, reply.json["error_description"]) == (400, "Specified code was invalid or expired")


def test_bogus_expired_and_revoked_tokens_are_told_apart(account):
    reply = account.caller("Bearer bogus")("GET", CLIENTS)
    assert (reply.status, reply.body) == (401, b'{"Code":120,"Message":"Invalid OAuth Token"}')
    call = account.caller(f"Bearer {account.emulator.ready()['access_token']}")
    account.emulator.faults.add([{"fault": "expired_token", "after": 1}, {"fault": "revoked_token", "after": 3}])
    codes = [reply.json["Code"] if (reply := call("GET", CLIENTS)).status == 401 else 200 for _ in range(5)]
    assert codes == [200, 121, 200, 122, 200]


def test_a_token_without_the_scope_is_refused(account):
    account.emulator.store.db.execute("UPDATE tokens SET scopes = 'ViewReports'")
    call = account.caller(f"Bearer {account.emulator.ready()['access_token']}")
    assert call("GET", CLIENTS).status == 200
    assert_refused(call("GET", f"/api/v3.3/lists/{account.lists['Wide']}.json"), 401, 60)


@pytest.mark.parametrize("body", [b"{", b"[1", b"nonsense"])
def test_malformed_json_is_code_400(account, body):
    reply = account.call("POST", f"/api/v3.3/subscribers/{account.lists['Wide']}.json", body)
    assert_refused(reply, 400, 400)
    assert reply.json["Message"].startswith("Failed to deserialize your request.\n")


@pytest.mark.parametrize("wrong", [{"ConsentToTrack": "true"}, {"CustomFields": False}, {"Resubscribe": "maybe"}])
def test_wrong_types_and_values_name_the_field_in_error(account, wrong):
    reply = account.add("Wide", "wrong@example.com", **wrong)
    assert_refused(reply, 400, 400)
    assert reply.json["Message"].splitlines()[-1] == "Fields in error: subscriber"


def test_a_body_with_a_byte_order_mark_is_read(account):
    posted = json.dumps({"EmailAddress": "bom@example.com", "ConsentToTrack": "No"}).encode("utf-8-sig")
    assert account.call("POST", f"/api/v3.3/subscribers/{account.lists['Wide']}.json", posted).status == 201


def _refresh(account, token):
    form = urlencode({"grant_type": "refresh_token", "refresh_token": token}).encode()
    return account.call("POST", "/oauth/token", form)
