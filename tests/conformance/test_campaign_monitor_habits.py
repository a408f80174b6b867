"""The emulated account held against habits of programs in other languages: what they put on the wire, byte by byte."""

import gzip
import json
import socket
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving
from tests.unit.emulators.http import basic

WHO = "someone+else@example.com"
BODY = json.dumps({"EmailAddress": WHO, "ConsentToTrack": "Yes"}).encode()
DATE = "/api/v3.3/systemdate"
PLAIN = "identity"


@dataclass(frozen=True)
class Wire:
    """The account, spoken to by sockets."""

    url: str
    key: str
    client: str
    list: str

    def say(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the last answer to these bytes; the other side must end the connection."""
        where = urlsplit(self.url)
        with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
            wire.sendall(data)
            said = b"".join(iter(lambda: wire.recv(65536), b""))
        head, _, body = (
            said.rpartition(b"\r\n\r\n") if said.startswith(b"HTTP/1.1 100") else said.partition(b"\r\n\r\n")
        )
        lines = head.rpartition(b"HTTP/1.1 ")[2].decode("latin-1").split("\r\n")
        named = (line.partition(": ") for line in lines[1:])
        return int(lines[0].split()[0]), {name.lower(): value for name, _, value in named}, body

    def ask(self, method: str, target: str, body: bytes | None = None, *, version: str = "1.1", **headers: str):
        """One request with these headers and none besides, but for who asks, and that it is the last."""
        sent = {"Host": "api.example.com", "Authorization": basic(self.key), "Connection": "close"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and "Transfer-Encoding" not in sent:
            sent["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        return self.say(f"{method} {target} HTTP/{version}\r\n{lines}\r\n".encode() + (body or b""))

    def add(self, body: bytes = BODY, **headers: str):
        return self.ask("POST", f"/api/v3.3/subscribers/{self.list}.json", body, **headers)


@pytest.fixture(scope="module")
def wire():
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    ready = emulator.ready()
    with serving(emulator.app) as url:
        yield Wire(url, ready["api_key"], ready["client_id"], emulator.store.lists()[0].id)


def test_old_versions_of_http_are_answered_and_the_connection_ends(wire):
    status, _, body = wire.ask("GET", DATE + ".json", version="1.0")
    assert (status, list(json.loads(body))) == (200, ["SystemDate"])


def test_a_head_has_the_length_and_no_body(wire):
    status, headers, body = wire.ask("HEAD", DATE + ".json")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 10


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS"])
def test_methods_that_nothing_has_are_not_found_in_the_words_of_the_api(wire, method):
    status, _, body = wire.ask(method, DATE + ".json")
    assert (status, json.loads(body)["Code"]) == (404, 404)


def test_an_absolute_address_is_the_same_as_its_path(wire):
    """Some send it through proxies."""
    assert wire.ask("GET", f"{wire.url}{DATE}.json")[0] == 200


@pytest.mark.parametrize("content", ["", "text/plain", "application/x-www-form-urlencoded", "application/json", "x"])
def test_the_type_of_a_body_does_not_matter(wire, content):
    status, _, body = wire.add(**({"Content_Type": content} if content else {}))
    assert (status, json.loads(body)) == (201, WHO)


def test_a_body_in_chunks_is_read(wire):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:])) + b"0\r\n\r\n"
    assert wire.add(chunks, Transfer_Encoding="chunked")[0] == 201


def test_who_asks_before_sending_a_body_is_told_to_go_on(wire):
    assert wire.add(Expect="100-continue")[0] == 201


def test_a_byte_order_mark_before_a_body_is_nothing(wire):
    assert wire.add(b"\xef\xbb\xbf" + BODY)[0] == 201


@pytest.mark.parametrize(
    "body",
    [b"EmailAddress=a%40example.com&ConsentToTrack=Yes", BODY.decode().encode("utf-16"), gzip.compress(BODY), b"<a/>"],
    ids=["form", "utf-16", "gzip", "xml"],
)
def test_a_body_that_is_no_json_is_called_unreadable(wire, body):
    status, _, said = wire.add(body)
    assert (status, json.loads(said)["Code"]) == (400, 400)
    assert json.loads(said)["Message"].startswith("Failed to deserialize your request.")


@pytest.mark.parametrize("body", [None, b"", b" ", b"null", b"{}", b"\xef\xbb\xbf"])
def test_calls_that_need_no_body_take_any_empty_one(wire, body):
    status, _, _ = wire.ask(
        "POST", f"/api/v3.3/clients/{wire.client}/suppress.json", b'{"EmailAddresses":["x@example.com"]}'
    )
    assert status == 200
    status, _, said = wire.ask("PUT", f"/api/v3.3/clients/{wire.client}/unsuppress.json?email=x@example.com", body)
    assert (status, said) == (200, b"")


@pytest.mark.parametrize("accept", [None, "*/*", "text/html, */*;q=0.5"])
@pytest.mark.parametrize("path", [DATE, f"{DATE}.xml", "/api/v3/clients", "/api/v3.3/clients.XML"])
def test_xml_is_the_default_of_the_api_and_refused_with_what_to_do(wire, path, accept):
    """Without a suffix the real account answers XML: a program that forgets it must not work here and fail there."""
    status, headers, body = wire.ask("GET", path, **({"Accept": accept} if accept else {}))
    said = json.loads(body)["Message"] if "json" in headers["content-type"] else ET.fromstring(body).findtext("Message")
    assert status == 406
    assert ".json" in said


@pytest.mark.parametrize(("path", "accept"), [(".xml", "*/*"), (".XML", "application/json"), ("", "application/xml")])
def test_who_names_xml_gets_errors_as_xml(wire, path, accept):
    status, headers, body = wire.ask("GET", DATE + path, Accept=accept)
    error = ET.fromstring(body)
    assert (status, headers["content-type"]) == (406, "application/xml; charset=utf-8")
    assert (error.tag, [each.tag for each in error], error.findtext("Code")) == ("Result", ["Code", "Message"], "404")


def test_a_wrong_key_is_told_first_whatever_the_format(wire):
    status, _, body = wire.ask("GET", DATE + ".xml", Authorization=basic("wrong"))
    assert (status, ET.fromstring(body).findtext("Code")) == (401, "100")
    status, _, body = wire.ask("GET", DATE, Authorization=basic("wrong"))
    assert (status, body) == (401, b'{"Code":100,"Message":"Invalid API Key"}')


@pytest.mark.parametrize(
    "accept", ["application/json", "Application/JSON", "application/json, text/plain, */*", "text/json"]
)
def test_json_may_be_asked_for_by_a_header_alone(wire, accept):
    assert wire.ask("GET", DATE, Accept=accept)[0] == 200


@pytest.mark.parametrize("prefix", ["/api/v3", "/api/v3.1", "/api/v3.2", "/API/V3.3", "/api/v3.3/"])
def test_every_prefix_and_case_of_a_path_leads_to_the_same(wire, prefix):
    assert wire.ask("GET", f"{prefix}/SystemDate.JSON")[0] == 200
    assert wire.ask("GET", f"{prefix}/Lists/{wire.list.upper()}/Active.json?PageSize=10")[0] == 200


@pytest.mark.parametrize(
    "query",
    ["PAGE=1&pageSize=10", "page=&pagesize=10&date=&orderfield=", "page=1&PageSize=10&IncludeTrackingPreference=True"],
)
def test_names_in_a_query_have_no_case_and_empty_ones_are_absent(wire, query):
    status, _, body = wire.ask("GET", f"/api/v3.3/lists/{wire.list}/active.json?{query}")
    page = json.loads(body)
    assert (status, page["PageNumber"], page["PageSize"], page["ResultsOrderedBy"]) == (200, 1, 10, "date")
    assert ("ConsentToTrack" in page["Results"][0]) == ("True" in query)


@pytest.mark.parametrize(
    "date",
    [
        "2026-01-31",
        "2026/01/31",
        "2026-01-31 10:05",
        "2026-01-31 10:05:00",
        "2026-01-31T10:05:00",
        "2026-01-31T10:05:00.000Z",
    ],
)
def test_a_date_may_have_a_time_of_day_in_every_usual_form(wire, date):
    assert wire.ask("GET", f"/api/v3.3/lists/{wire.list}/active.json?date={quote(date)}")[0] == 200


@pytest.mark.parametrize(
    "date", ["yesterday", "31.01.2026", "2026-13-01", "20260131", "2026-01-31T", "0001-01-01T00:00:00Z0"]
)
def test_what_is_no_date_is_told(wire, date):
    status, _, body = wire.ask("GET", f"/api/v3.3/lists/{wire.list}/active.json?date={quote(date)}")
    assert (status, json.loads(body)["Code"]) == (400, 5)


def test_names_in_a_body_have_no_case(wire):
    body = json.dumps({"EMAILADDRESS": "case@example.com", "consentToTrack": "yes", "name": "C"}).encode()
    assert wire.add(body)[0] == 201
    _, _, found = wire.ask("GET", f"/api/v3.3/subscribers/{wire.list}.json?email=CASE@example.com")
    assert json.loads(found)["Name"] == "C"


def test_a_plus_must_be_encoded_and_other_letters_may_be(wire):
    """As a plus it is a space, and that is no address."""
    wire.add()
    for said in (quote(WHO), quote(WHO, safe="@"), "".join(f"%{ord(each):02X}" for each in WHO)):
        assert wire.ask("GET", f"/api/v3.3/subscribers/{wire.list}.json?email={said}")[0] == 200
    status, _, body = wire.ask("GET", f"/api/v3.3/subscribers/{wire.list}.json?email={WHO}")
    assert (status, json.loads(body)["Code"]) == (400, 1)


@pytest.mark.parametrize("asked", ["gzip", "gzip, deflate", "deflate, GZIP;q=0.9", None, PLAIN])
def test_long_answers_are_zipped_for_who_accepts_it_only(wire, asked):
    headers = {"Accept_Encoding": asked} if asked else {}
    _, found, body = wire.ask("GET", f"/api/v3.3/lists/{wire.list}/active.json", **headers)
    zipped = found.get("content-encoding") == "gzip"
    assert zipped == ("gzip" in (asked or "").lower())
    assert len(json.loads(gzip.decompress(body) if zipped else body)["Results"]) > 100


@pytest.mark.parametrize("key", ["Basic", "basic", "BASIC"])
def test_the_scheme_of_a_sign_in_has_no_case(wire, key):
    assert wire.ask("GET", DATE + ".json", Authorization=basic(wire.key).replace("Basic", key))[0] == 200


@pytest.mark.parametrize("password", ["x", "", "magic", "a:b"])
def test_the_password_beside_a_key_does_not_matter(wire, password):
    assert wire.ask("GET", DATE + ".json", Authorization=basic(wire.key, password))[0] == 200


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_transactional_calls_are_answered_with_and_without_the_suffix(wire, suffix):
    """Documented without; a client sends it always."""
    assert wire.ask("GET", f"/api/v3.3/transactional/smartEmail{suffix}?clientID={wire.client}")[0] == 200


def test_who_hangs_up_in_the_middle_of_a_body_harms_nobody(wire):
    where = urlsplit(wire.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as half:
        head = (
            f"POST /api/v3.3/subscribers/{wire.list}.json HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(wire.key)}\r\n"
        )
        half.sendall(f"{head}Content-Length: 500\r\n\r\n".encode() + BODY)
    assert wire.ask("GET", DATE + ".json")[0] == 200
