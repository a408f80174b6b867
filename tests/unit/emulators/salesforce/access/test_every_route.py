"""Every resource against three who ask: the admin, a user without any right, and nobody. A new route must be listed here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import requests
from starlette.routing import Route

from fairlead_emulators.clock import Clock
from fairlead_emulators.door import is_control
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.salesforce.seeding import insert
from fairlead_emulators.salesforce.tooling.rows import made_id
from fairlead_emulators.server import serving
from tests.unit.emulators.salesforce.conftest import SCHEMA, Client, wait
from tests.unit.emulators.salesforce.soap.calls import METADATA, PARTNER

ROOT = "/services/data/v{version}"
SECRET = "known to the admin"
KEY = "key known to the admin"
QUERY = "SELECT Id, Note__c FROM Child__c"
NUMBERS = count()
SOAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{space}"><e:Header><SessionHeader><sessionId>'
    "{token}</sessionId></SessionHeader></e:Header><e:Body>{call}</e:Body></e:Envelope>"
)


@dataclass(frozen=True)
class Row:
    """A resource, how it is asked, and the status for each of the three."""

    method: str
    path: str
    admin: int
    reader: int
    nobody: int = 401
    json: Any = None
    data: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    fill: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def get(path: str, admin: int = 200, reader: int = 404, **more: Any) -> Row:
    return Row("GET", ROOT + path, admin, reader, **more)


def post(path: str, admin: int, reader: int, **more: Any) -> Row:
    return Row("POST", ROOT + path, admin, reader, **more)


def other(method: str, path: str, admin: int, reader: int, **more: Any) -> Row:
    return Row(method, ROOT + path, admin, reader, **more)


def soap(path: str, space: str, call: str, reader: int) -> Row:
    return Row("POST", path, 200, reader, 500, data=(space, call))


CHILD = {"attributes": {"type": "Child__c"}, "Note__c": "n"}
LAYOUT = {"record_type": "012000000000000AAA"}
WINDOW = {
    "start": (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "end": "2099-01-01T00:00:00Z",
}
INGEST = {"object": "Child__c", "operation": "insert"}
INNER = {"method": "GET", "url": "/services/data/v60.0/query?q=SELECT+Note__c+FROM+Child__c", "referenceId": "a"}
BATCH = {"batchRequests": [{"method": "GET", "url": "v60.0/query?q=SELECT+Note__c+FROM+Child__c"}]}
GRAPHS = {"graphs": [{"graphId": "1", "compositeRequest": [{**INNER, "method": "POST", "url": "/services/data/v60.0/sobjects/Child__c", "body": {}}]}]}  # fmt: skip  # noqa: E501
JOB, ASKED = {"id": "{job}"}, {"id": "{asked}"}
REPORT, RUN = {"id": "{report}"}, {"id": "{report}", "instance": "{run}"}
VIEW = {"sobject": "Contact", "id": "{view}"}
NOTE = {"inputs": [{}]}

TABLE = (
    get("", 200, 200),
    get("/limits", 200, 200),
    get("/limits/recordCount", 200, 200),
    get("/sobjects", 200, 200),
    get("/sobjects/{sobject}"),
    post("/sobjects/{sobject}", 201, 404, json={"Note__c": "n"}),
    get("/sobjects/{sobject}/describe"),
    get("/sobjects/{sobject}/describe/layouts"),
    get("/sobjects/{sobject}/describe/layouts/{record_type}", fill=LAYOUT),
    get("/sobjects/{sobject}/describe/compactLayouts"),
    get("/sobjects/{sobject}/describe/approvalLayouts"),
    get("/sobjects/{sobject}/quickActions"),
    get("/quickActions", 200, 200),
    Row("GET", "/services/oauth2/singleaccess", 200, 200, 403),
    Row("POST", "/services/oauth2/singleaccess", 200, 200, 403),
    get("/sobjects/{sobject}/updated", params=WINDOW),
    get("/sobjects/{sobject}/deleted", params=WINDOW),
    get("/sobjects/{sobject}/listviews", fill={"sobject": "Contact"}),
    get("/sobjects/{sobject}/listviews/{id}", fill=VIEW),
    get("/sobjects/{sobject}/listviews/{id}/describe", fill=VIEW),
    get("/sobjects/{sobject}/listviews/{id}/results", fill=VIEW),
    get("/sobjects/{sobject}/{id}"),
    other("PATCH", "/sobjects/{sobject}/{id}", 204, 404, json={"Note__c": "n"}),
    other("DELETE", "/sobjects/{sobject}/{id}", 204, 404),
    get("/sobjects/{sobject}/{key}/{value:path}"),
    other("PATCH", "/sobjects/{sobject}/{key}/{value:path}", 200, 404, json={"Note__c": "n"}),
    other("DELETE", "/sobjects/{sobject}/{key}/{value:path}", 204, 404),
    get("/recent", 200, 200),
    get("/query", 200, 400, params={"q": QUERY}),
    get("/queryAll", 200, 400, params={"q": QUERY}),
    get("/query/{locator}", 200, 400),
    get("/queryAll/{locator}", 200, 400),
    get("/search", 400, 400),
    get("/search/{rest:path}", 400, 400),
    get("/parameterizedSearch", 400, 400),
    post("/parameterizedSearch", 400, 400),
    get("/tabs", 200, 200),
    get("/theme", 200, 200),
    get("/appMenu/AppSwitcher", 200, 200),
    get("/connect/organization", 200, 200),
    post("/composite", 200, 200, json={"compositeRequest": [INNER]}),
    post("/composite/batch", 200, 200, json=BATCH),
    post("/composite/graph", 200, 200, json=GRAPHS),
    post(
        "/composite/tree/{sobject}",
        201,
        404,
        json={"records": [{**CHILD, "attributes": {"type": "Child__c", "referenceId": "a"}}]},
    ),  # fmt: skip  # noqa: E501
    post("/composite/sobjects", 200, 404, json={"records": [CHILD]}),
    other("PATCH", "/composite/sobjects", 200, 404, json={"records": [CHILD]}),
    other("DELETE", "/composite/sobjects", 200, 200, params={"ids": "{child}"}),
    get("/composite/sobjects/{sobject}", params={"ids": "{child}", "fields": "Note__c"}),
    post("/composite/sobjects/{sobject}", 200, 404, json={"ids": [], "fields": ["Note__c"]}),
    other("PATCH", "/composite/sobjects/{sobject}/{key}", 200, 404, json={"records": [CHILD]}),
    get("/jobs/ingest", 200, 200),
    post("/jobs/ingest", 200, 400, json=INGEST),
    get("/jobs/ingest/{id}", fill=JOB),
    other("PUT", "/jobs/ingest/{id}/batches", 201, 404, data="Note__c\nn\n", fill=JOB),
    get("/jobs/ingest/{id}/{part}", 400, 404, fill=JOB | {"part": "successfulResults"}),
    other("PATCH", "/jobs/ingest/{id}", 200, 404, json={"state": "Aborted"}, fill=JOB),
    other("DELETE", "/jobs/ingest/{id}", 400, 404, fill=JOB),
    get("/jobs/query", 200, 200),
    post("/jobs/query", 200, 400, json={"operation": "query", "query": QUERY}),
    get("/jobs/query/{id}", fill=ASKED),
    get("/jobs/query/{id}/results", fill=ASKED),
    get("/jobs/query/{id}/resultPages", fill=ASKED),
    other("PATCH", "/jobs/query/{id}", 400, 404, json={"state": "Aborted"}, fill=ASKED),
    other("DELETE", "/jobs/query/{id}", 204, 404, fill=ASKED),
    post("/metadata/deployRequest", 400, 403, json={}),
    get("/metadata/deployRequest/{id}", 200, 403, fill={"id": "{deployment}"}),
    other(
        "PATCH",
        "/metadata/deployRequest/{id}",
        202,
        403,
        json={"deployResult": {"status": "Canceling"}},
        fill={"id": "{deployment}"},
    ),  # fmt: skip  # noqa: E501
    get("/tooling", 200, 403),
    get("/tooling/query", 200, 403, params={"q": "SELECT Id FROM CustomObject"}),
    get("/tooling/queryAll", 200, 403, params={"q": "SELECT Id FROM CustomObject"}),
    get("/tooling/executeAnonymous", 400, 403),
    post("/tooling/executeAnonymous", 400, 403),
    get("/tooling/runTestsAsynchronous", 400, 403),
    post("/tooling/runTestsAsynchronous", 400, 403),
    get("/tooling/runTestsSynchronous", 400, 403),
    post("/tooling/runTestsSynchronous", 400, 403),
    get("/tooling/sobjects", 200, 403),
    get("/tooling/sobjects/{sobject}", 200, 403, fill={"sobject": "CustomObject"}),
    post("/tooling/sobjects/{sobject}", 400, 403, json={}, fill={"sobject": "CustomObject"}),
    get("/tooling/sobjects/{sobject}/describe", 200, 403, fill={"sobject": "CustomObject"}),
    get(
        "/tooling/sobjects/{sobject}/{id}", 200, 403, fill={"sobject": "CustomObject", "id": made_id("01I", "Child__c")}
    ),
    other("PATCH", "/tooling/sobjects/{sobject}/{id}", 400, 403, json={}, fill={"sobject": "CustomObject"}),
    other("DELETE", "/tooling/sobjects/{sobject}/{id}", 400, 403, fill={"sobject": "CustomObject"}),
    get("/actions", 200, 200),
    get("/actions/standard", 200, 200),
    get("/actions/standard/customNotificationAction", 200, 200),
    post("/actions/standard/customNotificationAction", 400, 400, json=NOTE),
    get("/actions/custom", 200, 200),
    get("/actions/custom/{kind}", 200, 200, fill={"kind": "flow"}),
    get("/actions/custom/flow/{name}", 404, 404, fill={"name": "None"}),
    post("/actions/custom/flow/{name}", 404, 404, json=NOTE, fill={"name": "None"}),
    get("/analytics", 200, 200),
    get("/analytics/dashboards", 200, 200),
    get("/analytics/reports", 200, 200),
    get("/analytics/reportTypes", 200, 200),
    post(
        "/analytics/reports/query",
        200,
        400,
        json={
            "reportMetadata": {
                "reportType": {"type": "ContactList"},
                "reportFormat": "TABULAR",
                "detailColumns": ["CONTACT_ID"],
            }
        },
    ),  # fmt: skip  # noqa: E501
    get("/analytics/reports/{id}", 200, 400, fill=REPORT),
    post("/analytics/reports/{id}", 200, 400, json={}, fill=REPORT),
    get("/analytics/reports/{id}/describe", 200, 400, fill=REPORT),
    get("/analytics/reports/{id}/instances", 200, 200, fill=REPORT),
    post("/analytics/reports/{id}/instances", 200, 400, json={}, fill=REPORT),
    get("/analytics/reports/{id}/instances/{instance}", 200, 404, fill=RUN),
    other("DELETE", "/analytics/reports/{id}/instances/{instance}", 204, 404, fill=RUN),
    soap("/services/Soap/u/{version}", PARTNER, f"<query><queryString>{QUERY}</queryString></query>", 500),
    soap("/services/Soap/u/{version}/{org}", PARTNER, f"<query><queryString>{QUERY}</queryString></query>", 500),
    soap(
        "/services/Soap/c/{version}",
        "urn:enterprise.soap.sforce.com",
        f"<query><queryString>{QUERY}</queryString></query>",
        500,
    ),  # fmt: skip  # noqa: E501
    soap(
        "/services/Soap/c/{version}/{org}",
        "urn:enterprise.soap.sforce.com",
        "<describeSObject><sObjectType>Child__c</sObjectType></describeSObject>",
        500,
    ),  # fmt: skip  # noqa: E501
    soap(
        "/services/Soap/m/{version}",
        METADATA,
        "<describeMetadata><asOfVersion>60.0</asOfVersion></describeMetadata>",
        500,
    ),  # fmt: skip  # noqa: E501
    soap(
        "/services/Soap/m/{version}/{rest:path}",
        METADATA,
        "<listMetadata><queries><type>CustomObject</type></queries></listMetadata>",
        500,
    ),  # fmt: skip  # noqa: E501
)

#: What has to answer before there is a session, or asks for a credential of its own.
WITHOUT_SESSION = {
    "/services/data", "/services/oauth2/token", "/services/oauth2/authorize", "/.well-known/openid-configuration", "/id/keys",
    "/setup/connect", "/services/oauth2/userinfo", "/services/oauth2/revoke", "/services/oauth2/introspect",
    "/id/{org_id}/{user_id}", "/services/async/{rest:path}", "/secur/frontdoor.jsp",
}  # fmt: skip


@dataclass
class Three:
    """The org, its three askers, and what the paths are filled with."""

    client: Client
    reader: str
    known: dict[str, str]

    def ask(self, row: Row, token: str | None) -> requests.Response:
        fill = {"version": "60.0", "sobject": "Child__c", "id": "{child}", "key": "Key__c", "value": self.known["key"]}
        fill |= {"rest": "x", "org": "00D", "locator": "{locator}", **row.fill}
        path = row.path.replace(":path}", "}")
        for name, value in fill.items():
            path = path.replace(f"{{{name}}}", self.filled(value))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = row.data
        if isinstance(data, tuple):
            data = SOAP.format(space=data[0], token=token or "none", call=data[1]).encode()
            headers["Content-Type"] = "text/xml"
        params = {name: self.filled(value) for name, value in row.params.items()}
        url = self.client.url + path
        return requests.request(row.method, url, json=row.json, data=data, params=params, headers=headers, timeout=30)

    def filled(self, text: str) -> str:
        return self.known.get(text[1:-1], text) if text.startswith("{") else text


@pytest.fixture(scope="module")
def askers():
    emulator = create(Clock())
    with serving(emulator.app) as url, requests.Session() as http:
        http.headers["Authorization"] = f"Bearer {emulator.sessions.first}"
        client = Client(emulator, url, http)
        started = client.deploy(SCHEMA)
        assert started["success"], started
        yield Three(client, _reader(client), _known(client) | {"deployment": started["id"]})
    emulator.close()


def _made(client: Client, sobject: str, **fields: Any) -> str:
    answer = client.ask("POST", f"/sobjects/{sobject}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def _reader(client: Client) -> str:
    """The session of a user whose profile gives the API and nothing else."""
    (profile,) = insert(client.emulator.org, "Profile", [{"Name": "Bare", "PermissionsApiEnabled": True}])
    fields = {"LastName": "Berg", "Email": "bo@example.com", "Alias": "bo", "ProfileId": profile}
    _made(client, "User", Username="bo@example.com", **fields)
    return client.control("sessions", {"username": "bo@example.com"}).json()["access_token"]


def _known(client: Client) -> dict[str, str]:
    _made(client, "Contact", LastName=SECRET)
    rows = [{"attributes": {"type": "Child__c"}, "Note__c": SECRET} for _ in range(200)]
    for _ in range(2):
        client.ask("POST", "/composite/sobjects", json={"records": rows})
    asked = client.ask("POST", "/jobs/query", json={"operation": "query", "query": QUERY}).json()["id"]
    wait(lambda: client.ask("GET", f"/jobs/query/{asked}").json(), lambda job: job["state"] == "JobComplete")
    report = client.ask(
        "GET", "/query", params={"q": "SELECT Id FROM Report WHERE DeveloperName = 'All_Contacts'"}
    ).json()["records"][0]["Id"]
    view = client.ask("GET", "/sobjects/Contact/listviews").json()["listviews"][0]["id"]
    return {"asked": asked, "report": report, "view": view}


@pytest.fixture
def three(askers: Three) -> Three:
    """Each test has a record, a page, a job and a run of its own: some of them go."""
    client, key = askers.client, f"{KEY} {next(NUMBERS)}"
    more = client.ask("GET", "/query", params={"q": QUERY}, headers={"Sforce-Query-Options": "batchSize=200"}).json()
    run = client.ask("POST", f"/analytics/reports/{askers.known['report']}/instances", json={}).json()["id"]
    askers.known |= {
        "key": key,
        "child": _made(client, "Child__c", Note__c=SECRET, Key__c=key),
        "locator": more["nextRecordsUrl"].rpartition("/")[2],
        "job": client.open_job(),
        "run": run,
    }
    return askers


def name(row: Row) -> str:
    return f"{row.method} {row.path.removeprefix(ROOT)}"


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_each_resource_tells_each_asker_what_it_may_know(three: Three, row: Row) -> None:
    nobody = three.ask(row, None)
    reader = three.ask(row, three.reader)
    assert (nobody.status_code, reader.status_code) == (row.nobody, row.reader), reader.text
    for answer in (nobody, reader):
        assert SECRET not in answer.text
        assert '"UNKNOWN_EXCEPTION"' not in answer.text
    if row.method == "GET" and reader.ok:
        assert "Child__c" not in reader.text
    admin = three.ask(row, three.client.emulator.sessions.first)
    assert admin.status_code == row.admin, admin.text


def test_the_table_names_every_route(three: Three) -> None:
    listed = {(row.method, row.path) for row in TABLE}
    found = set()
    for route in routes_of(three.client.emulator.app):
        assert isinstance(route, Route)
        if not is_control(route.path) and route.path not in WITHOUT_SESSION:
            found |= {(method, route.path) for method in (route.methods or ()) if method != "HEAD"}
    assert found == listed


def routes_of(app: Any) -> list[Any]:
    """The routes of the Starlette app inside all layers."""
    while not hasattr(app, "routes"):
        app = getattr(app, "_app", None) or app.app
    return list(app.routes)


def test_inside_other_requests_the_reader_is_still_the_reader(three: Three) -> None:
    for path, body in (("/composite", {"compositeRequest": [INNER]}), ("/composite/batch", BATCH), ("/composite/graph", GRAPHS)):  # fmt: skip  # noqa: E501
        told = json.dumps(three.ask(post(path, 200, 200, json=body), three.reader).json())
        assert any(code in told for code in ("INVALID_TYPE", "NOT_FOUND")), told
