"""Laws of e-mail templates."""

import pytest

from tests.unit.emulators.campaignmonitor.conftest import SPEC, assert_refused
from tests.unit.emulators.http import basic

PAGE = "https://www.example.com/page.html"
WHOLE = {"Name": "Monthly", "HtmlPageURL": PAGE, "ZipFileURL": "https://www.example.com/files.zip"}


def _made(account, client="South", **changed):
    return account.call("POST", f"/api/v3.3/templates/{account.clients[client]}.json", {**WHOLE, **changed})


def _at(account, identity, method="GET", body=None, tail=""):
    return account.call(method, f"/api/v3.3/templates/{identity}{tail}.json", body)


def _names(account, client="South"):
    reply = account.call("GET", f"/api/v3.3/clients/{account.clients[client]}/templates.json")
    return [each["Name"] for each in reply.json]


def test_a_template_lives_from_its_making_to_its_deleting(account):
    made = _made(account)
    assert (made.status, len(made.json)) == (201, 32)
    shown = _at(account, made.json.upper()).json
    assert set(shown) == {"TemplateID", "Name", "PreviewURL", "ScreenshotURL"}
    assert (shown["TemplateID"], shown["Name"]) == (made.json, "Monthly")
    changed = _at(account, made.json, "PUT", {**WHOLE, "Name": "Weekly", "ZipFileURL": None})
    assert (changed.status, changed.body) == (200, b"")
    assert _names(account) == ["Weekly"]
    assert _at(account, made.json, "DELETE").status == 200
    assert_refused(_at(account, made.json), 400, 4001)
    assert _names(account) == []


def test_an_id_is_never_given_twice(account):
    first = _made(account).json
    _at(account, first, "DELETE")
    assert _made(account).json != first


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Name": " "}, 4002),
        ({"Name": None}, 4002),
        ({"Name": "x" * 101}, 4003),
        ({"Name": "a\nb"}, 4003),
        ({"HtmlPageURL": ""}, 4004),
        ({"HtmlPageURL": "page.html"}, 4005),
        ({"HtmlPageURL": "ftp://example.com/"}, 4005),
        ({"ZipFileURL": "files.zip"}, 4006),
        ({"Name": 7}, 400),
    ],
)
def test_what_a_template_lacks_has_its_own_code_when_made_and_when_changed(account, wrong, code):
    assert_refused(_made(account, **wrong), 400, code)
    identity = _made(account).json
    assert_refused(_at(account, identity, "PUT", {**WHOLE, **wrong}), 400, code)
    assert _names(account) == ["Monthly"]


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/copy")])
def test_an_unknown_template_is_4001(account, method, tail):
    assert_refused(_at(account, "0" * 32, method, WHOLE, tail), 400, 4001)


def test_a_copy_goes_to_its_client_or_stays(account):
    identity = _made(account).json
    assert _at(account, identity, "POST", None, "/copy").status == 201
    away = _at(account, identity, "POST", {"Name": "Theirs", "DestinationClientID": account.clients["North"]}, "/copy")
    assert (away.status, _names(account), _names(account, "North")) == (201, ["Monthly", "Monthly (copy)"], ["Theirs"])
    assert_refused(_at(account, identity, "POST", {"DestinationClientID": "0" * 32}, "/copy"), 400, 125)


def test_a_client_s_key_opens_its_own_templates_only(account):
    identity = _made(account, "North").json
    call = account.caller(basic(account.emulator.ready()["client_api_key"]))
    assert_refused(call("GET", f"/api/v3.3/templates/{identity}.json"), 400, 4001)
    assert_refused(call("GET", f"/api/v3.3/clients/{account.clients['North']}/templates.json"), 401, 102)


def test_a_seed_brings_templates(account):
    clients = [{**SPEC["clients"][0], "templates": [{"name": "Seeded"}]}]
    assert account.emulator.seed({**SPEC, "clients": clients})["templates"] == 1
    assert _names(account) == ["Seeded"]
