"""A person lets the app in: where they are sent, what their return buys, and who is not let in."""

from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from fairlead.campaignmonitor import RequestWrong, SetupRefused, SignInRefused, Tokens, Unavailable
from fairlead.campaignmonitor.web_login import App, address, new_state, redeem
from tests.unit.campaignmonitor.server import answer, raw, serve

APP = App("42", "s3cret+=&", "https://app.example.com/back?x=1")
GIVEN = {"access_token": "a+1==", "refresh_token": "r+1==", "expires_in": 1209600}


async def back(fake, returned, state="st4te"):
    async with aiohttp.ClientSession() as http:
        return await redeem(http, fake.url, APP, state, returned, on_call=lambda *call: fake.calls.append(call))


def test_the_person_is_sent_with_type_state_and_scopes_between_commas():
    parts = urlsplit(address("https://api.example.com/", APP, ["ManageLists", "ImportSubscribers"], "st4te"))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "api.example.com", "/oauth")
    assert parse_qs(parts.query) == {
        "type": ["web_server"],
        "client_id": ["42"],
        "redirect_uri": [APP.redirect_uri],
        "scope": ["ManageLists,ImportSubscribers"],
        "state": ["st4te"],
    }
    assert "s3cret" not in parts.query


@pytest.mark.parametrize(
    ("base", "scopes", "state", "says"),
    [
        ("https://api.example.com", [], "s", "scope"),
        ("https://api.example.com", ["ManageLists"], "", "state"),
        ("api", ["ManageLists"], "s", "'api'"),
    ],
)
def test_a_question_that_is_not_whole_is_not_asked(base, scopes, state, says):
    with pytest.raises(ValueError, match=says):
        address(base, APP, scopes, state)


def test_no_two_states_are_alike():
    assert len({new_state() for _ in range(100)}) == 100


async def test_a_code_buys_tokens_and_every_sign_of_the_form_arrives():
    forms = []

    async def handle(request):
        forms.append((request.method, request.path, dict(await request.post())))
        return answer(GIVEN)

    async with serve(handle) as fake:
        tokens = await back(fake, {"code": "c+/=&", "state": "st4te"})
    assert tokens == Tokens("a+1==", "r+1==", 1209600)
    ((method, path, form),) = forms
    assert (method, path) == ("POST", "/oauth/token")
    assert form == {
        "grant_type": "authorization_code",
        "client_id": "42",
        "client_secret": "s3cret+=&",
        "redirect_uri": APP.redirect_uri,
        "code": "c+/=&",
    }
    assert fake.calls == [("POST", "/oauth/token", 200)]


REFUSED = {"error": "invalid_grant", "error_description": "Specified code was invalid or expired"}


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_a_code_that_is_not_taken_is_told_whatever_the_status(status):
    async def handle(request):
        return answer(REFUSED, status)

    async with serve(handle) as fake:
        with pytest.raises(SignInRefused, match="invalid_grant") as caught:
            await back(fake, {"code": "c", "state": "st4te"})
    assert caught.value.step
    assert len(fake.asked) == 1  # a code works once


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        ({"code": "c", "state": "another"}, RequestWrong),
        ({"code": "c"}, RequestWrong),
        ({"state": "st4te"}, RequestWrong),
        ({"error": "access_denied", "state": "st4te"}, SignInRefused),
        ({"error": "server_error", "state": "st4te"}, SignInRefused),
        ({"error": "unknown_client", "state": "st4te"}, SetupRefused),
        ({"error": "unknown_scope", "state": "st4te"}, SetupRefused),
        ({"error": "<b>ada@example.com</b>", "state": "st4te"}, SetupRefused),
    ],
)
async def test_who_comes_back_without_a_code_of_ours_buys_nothing(returned, kind):
    async with serve(raw(b"{}")) as fake:
        with pytest.raises(kind) as caught:
            await back(fake, returned)
    assert not fake.asked
    assert caught.value.step
    assert "ada" not in str(caught.value)


async def test_a_blank_state_is_never_ours():
    async with serve(raw(b"{}")) as fake:
        with pytest.raises(RequestWrong):
            await back(fake, {"code": "c", "state": ""}, state="")
    assert not fake.asked


async def test_an_access_without_a_refresh_token_is_refused_and_a_silent_desk_is_a_fault_of_the_moment():
    async with serve(raw(b'\xef\xbb\xbf{"access_token": "a", "refresh_token": null}'), raw(b"", 503)) as fake:
        with pytest.raises(SetupRefused):
            await back(fake, {"code": "c", "state": "st4te"})
        with pytest.raises(Unavailable):
            await back(fake, {"code": "c", "state": "st4te"})


def test_secrets_are_not_shown():
    assert "s3cret" not in repr(APP)
    assert "r+1" not in repr(Tokens("a+1==", "r+1==", 1))
