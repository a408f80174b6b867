"""Laws of the door: pages of other sites press no button here, whatever name they reach the machine by."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.routing import Route

from fairlead_emulators.campaignmonitor import app as campaign_monitor
from fairlead_emulators.clock import Clock
from fairlead_emulators.door import from_elsewhere, is_control, is_ours
from fairlead_emulators.salesforce import app as salesforce
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving
from tests.unit.emulators.http import Caller

ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    {"Origin": "https://elsewhere.example.com"},
    {"Origin": "null"},
    {"Origin": "http://[half"},
)
OTHER_NAMES = (
    "elsewhere.example.com",
    "127.0.0.1.example.com",
    "localhost.example.com:80",
    "acme.my.salesforce.com",
    "",
)


@pytest.fixture(scope="module", params=["campaign_monitor", "salesforce"])
def called(request):
    emulator = {"campaign_monitor": campaign_monitor, "salesforce": salesforce}[request.param].create(Clock())
    emulator.seed(spec("empty", emulator.kind))
    with serving(emulator.app) as url:
        yield Caller(url)


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "faults"),
        ("DELETE", "faults"),
        ("POST", "reset"),
        ("DELETE", "requests"),
        ("POST", "act"),
        ("POST", "none"),
    ],
)
def test_a_page_of_another_site_changes_nothing(called, headers, method, path):
    called("POST", "/_control/faults", [])
    called("POST", "/_control/faults", {"fault": "delay", "seconds": 0.001})
    refused = called(method, f"/_control/{path}", {"fault": "delay"}, headers)
    assert refused.status == 403
    assert "nothing was done" in refused.json["error"]
    assert len(called("GET", "/_control/faults").json["faults"]) == 1
    called("DELETE", "/_control/faults")


def test_two_slashes_are_no_way_around(called):
    called("POST", "//_control/faults", {"fault": "delay"}, {"Sec-Fetch-Site": "cross-site"})
    assert called("GET", "/_control/faults").json["faults"] == []


@pytest.mark.parametrize("host", OTHER_NAMES)
@pytest.mark.parametrize("path", ["/", "/_control/requests", "/_control/state"])
def test_a_name_that_is_not_this_machines_reads_nothing(called, host, path):
    refused = called("GET", path, None, {"Host": host})
    assert refused.status == 403
    assert b"nothing was done" in refused.body


@pytest.mark.parametrize(
    "host", ["localhost:1234", "127.0.0.1", "[::1]:99", "192.168.0.7:8810", "org.localhost", "LOCALHOST"]
)
def test_this_machine_answers_by_its_own_names(called, host):
    assert called("GET", "/_control/state", None, {"Host": host}).status == 200


def test_the_own_page_and_programs_are_let_in(called):
    own = {"Origin": called.url, "Sec-Fetch-Site": "same-origin"}
    assert called("POST", "/_control/faults", [], own).status == 200
    assert called("POST", "/_control/faults", []).status == 200
    assert called("GET", "/", None, {"Sec-Fetch-Site": "cross-site"}).status == 200  # a link that leads here
    assert called("GET", "/").headers["x-frame-options"] == "DENY"


def test_the_imitated_api_answers_to_every_name(called):
    headers = {
        "Host": "acme.my.salesforce.com",
        "Origin": "https://acme.lightning.force.com",
        "Sec-Fetch-Site": "cross-site",
    }
    answer = called("POST", "/services/data/v60.0/sobjects/Contact", {}, headers)
    assert answer.status in (401, 404)


@pytest.mark.parametrize("module", [campaign_monitor, salesforce])
def test_every_route_without_a_key_stands_behind_the_door(module):
    """A page or a control that lay elsewhere would be found by its module, which is no imitated one."""
    found = [each for each in routes_of(module.create(Clock()).app) if isinstance(each, Route)]
    assert found
    for route in found:
        where = getattr(route.endpoint, "__module__", "")
        if ".explorer" in where or where.endswith((".control", ".acts")):
            assert is_control(route.path), route.path


def routes_of(app):
    """The routes of the Starlette app inside all layers."""
    while not hasattr(app, "routes"):
        app = getattr(app, "_app", None) or app.app
    return app.routes


@given(st.text(st.characters(max_codepoint=255), max_size=30))
def test_no_header_breaks_the_door(text):
    assert is_ours(text, "127.0.0.1") in (True, False)
    assert from_elsewhere(Headers({"host": "localhost", "sec-fetch-site": text})) in (True, False)
    headers = Headers(raw=[(b"host", b"localhost:1"), (b"origin", text.encode("latin-1"))])
    if urlsplit("http://localhost:1").netloc not in text.lower():
        assert from_elsewhere(headers)
