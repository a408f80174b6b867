"""Laws of serving: faults on the wire, the log, control routes, certificates."""

import http.client
import json
import ssl
import threading
import time
import urllib.request

import pytest

from fairlead_emulators import tls
from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults
from fairlead_emulators.middleware import Gate
from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import listen, serving
from tests.unit.emulators.http import Caller

BODY = json.dumps({"numbers": list(range(50))}).encode()


class Counting:
    """An app that counts what it carried out."""

    def __init__(self):
        self.done = 0

    async def __call__(self, scope, receive, send):
        self.done += 1
        length = str(len(BODY)).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json"), (b"content-length", length)],
            }
        )
        await send({"type": "http.response.body", "body": BODY})


@pytest.fixture
def app():
    return Counting()


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def log():
    return RequestLog()


@pytest.fixture
def call(app, faults, log):
    with serving(Gate(app, faults, log)) as url:
        yield Caller(url)


def test_without_faults_the_answer_passes_and_is_logged(call, log):
    assert call("GET", "/thing", a=1).body == BODY
    (entry,) = log.entries()
    assert (entry.method, entry.path, entry.query, entry.status, entry.fault) == ("GET", "/thing", "a=1", 200, None)
    assert entry.ms > 0


def test_status_answers_instead_of_the_app(call, faults, app, log):
    faults.add([{"fault": "status", "status": 429, "body": {"Code": 429}, "headers": {"Retry-After": "7"}}])
    reply = call("POST", "/thing", {})
    assert (reply.status, reply.json, reply.headers["retry-after"]) == (429, {"Code": 429}, "7")
    assert app.done == 0
    assert log.entries()[0].fault == "status"
    assert call("POST", "/thing", {}).status == 200


def test_lost_answer_carries_out_and_says_nothing(call, faults, app, log):
    faults.add([{"fault": "lost_answer", "match": {"method": "POST"}}])
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        call("POST", "/thing", {})
    assert app.done == 1
    assert log.entries()[0].status == 0
    assert call("POST", "/thing", {}).status == 200


def test_cut_sends_half_of_a_promised_body(call, faults, app):
    faults.add([{"fault": "cut"}])
    with pytest.raises(http.client.IncompleteRead) as cut:
        call("GET", "/thing")
    assert cut.value.partial == BODY[: len(BODY) // 2]
    assert app.done == 1


def test_malformed_is_a_complete_answer_that_is_no_json(call, faults):
    faults.add([{"fault": "malformed"}])
    reply = call("GET", "/thing")
    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json  # noqa: B018


def test_delay_waits_and_then_answers(call, faults):
    faults.add([{"fault": "delay", "seconds": 0.2}])
    started = time.monotonic()
    assert call("GET", "/thing").status == 200
    assert time.monotonic() - started >= 0.2


def test_control_paths_are_neither_faulted_nor_logged(call, faults, log):
    faults.add([{"fault": "status", "times": None}])
    assert call("GET", "/_control/state").status == 200
    assert call("GET", "/").status == 200
    assert log.entries() == []


def test_faults_strike_one_connection_and_leave_the_others(call, faults):
    """A hundred concurrent requests, every tenth answer lost: exactly ten fail."""
    faults.add([{"fault": "lost_answer", "every": 10, "times": None}])
    failed = []

    def one(number):
        try:
            call("GET", f"/{number}")
        except (http.client.HTTPException, ConnectionError):
            failed.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 10


def test_a_taken_port_is_an_error_that_names_it(app):
    taken = listen(app)
    port = taken.socket.getsockname()[1]
    with pytest.raises(OSError, match=f"port {port} cannot be used"):
        listen(app, port)
    taken.socket.close()


def test_clients_that_trust_the_authority_verify_the_server(app, tmp_path):
    shown = tls.certificate(tmp_path)
    with serving(app, shown) as url:
        trusting = ssl.create_default_context(cafile=str(shown.ca_file))
        assert urllib.request.urlopen(url, context=trusting).read() == BODY
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(url, context=ssl.create_default_context())
    assert shown.key_file.stat().st_mode & 0o077 == 0


def test_the_certificate_is_kept_and_names_the_hosts(tmp_path):
    first = tls.certificate(tmp_path).certificate_file.read_bytes()
    assert tls.certificate(tmp_path).certificate_file.read_bytes() == first
    for host in ("login.salesforce.com", "acme.my.salesforce.com", "localhost", "127.0.0.1"):
        assert _matches(tmp_path, host)
    assert not _matches(tmp_path, "example.com")


def _matches(folder, host):
    """Whether a client that asks for `host` accepts the certificate, over a pair of in-memory pipes."""
    shown = tls.certificate(folder)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(shown.certificate_file, shown.key_file)
    client = ssl.create_default_context(cafile=str(shown.ca_file))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    left = client.wrap_bio(to_client, to_server, server_hostname=host)
    right = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(5):
        for side in (left, right):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return True


@pytest.fixture(scope="module")
def account():
    emulator = create(Clock())
    emulator.seed(spec("empty", "campaign_monitor"))
    with serving(emulator.app) as url:
        yield Caller(url)


def test_the_control_routes_move_the_clock(account):
    before = account("GET", "/_control/clock").json["now"]
    after = account("POST", "/_control/clock", {"advance_seconds": 86_400}).json["now"]
    assert after[:10] > before[:10]
    assert account("POST", "/_control/clock", {"set": "2030-01-01T00:00:00Z"}).json["now"].startswith("2030-01-01")
    assert account("POST", "/_control/clock", {}).status == 400


def test_the_control_routes_list_and_clear_faults(account):
    posted = account("POST", "/_control/faults", [{"fault": "cut", "match": {"path": "x"}}]).json
    assert [each["fault"] for each in posted["faults"]] == ["cut"]
    assert account("POST", "/_control/faults", {"fault": "sausage"}).status == 400
    assert account("DELETE", "/_control/faults").json["faults"] == []


def test_the_control_routes_show_and_clear_requests(account):
    account("DELETE", "/_control/requests")
    account("GET", "/api/v3.3/clients.json")
    log = account("GET", "/_control/requests").json
    assert [(each["path"], each["status"]) for each in log["requests"]] == [("/api/v3.3/clients.json", 401)]
    assert log["totals"]["count"] == 1
    assert account("DELETE", "/_control/requests").json["requests"] == []


def test_seeding_by_name_fills_and_reset_empties(account):
    assert account("POST", "/_control/seed", {"name": "small"}).json["seeded"]["subscribers"] == 1_200
    assert account("GET", "/_control/state").json["totals"]["subscribers"] == 1_200
    assert account("POST", "/_control/reset").json["state"]["totals"]["subscribers"] == 0
    assert account("POST", "/_control/seed", {"name": "nope"}).status == 400
