"""Laws of laying a seed while the emulator is served."""

import asyncio
import threading
import time

import pytest

from fairlead_emulators.campaignmonitor import app as campaign_monitor
from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults
from fairlead_emulators.filling import Filling, aside
from fairlead_emulators.middleware import Gate
from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.salesforce import app as salesforce
from fairlead_emulators.server import serving
from tests.unit.emulators.http import Caller

ACCOUNT = {
    "clients": [
        {
            "name": "Crowd",
            "country": "United Kingdom",
            "time_zone": "(GMT+00:00) Dublin, Edinburgh, Lisbon, London",
            "lists": [{"title": "Everyone", "people": [[0, 25_000]]}],
        }
    ]
}
ORG = {"contacts": [{"first": 0, "count": 11_000}], "leads": []}


@pytest.fixture
def filling():
    return Filling()


@pytest.fixture
def call(filling):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    with serving(Gate(app, Faults(), RequestLog(), filling)) as url:
        yield Caller(url)


def test_the_page_and_the_state_tell_how_far_a_seed_is(call, filling):
    with filling.by("<large>"):
        filling.tell("subscribers", 10_000)
        filling.tell("subscribers", 2_000)
        told = call("GET", "/_control/state").json["filling"]
        page = call("GET", "/").body.decode()
    assert (told["seed"], told["laid"]) == ("<large>", {"subscribers": 12_000})
    assert 0 <= told["seconds"] < 60
    assert "&lt;large&gt;" in page
    assert "12,000 subscribers" in page
    assert call("GET", "/").body == b"done"


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v3.3/clients.json"), ("POST", "/_control/state")])
def test_other_requests_wait_until_it_lies(call, filling, method, path):
    found = []
    asking = threading.Thread(target=lambda: found.append(call(method, path).body))
    with filling.by("large"):
        asking.start()
        asking.join(0.2)
        assert asking.is_alive()
    asking.join(5)
    assert found == [b"done"]


def test_one_seed_waits_for_another(filling):
    order = []

    def other():
        with filling.by("second"):
            order.append("second")

    waiting = threading.Thread(target=other)
    with filling.by("first"):
        waiting.start()
        waiting.join(0.1)
        order.append("first")
    waiting.join(5)
    assert order == ["first", "second"]
    assert not filling.under_way


def test_a_seed_that_fails_is_not_under_way(filling):
    with pytest.raises(ValueError, match="no"), filling.by("bad"):
        raise ValueError("no")
    assert not filling.under_way


def test_work_aside_gives_what_it_gives_or_raises_what_it_raises():
    assert asyncio.run(aside(lambda: 7)) == 7
    with pytest.raises(ZeroDivisionError):
        asyncio.run(aside(lambda: 1 // 0))


@pytest.mark.parametrize(("made", "spec"), [(campaign_monitor.create, ACCOUNT), (salesforce.create, ORG)])
def test_an_emulator_answers_while_it_is_filled(made, spec):
    emulator, answers, seen = made(Clock()), [], []
    with serving(emulator.app) as url:
        ask = Caller(url)
        ask("POST", "/_control/reset")
        laying = threading.Thread(target=lambda: answers.append(ask("POST", "/_control/seed", {"spec": spec})))
        laying.start()
        while laying.is_alive():
            seen.append(ask("GET", "/_control/state").json)
            time.sleep(0.02)
        laying.join()
        after = ask("GET", "/_control/state").json
    assert answers[0].status == 200
    assert [each["filling"]["seed"] for each in seen if "filling" in each][:1] == ["spec"]
    assert any(each.get("filling", {}).get("laid") for each in seen)
    assert "filling" not in after
