"""Laws of letting an application in: the screen, the way back, codes, tokens, and taking them back."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fairlead_emulators.campaignmonitor.auth import SCOPES, TOKEN_LIFE_S
from tests.unit.emulators.campaignmonitor.conftest import SPEC, assert_refused

CLIENTS = "/api/v3.3/clients.json"
BACK = "http://localhost:8000/oauth/return"


class _Form(HTMLParser):
    """The named inputs of a page, the labels and the buttons."""

    def __init__(self, text):
        super().__init__()
        self.fields, self.labels, self.buttons = {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "input":
            self.fields[found["name"]] = found["value"]
        elif tag == "label":
            self.labels.append(found["for"])
        elif tag == "button":
            self.buttons.append(found["value"])


def _query(account, **change):
    query = {
        "type": "web_server",
        "client_id": account.emulator.ready()["oauth_client_id"],
        "redirect_uri": BACK,
        "scope": "ManageLists,ImportSubscribers",
        "state": 'é & "1"',
        **change,
    }
    return {name: value for name, value in query.items() if value is not None}


def _ask(account, **change):
    return account.call("GET", "/oauth", **_query(account, **change))


def _decide(account, decision="allow", **change):
    fields = {"email": "admin@example.com", **_query(account, **change), "decision": decision}
    return account.call("POST", "/oauth", urlencode(fields).encode())


def _answer(reply, part="query"):
    assert reply.status == 303, reply.body
    return {name: each[0] for name, each in parse_qs(getattr(urlsplit(reply.headers["location"]), part)).items()}


def _exchange(account, code, /, **change):
    ready = account.emulator.ready()
    form = {
        "grant_type": "authorization_code",
        "client_id": ready["oauth_client_id"],
        "client_secret": ready["oauth_client_secret"],
        "redirect_uri": BACK,
        "code": code,
        **change,
    }
    return account.call("POST", "/oauth/token", urlencode(form).encode())


def _refresh(account, token):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return account.call("POST", "/oauth/token", urlencode(form).encode())


def test_the_form_of_the_screen_leads_back_with_a_code_that_is_worth_tokens(account):
    """What the page holds is all that a person's browser sends."""
    page = _ask(account)
    form = _Form(page.body.decode())
    assert form.labels == ["email"]
    assert form.buttons == ["allow", "deny"]
    reply = account.call("POST", "/oauth", urlencode({**form.fields, "decision": "allow"}).encode())
    answer = _answer(reply)
    assert reply.headers["location"].startswith(BACK)
    assert answer["state"] == 'é & "1"'
    tokens = _exchange(account, answer["code"]).json
    assert (set(tokens), tokens["expires_in"]) == ({"access_token", "expires_in", "refresh_token"}, TOKEN_LIFE_S)
    call = account.caller(f"Bearer {tokens['access_token']}")
    assert call("GET", f"/api/v3.3/lists/{account.lists['Wide']}.json").status == 200
    again = _refresh(account, tokens["refresh_token"]).json
    assert again["refresh_token"] == tokens["refresh_token"]
    assert again["access_token"] != tokens["access_token"]


def test_the_screen_shows_what_is_asked_for_and_runs_no_foreign_code(account):
    name = "<script>alert(1)</script>"
    account.call("POST", "/_control/oauth/applications", {"name": name, "redirect_uri": BACK, "client_id": "77"})
    page = _ask(account, client_id="77", scope=",".join(SCOPES))
    text = page.body.decode()
    assert all(f"<code>{scope}</code>" in text for scope in SCOPES)
    assert "<script" not in text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"form-action 'self' http://localhost:8000;", policy)


def test_a_person_must_say_who_it_is(account):
    reply = _decide(account, email="")
    assert reply.status == 400
    assert b'role="alert"' in reply.body
    assert _Form(reply.body.decode()).fields["scope"] == "ManageLists,ImportSubscribers"


def test_a_denied_application_hears_of_it(account):
    assert _answer(_decide(account, "deny")) == {"error": "access_denied", "state": 'é & "1"'}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"client_id": "999999"}, "unknown_client"),
        ({"redirect_uri": "https://example.com/x"}, "invalid_redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "invalid_redirect_uri"),
    ],
)
def test_where_the_way_back_is_not_sure_a_page_tells_the_error(account, change, error):
    for reply in (_ask(account, **change), _decide(account, **change)):
        assert reply.status == 400
        assert f"<code>{error}</code>".encode() in reply.body


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "Nonsense"}, "unknown_scope"),
        ({"scope": None}, "invalid_request"),
        ({"type": "x"}, "invalid_request"),
    ],
)
def test_other_errors_go_back_to_the_application(account, change, error):
    assert _answer(_ask(account, **change)) == {"error": error, "state": 'é & "1"'}


def test_server_errors_happen_on_demand(account):
    account.emulator.faults.add([{"fault": "oauth_server_error"}])
    assert _answer(_ask(account))["error"] == "server_error"
    assert _ask(account).status == 200


def test_the_type_may_be_left_out(account):
    assert "code" in _answer(_decide(account, type=None))


def test_a_redirect_uri_keeps_its_own_query(account):
    assert _answer(_decide(account, redirect_uri=f"{BACK}?a=1"))["a"] == "1"


def test_a_registered_application_may_return_below_its_address_only(account):
    posted = {"name": "Other", "redirect_uri": "https://app.example.com/cm/"}
    made = account.call("POST", "/_control/oauth/applications", posted).json
    assert _ask(account, client_id=made["client_id"], redirect_uri="https://app.example.com/cm/back").status == 200
    assert _ask(account, client_id=made["client_id"], redirect_uri=BACK).status == 400
    assert made in account.call("GET", "/_control/oauth").json["applications"]
    assert account.call("POST", "/_control/oauth/applications", {"redirect_uri": "x"}).status == 400


def test_a_seed_may_bring_applications(account):
    application = {"name": "App", "redirect_uri": "https://app.example.com/", "client_id": "5", "client_secret": "s"}
    account.emulator.seed({**SPEC, "oauth_applications": [application]})
    assert application in account.call("GET", "/_control/oauth").json["applications"]


def test_a_code_is_exchanged_once_by_its_client_in_its_time(account):
    for wrong in ({"client_id": "1"}, {"client_secret": "x"}, {"redirect_uri": f"{BACK}2"}, {"code": "x"}):
        code = _answer(_decide(account))["code"]
        reply = _exchange(account, code, **wrong)
        assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
        assert _exchange(account, code).status == 200
        assert _exchange(account, code).json["error_description"] == "Specified code was invalid or expired"
    late = _answer(_decide(account))["code"]
    account.emulator.clock.advance(601)
    assert _exchange(account, late).status == 400


def test_the_implicit_flow_gives_a_token_in_the_fragment_and_no_refresh_token(account):
    reply = _decide(account, type="user_agent")
    answer = _answer(reply, "fragment")
    assert urlsplit(reply.headers["location"]).query == ""
    assert set(answer) == {"access_token", "expires_in", "state"}
    assert account.caller(f"Bearer {answer['access_token']}")("GET", CLIENTS).status == 200
    assert _refresh(account, "").status == 400


def test_a_token_may_do_what_was_allowed_and_no_more(account):
    tokens = _exchange(account, _answer(_decide(account, scope="ViewReports"))["code"]).json
    call = account.caller(f"Bearer {tokens['access_token']}")
    for path in (f"lists/{account.lists['Wide']}", f"lists/{account.lists['Wide']}/webhooks"):
        assert_refused(call("GET", f"/api/v3.3/{path}.json"), 401, 60)
    assert_refused(call("POST", f"/api/v3.3/subscribers/{account.lists['Wide']}.json", {}), 401, 60)


def test_revoked_tokens_are_code_122_and_cannot_be_refreshed(account):
    tokens = [_exchange(account, _answer(_decide(account))["code"]).json for _ in range(3)]
    first, second, third = tokens
    client_id = account.emulator.ready()["oauth_client_id"]
    for posted, revoked in (
        ({"access_token": first["access_token"]}, 1),
        ({"refresh_token": second["refresh_token"]}, 1),
        ({"client_id": client_id}, 1),
        ({}, 1),
    ):
        assert account.call("POST", "/_control/oauth/revoke", posted).json == {"revoked": revoked}
    for each in tokens:
        assert_refused(account.caller(f"Bearer {each['access_token']}")("GET", CLIENTS), 401, 122)
        assert _refresh(account, each["refresh_token"]).status == 400
    assert _refresh(account, third["refresh_token"]).json["error"] == "invalid_grant"
    assert account.call("POST", "/_control/oauth/revoke", {"who": "x"}).status == 400


def test_errors_of_the_token_endpoint_may_have_status_200(account):
    account.call("POST", "/_control/settings", {"oauth_error_status": 200})
    for reply in (_exchange(account, "x"), _refresh(account, "x")):
        assert (reply.status, reply.json["error"]) == (200, "invalid_grant")


def test_the_account_s_first_tokens_stay_the_ones_it_starts_with(account):
    first = account.emulator.ready()["refresh_token"]
    account.emulator.clock.advance(60)
    _exchange(account, _answer(_decide(account, scope="ViewReports"))["code"])
    _decide(account, type="user_agent")
    assert account.emulator.ready()["refresh_token"] == first


def test_a_page_of_another_site_does_not_press_the_button(account):
    form = urlencode({"email": "admin@example.com", **_query(account), "decision": "allow"}).encode()
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)):
        assert account.call("POST", "/oauth", form, {"Sec-Fetch-Site": site}).status == status
