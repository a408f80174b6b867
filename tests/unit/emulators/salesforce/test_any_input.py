"""Whatever is sent to whichever resource: the answer is one of the documented kinds, comes soon, and is no failure."""

import asyncio
import csv
import gzip
import io
import json
import os
import time
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create
from tests.unit.emulators.salesforce.conftest import SCHEMA, wait, zipped
from tests.unit.emulators.soql.test_properties import WORDS

EXAMPLES = int(os.environ.get("FAIRLEAD_TEST_ANY_INPUT", "120"))
SOON_S = 10
"""Seconds; generous, as the machine may be busy."""
FINAL = ("JobComplete", "Failed", "Aborted")

SAID = (
    "", " ", "0", "1", "-1", "200", "2000", "9" * 30, "1e400", "NaN", "null", "true", "false", "Contact", "contact", "Child__c",
    "Nothing__c", "CampaignMember", "Task", "User", "Id", "Key__c", "Email", "LastName", "Nope", "describe", "insert", "update",
    "upsert", "delete", "hardDelete", "query", "queryAll", "CSV", "COMMA", "TAB", "LF", "CRLF", "Open", "UploadComplete",
    "Aborted", "2026-01-01", "2026-02-30", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "Red",
    "a@example.com", "a;b", "#N/A", "\x00", "\ufeffx", "'; --", "%", "%00", "../..", "東京 🚀", "İß", "\ud800", "x" * 300,
    "x" * 140_000, "@{a.id}", "[0]", "Parent__r", "0035e0000000001AAA", "003", "750000000000000AAA", "batchSize=1",
    "client=x", "batchSize=99999999999999999999", "٣", "²", "60.0", "attributes", "SELECT Id FROM Contact",
)  # fmt: skip
NAMES = (
    "operation", "object", "query", "state", "contentType", "lineEnding", "columnDelimiter", "externalIdFieldName", "records",
    "attributes", "type", "allOrNone", "compositeRequest", "method", "url", "referenceId", "body", "graphs", "graphId",
    "batchRequests", "richInput", "inputs", "ids", "Id", "id", "LastName", "Email", "Birthdate", "DoNotCall", "MailingStreet",
    "AccountId", "Account", "OwnerId", "Key__c", "Parent__c", "Parent__r", "Amount__c", "Day__c", "Moment__c", "Flag__c",
    "Kind__c", "deployOptions", "deployResult", "status", "reportMetadata", "Name", "CampaignId", "ContactId", "Status",
)  # fmt: skip
ODD_BODIES = (
    b"", b" ", b"null", b"[]", b"{}", b'""', b"0", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN", b'{"LastName":NaN}',
    b'{"LastName":"\\ud800"}', b'{"\\udfff":"x"}', b"[" * 100_000, b'{"records":' * 5_000, b'{"Amount__c":1e999}',
    b'{"Amount__c":' + b"9" * 5_000 + b"}", b'{"records":' + b"[" * 900 + b"]" * 900 + b"}", b'{"LastName":{"a":{"b":[1]}}}',
    b'{"allOrNone":true,"records":[null,1,"x",[],{}]}', b'{"compositeRequest":[null,{}]}', b'{"graphs":[{"graphId":1}]}',
    b"<", b"<a>", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"a=b&c=%zz&d=%ff", b"LastName\n\x00\n",
    b'LastName\n"a', b"LastName,LastName\na,b\n", b"Nope\na\n", b"LastName\r\na\r\n", b"LastName\ra\r", b"\xef\xbb\xbfLastName\na\n",
    b"LastName\n" + b"x" * 400_000 + b"\n", b"LastName,Email\na\n", b'LastName\na "b" c\n', b",\n,\n", b"\n\n\n", b"LastName\n\xff\n",
    b"Id\n\n", b"LastName\n", b"Id,Key__c\n#N/A,#N/A\n", b"Parent__r.Key__c\nx\n", b"Owner.Email,LastName\na@example.com,b\n",
)  # fmt: skip
KINDS = (
    "application/json", "application/json; charset=utf-16", "text/csv", "text/csv; charset=latin-1", "text/xml", "", "x",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "multipart/form-data; boundary=",
)  # fmt: skip
HEADERS = (
    "Sforce-Query-Options", "Sforce-Call-Options", "Sforce-Duplicate-Rule-Header", "If-Modified-Since", "If-None-Match", "Accept",
    "Accept-Encoding", "Content-Encoding", "Content-Length", "X-SFDC-Session", "SOAPAction", "Sforce-Mru", "Range",
)  # fmt: skip
QUERIES = ("q", "fields", "ids", "allOrNone", "columns", "locator", "maxRecords", "sObjects", "includeDetails", "start", "end", "limit", "offset", "isPkChunkingEnabled", "format", "version")  # fmt: skip

words = st.one_of(st.sampled_from(SAID), st.text(st.characters(exclude_categories=()), max_size=12))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.sampled_from([10**400, 2**63, -0.0, 1.5]), st.floats(), words
)
GOOD = (
    "SELECT Id FROM Contact", "SELECT FIELDS(ALL) FROM Contact LIMIT 200", "SELECT Name, (SELECT Id FROM Children__r) FROM Parent__c",
    "SELECT COUNT() FROM Contact", "SELECT Kind__c, COUNT(Id) FROM Child__c GROUP BY ROLLUP(Kind__c)", "SELECT Who.Name, What.Type FROM Task",
    "SELECT Id, FORMAT(CreatedDate), MailingAddress FROM Contact WHERE Name LIKE '%a%' ORDER BY Name LIMIT 5",
    "SELECT Id, Parent__r.Name FROM Child__c WHERE Parent__c IN (SELECT Id FROM Parent__c)",
)  # fmt: skip
conditions = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
soql = st.one_of(
    st.sampled_from(GOOD),
    st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join),
    conditions.map(lambda some: f"SELECT Id FROM Child__c WHERE {some}"),
    words,
)
values = st.recursive(
    st.one_of(scalars, soql),
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | words, deeper, max_size=5),
    max_leaves=12,
)
jobs = st.fixed_dictionaries(
    {
        "object": st.sampled_from(["Contact", "Child__c"]),
        "operation": st.sampled_from(["insert", "upsert", "update", "delete"]),
    },
    optional={
        "externalIdFieldName": st.sampled_from(["Key__c", "Id", "Email"]),
        "lineEnding": st.sampled_from(["LF", "CRLF"]),
        "columnDelimiter": st.sampled_from(["COMMA", "TAB", "PIPE"]),
    },
)
queried = st.fixed_dictionaries({"operation": st.sampled_from(["query", "queryAll"]), "query": soql})
objects = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)
contacts = st.fixed_dictionaries({"LastName": words}, optional=dict.fromkeys(NAMES[26:42], scalars))
collections = st.fixed_dictionaries(
    {
        "records": st.lists(
            contacts.map(lambda one: {"attributes": {"type": "Contact"}} | one) | objects | scalars, max_size=4
        )
    },
    optional={"allOrNone": scalars},
)
inner = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]) | words,
        "url": st.sampled_from(
            ["/services/data/v60.0/sobjects/Contact", "/services/data/v60.0/query?q=x", "v60.0/limits"]
        )
        | words,
        "referenceId": words,
    },
    optional={"body": values, "richInput": values},
)
composite = st.fixed_dictionaries(
    {},
    optional={
        "compositeRequest": st.lists(inner, max_size=3),
        "allOrNone": scalars,
        "batchRequests": st.lists(inner, max_size=3),
    },
)
tables = st.lists(st.lists(words, max_size=4), max_size=5).map(
    lambda rows: ("LastName,Key__c,Email\n" + "\n".join(",".join(row) for row in rows)).encode("utf-8", "replace")
)


def multipart(parts):
    """A form of several parts, perhaps one that is no form."""
    pieces = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\nContent-Type: {kind}\r\n\r\n'.encode(
            "utf-8", "replace"
        )
        + body
        + b"\r\n"
        for name, kind, body in parts
    ]
    return b"".join(pieces) + b"--b--\r\n"


packages = st.sampled_from([zipped(SCHEMA), zipped({}), b"PK\x03\x04", zipped({"objects/X__c.object": "<a/>"})])
as_json = st.one_of(values, objects).map(lambda v: json.dumps(v).encode())
forms = st.lists(
    st.tuples(
        st.sampled_from(["json", "file", "job", "content", ""]) | words,
        st.sampled_from(KINDS),
        st.one_of(st.sampled_from(ODD_BODIES), packages, as_json),
    ),
    max_size=3,
).map(multipart)
deployments = packages.map(
    lambda package: multipart(
        [("json", KINDS[0], b'{"deployOptions":{"checkOnly":true}}'), ("file", "application/zip", package)]
    )
)
anything = st.one_of(as_json, st.sampled_from(ODD_BODIES), tables, forms, st.binary(max_size=40), packages)
LIKELY = (
    ("/batches", tables | st.sampled_from(ODD_BODIES)),
    ("/jobs/ingest/{id}", st.sampled_from(["UploadComplete", "Aborted"]).map(lambda state: {"state": state})),
    ("/jobs/query/{id}", st.just({"state": "Aborted"})),
    ("/jobs/ingest", jobs),
    ("/jobs/query", queried),
    ("/composite/sobjects", collections),
    ("/composite/tree", collections),
    ("/composite", composite),
    ("/deployRequest", deployments | forms),
    ("/sobjects", contacts | objects),
)
"""What is mostly sent to the paths that hold these words."""


def mostly(usual, odd):
    """Nine times in ten the usual; `one_of` would leave repeated strategies out."""
    return st.integers(0, 9).flatmap(lambda n: odd if n == 7 else usual)


def bodies(path):
    """Mostly what may be accepted there, sometimes anything."""
    likely = next((body for part, body in LIKELY if part in path), as_json)
    written = likely.map(lambda body: body if isinstance(body, bytes) else json.dumps(body).encode())
    return mostly(written, anything)


@pytest.fixture(scope="module")
def emulator():
    made = create(Clock())
    yield made
    made.close()


def app_of(emulator):
    """The routes below all layers."""
    app = emulator.app
    while not hasattr(app, "routes"):
        app = getattr(app, "app", None) or app._app
    return app


def endpoints():
    """All but what steers the org: a person's settings, faults and seeds would make other requests fail rightly."""
    made = create(Clock())
    found = [
        (method, route.path)
        for route in app_of(made).routes
        if isinstance(route, Route) and not route.path.startswith("/_control")
        for method in sorted(route.methods or ())
        if method != "HEAD" and (method == "GET" or not route.path.startswith("/_explorer"))
    ]
    made.close()
    return [*found, ("GET", "/nowhere"), ("PUT", "/services/data/v{version}/query"), ("OPTIONS", "/services/data")]


ENDPOINTS = endpoints()


@st.composite
def requests(draw):
    """Method, path, query, headers and body."""
    method, path = draw(st.sampled_from(ENDPOINTS))
    odd = draw(st.lists(mostly(st.none(), words), min_size=4, max_size=4))
    query = {
        name: draw(soql if name == "q" else words)
        for name in draw(st.lists(st.sampled_from(QUERIES), max_size=3, unique=True))
    }
    if path.endswith(("/query", "/queryAll")) and method == "GET":
        query["q"] = draw(soql)
    headers = draw(mostly(st.just({}), st.dictionaries(st.sampled_from(HEADERS), words, max_size=3)))
    usual = "multipart/form-data; boundary=b" if "deployRequest" in path else "application/json"
    headers = {**headers, "Content-Type": draw(mostly(st.just(usual), st.sampled_from(KINDS)))}
    body = draw(bodies(path))
    if draw(st.integers(0, 9)) == 7:
        headers["Content-Encoding"] = "gzip"
        body = draw(st.sampled_from([gzip.compress(body), gzip.compress(body)[:-4], body]))
    return method, path, odd, query, headers, body, draw(st.integers(0, 20))


def fill(emulator, path, odd, number):
    """A path with what the org has put in, or odd texts."""
    ids = {
        "version": ["60.0", "67.0", "45.0"],
        "sobject": ["Contact", "Child__c", "Parent__c", "Task", "User"],
        "key": ["Key__c", "Email", "Id"],
        "value": ["a", "a@example.com"],
        "part": ["successfulResults", "failedResults", "unprocessedrecords", "batches"],
        "locator": ["01g5e0000000001AAA-2000"],
    }
    with emulator.org.storage.lock:
        some = emulator.org.storage.connection.execute("SELECT Id FROM Contact LIMIT 3").fetchall()
    kind = path.partition("/jobs/")[2].partition("/")[0]
    mine = [job.id for job in emulator.jobs.known.values() if job.kind == kind]
    ids["id"] = mine[::-1] if kind else [row[0] for row in some]
    ids["id"] = ids["id"] or ["0035e0000000001AAA"]
    made, given = [], iter(odd)
    for part in path.split("/"):
        at = part.find("{")
        if at < 0:
            made.append(part)
            continue
        choices = ids.get(part[at + 1 :].rstrip("}").partition(":")[0], ["x"])
        text = next(given, None)
        made.append(
            part[:at] + (quote(text, safe="", errors="replace") if text is not None else choices[number % len(choices)])
        )
    return "/".join(made)


def send(emulator, method, path, query, headers, body):
    """One request straight to the app: status, headers, body. Raises what the app raises."""
    raw = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in query.items())
    given = [(name.lower().encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
    given.append((b"authorization", f"Bearer {emulator.sessions.first}".encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(path),
        "raw_path": path.encode(), "query_string": raw.encode(), "headers": given, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "root_path": "", "extensions": {},
    }  # fmt: skip
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]
    answer = {"status": 0, "headers": [], "body": b""}

    async def receive():
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await asyncio.sleep(3600)
        raise AssertionError

    async def tell(message):
        if message["type"] == "http.response.start":
            answer.update(status=message["status"], headers=dict(message["headers"]))
        else:
            answer["body"] += message.get("body", b"")

    asyncio.run(asyncio.wait_for(emulator.app(scope, receive, tell), SOON_S))
    return answer


def check(answer, path):
    """The status is no failure, and the body is of the kind that it claims to be."""
    if path.startswith("/services/Soap") and answer["status"] == 500:  # SOAP 1.1 tells every fault so
        assert any(b"<faultcode>" + each in answer["body"] for each in (b"sf:", b"soapenv:")), answer
    else:
        assert 200 <= answer["status"] < 500, (path, answer)
    kind, body = answer["headers"].get(b"content-type", b"").decode(), answer["body"]
    if answer["headers"].get(b"content-encoding") == b"gzip":
        body = gzip.decompress(body)
    if not body or not path.startswith("/services"):
        return
    if kind.startswith("application/json"):
        json.loads(body)
    elif "xml" in kind:
        ET.fromstring(body)
    else:
        assert kind.startswith(("text/csv", "text/html", "text/plain", "application/octetstream")), kind
        if kind.startswith("text/csv"):
            list(csv.reader(io.StringIO(body.decode(), newline="")))


def deployed(emulator):
    answer = send(
        emulator, "POST", "/services/data/v60.0/metadata/deployRequest", {},
        {"Content-Type": "multipart/form-data; boundary=b"},
        multipart([("json", "application/json", b'{"deployOptions":{"rollbackOnError":true}}'), ("file", "application/zip", zipped(SCHEMA))]),
    )  # fmt: skip
    assert answer["status"] == 201, answer
    wait(lambda: emulator.org.storage.schema.object("Child__c"), lambda found: found is not None)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 120, suppress_health_check=list(HealthCheck))
@given(st.lists(requests(), min_size=1, max_size=6))
def test_every_input_is_answered(emulator, sent):
    if emulator.org.storage.schema.object("Child__c") is None or len(emulator.jobs.known) > 50:
        emulator.reset()
        deployed(emulator)
    for method, path, odd, query, headers, body, number in sent:
        target = fill(emulator, path, odd, number)
        begun = time.monotonic()
        try:
            answer = send(emulator, method, target, query, headers, body)
        except Exception as error:
            raise AssertionError(f"{method} {target!r} {query!r} {headers!r} {body[:300]!r}") from error
        assert time.monotonic() - begun < SOON_S, target
        check(answer, target)
    for job in list(emulator.jobs.known.values()):
        if job.state in ("UploadComplete", "InProgress"):
            wait(lambda job=job: job.state, lambda state: state in FINAL, SOON_S)
        assert "InternalServerError" not in str(job.info.get("errorMessage")), job.info


CSVS = [body for body in ODD_BODIES if b"LastName" in body or b"Id" in body]


@pytest.mark.parametrize("operation", ["insert", "update", "upsert", "delete"])
def test_every_file_is_worked_off_or_fails_with_a_reason(emulator, operation):
    for ending in ("LF", "CRLF"):
        for data in CSVS:
            asked = {"object": "Contact", "operation": operation, "lineEnding": ending, "externalIdFieldName": "Email"}
            path = "/services/data/v60.0/jobs/ingest"
            made = json.loads(send(emulator, "POST", path, {}, {}, json.dumps(asked).encode())["body"])
            for method, below, body in (
                ("PUT", "/batches", data),
                ("PATCH", "", b'{"state":"UploadComplete"}'),
            ):
                check(send(emulator, method, f"{path}/{made['id']}{below}", {}, {}, body), path)
            job = emulator.jobs.known[made["id"]]
            wait(lambda job=job: job.state, lambda state: state in FINAL, SOON_S)
            assert "InternalServerError" not in str(job.info.get("errorMessage")), (data[:60], job.info)
            assert job.state == "JobComplete" or job.info["errorMessage"]
            for part in ("successfulResults", "failedResults", "unprocessedrecords"):
                check(send(emulator, "GET", f"{path}/{made['id']}/{part}", {}, {}, b""), path)


@pytest.mark.parametrize("part", ["results", "resultPages"])
def test_every_place_in_the_results_of_a_query_is_given_or_refused(emulator, part):
    asked = {"operation": "query", "query": "SELECT Id, Name FROM User"}
    path = "/services/data/v60.0/jobs/query"
    job = emulator.jobs.known[
        json.loads(send(emulator, "POST", path, {}, {}, json.dumps(asked).encode())["body"])["id"]
    ]
    wait(lambda: job.state, lambda state: state in FINAL, SOON_S)
    for name in ("maxRecords", "locator"):
        for text in (*SAID, "LTE", "OTk5OTk5"):
            check(send(emulator, "GET", f"{path}/{job.id}/{part}", {name: text}, {}, b""), path)
