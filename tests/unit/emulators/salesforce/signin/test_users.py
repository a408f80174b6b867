"""Each way in signs in the user that it names; what was granted stays granted, and ends with the user."""

import pytest

from tests.unit.emulators.salesforce.access.conftest import desk, user
from tests.unit.emulators.salesforce.signin.test_flows import BACK, returned, screen
from tests.unit.emulators.salesforce.test_access import token
from tests.unit.emulators.salesforce.test_jwt_bearer import ask, key, known

__all__ = ["desk", "key", "known", "user"]
BO = "bo@example.com"


def who(org, answer):
    """The user name that the session of a token answer has."""
    assert "access_token" in answer, answer
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    told = org.http.get(f"{org.url}/services/oauth2/userinfo", headers=headers, timeout=30).json()
    assert answer["id"].endswith(told["user_id"])
    return told["preferred_username"]


def inspected(org, one):
    me = org.emulator.org.identity
    form = {"client_id": me.client_id, "client_secret": me.client_secret, "token": one}
    return org.http.post(
        f"{org.url}/services/oauth2/introspect", data=form, headers={"Authorization": ""}, timeout=30
    ).json()


def signed_in(org, scope="", username=BO):
    data = {"answer": "allow", "username": username}
    code = returned(screen(org, "POST", data, **({"scope": scope} if scope else {})))["code"]
    return token(org, grant_type="authorization_code", redirect_uri=BACK, code=code).json()


def test_a_signed_statement_names_any_active_user(user, known, key):
    assert who(known, ask(known, key, sub="BO@example.com").json()) == BO
    assert who(known, ask(known, key).json()) == known.emulator.org.identity.username
    assert ask(known, key, sub=["no", "name"]).json()["error"] == "invalid_grant"


def test_whom_the_admin_does_not_let_in_beforehand_must_have_let_the_app_in(user, known, key):
    known.control("settings", {"jwt_users": [known.emulator.org.identity.username]})
    refused = ask(known, key, sub=BO)
    assert (refused.status_code, refused.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
    )
    assert ask(known, key).status_code == 200
    refresh = signed_in(known)["refresh_token"]
    assert who(known, ask(known, key, sub=BO).json()) == BO
    known.http.post(f"{known.url}/services/oauth2/revoke", data={"token": refresh}, timeout=30)
    assert ask(known, key, sub=BO).status_code == 400


def test_a_password_signs_in_the_user_that_it_is_sent_with(user, bare):
    bare.control("settings", {"username_password_flow": True, "password": "secret"})
    form = {"grant_type": "password", "password": "secret"}
    assert who(bare, token(bare, **form, username=BO).json()) == BO
    for wrong in ({"username": "nobody@example.com"}, {"username": BO, "password": "sécret"}):
        assert token(bare, **form | wrong).json()["error"] == "invalid_grant"
    bare.control("settings", {"username_password_flow": True, "password": ""})
    assert token(bare, **form | {"username": BO, "password": ""}).json()["error"] == "invalid_grant"


def test_a_device_is_the_users_who_allowed_it(user, bare):
    begun = token(bare, response_type="device_code", scope="api refresh_token").json()
    press = {"user_code": begun["user_code"], "answer": "allow"}
    unknown = bare.http.post(begun["verification_uri"], data=press | {"username": "nobody@example.com"}, timeout=30)
    assert "This user is not known" in unknown.text
    poll = {"grant_type": "device", "code": begun["device_code"]}
    assert token(bare, **poll).json()["error"] == "authorization_pending"
    bare.http.post(begun["verification_uri"], data=press | {"username": BO}, timeout=30)
    answer = token(bare, **poll).json()
    assert (who(bare, answer), answer["scope"]) == (BO, "api refresh_token")


def test_a_name_that_is_nobodys_is_not_taken_for_the_admin(bare):
    answer = screen(bare, "POST", {"answer": "allow", "username": "nobody@example.com"})
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize("rotate", [False, True])
def test_what_was_granted_stays_granted_when_it_is_refreshed(user, bare, rotate):
    bare.control("settings", {"rotate_refresh_tokens": rotate})
    first = signed_in(bare, "api offline_access")
    refresh = first["refresh_token"]
    for _ in range(2):
        again = token(bare, grant_type="refresh_token", refresh_token=refresh).json()
        assert (who(bare, again), again["scope"]) == (BO, "api offline_access")
        refresh = again.get("refresh_token", refresh)
    assert inspected(bare, refresh)["scope"] == inspected(bare, again["access_token"])["scope"] == "api offline_access"


def test_introspection_tells_whose_token_it_is_and_when_it_ends(user, bare):
    answer = signed_in(bare, "api refresh_token")
    now = bare.emulator.org.clock.now().timestamp()
    told = inspected(bare, answer["access_token"])
    assert (told["active"], told["username"], told["token_type"]) == (True, BO, "access_token")
    assert (told["sub"], told["scope"]) == (answer["id"], "api refresh_token")
    assert 7_100 < told["exp"] - now <= 7_201
    lasting = inspected(bare, answer["refresh_token"])
    assert (lasting["username"], lasting["token_type"], "exp" in lasting) == (BO, "refresh_token", False)
    bare.control("clock", {"advance_seconds": 3_600})
    assert inspected(bare, answer["access_token"])["exp"] == told["exp"]  # to ask about it is not to use it


def test_the_tokens_of_a_user_end_with_the_user(user, desk, bare):
    answer = signed_in(bare)
    code = returned(screen(bare, "POST", {"answer": "allow", "username": BO}))["code"]
    desk.change("User", user.user_id, IsActive=False)
    assert inspected(bare, answer["access_token"]) == {"active": False}
    with user:
        assert desk.client.ask("GET", "/limits").status_code == 401
    refreshed = token(bare, grant_type="refresh_token", refresh_token=answer["refresh_token"]).json()
    assert refreshed["error"] == "invalid_grant"
    redeemed = token(bare, grant_type="authorization_code", redirect_uri=BACK, code=code).json()
    assert redeemed["error"] == "inactive_user"
    assert bare.ask("GET", "/limits").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_presses_no_button_of_the_screens(bare, site):
    begun = token(bare, response_type="device_code").json()
    me = bare.emulator.org.identity
    asked = {"response_type": "code", "client_id": me.client_id, "redirect_uri": BACK}
    form = {"answer": "allow", "user_code": begun["user_code"]}
    for path, query in (("/services/oauth2/authorize", asked), ("/setup/connect", {})):
        headers = {"Sec-Fetch-Site": site}
        answer = bare.http.post(
            bare.url + path, params=query, data=form, headers=headers, allow_redirects=False, timeout=30
        )
        assert (answer.status_code, "nothing was done" in answer.text) == (403, True)
    assert bare.emulator.sessions.codes == {}
    poll = token(bare, grant_type="device", code=begun["device_code"])
    assert poll.json()["error"] == "authorization_pending"
