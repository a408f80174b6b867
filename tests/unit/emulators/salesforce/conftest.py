"""An org on a free port, with two small custom objects deployed the way a client deploys."""

import io
import json
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
import requests

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import SalesforceOrgEmulator, create
from fairlead_emulators.salesforce.metadata.kinds import KINDS
from fairlead_emulators.server import serving

PARENT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <label>Parent</label><pluralLabel>Parents</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
  <sharingModel>ReadWrite</sharingModel><nameField><label>Name</label><type>Text</type></nameField>
  <fields><fullName>Key__c</fullName><label>Key</label><type>Text</type><length>40</length><unique>true</unique>
    <caseSensitive>false</caseSensitive><externalId>true</externalId></fields>
</CustomObject>"""

CHILD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <label>Child</label><pluralLabel>Children</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
  <sharingModel>ReadWrite</sharingModel>
  <nameField><label>Number</label><type>AutoNumber</type><displayFormat>C-{0000}</displayFormat></nameField>
  <fields><fullName>Key__c</fullName><label>Key</label><type>Text</type><length>40</length><unique>true</unique>
    <caseSensitive>false</caseSensitive><externalId>true</externalId></fields>
  <fields><fullName>Loose__c</fullName><label>Loose</label><type>Text</type><length>40</length>
    <externalId>true</externalId></fields>
  <fields><fullName>Parent__c</fullName><label>Parent</label><type>Lookup</type><referenceTo>Parent__c</referenceTo>
    <relationshipName>Children</relationshipName><relationshipLabel>Children</relationshipLabel></fields>
  <fields><fullName>Email__c</fullName><label>Email</label><type>Email</type></fields>
  <fields><fullName>Note__c</fullName><label>Note</label><type>Text</type><length>20</length></fields>
  <fields><fullName>Amount__c</fullName><label>Amount</label><type>Number</type><precision>8</precision>
    <scale>2</scale></fields>
  <fields><fullName>Day__c</fullName><label>Day</label><type>Date</type></fields>
  <fields><fullName>Moment__c</fullName><label>Moment</label><type>DateTime</type></fields>
  <fields><fullName>Flag__c</fullName><label>Flag</label><type>Checkbox</type><defaultValue>false</defaultValue></fields>
  <fields><fullName>Kind__c</fullName><label>Kind</label><type>Picklist</type><valueSet><restricted>true</restricted>
    <valueSetDefinition><sorted>false</sorted>
      <value><fullName>Red</fullName><default>false</default><label>Red</label></value>
      <value><fullName>Blue</fullName><default>false</default><label>Blue</label></value>
    </valueSetDefinition></valueSet></fields>
</CustomObject>"""

RIGHTS = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Readers</label>
  <fieldPermissions><field>Child__c.Note__c</field><readable>true</readable><editable>false</editable></fieldPermissions>
  <objectPermissions><object>Child__c</object><allowRead>true</allowRead><allowCreate>false</allowCreate>
    <allowEdit>false</allowEdit><allowDelete>false</allowDelete></objectPermissions>
</PermissionSet>"""

MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
  {types}<version>60.0</version>
</Package>"""


def manifest(files: Iterable[str]) -> str:
    """A package.xml that takes whatever these files hold."""
    folders = {path.partition("/")[0] for path in files if "/" in path}
    every = "<types><members>*</members><name>{}</name></types>"
    types = "".join(every.format(kind.type) for kind in KINDS if kind.folder in folders)
    return MANIFEST.format(types=types)


def zipped(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("package.xml", files.get("package.xml") or manifest(files))
        for path, text in files.items():
            if path != "package.xml":
                archive.writestr(path, text)
    return target.getvalue()


SCHEMA = {
    "objects/Parent__c.object": PARENT,
    "objects/Child__c.object": CHILD,
    "permissionsets/Readers.permissionset": RIGHTS,
}


@dataclass
class Client:
    """A plain HTTP client of the org, signed in."""

    emulator: SalesforceOrgEmulator
    url: str
    http: requests.Session
    version: str = "60.0"

    def ask(self, method: str, path: str, **more) -> requests.Response:
        """A request below `/services/data/vNN.0`."""
        return self.http.request(method, f"{self.url}/services/data/v{self.version}{path}", timeout=30, **more)

    def control(self, name: str, body=None) -> requests.Response:
        """A control request: a GET without body, a POST with one."""
        method = "GET" if body is None else "POST"
        return self.http.request(method, f"{self.url}/_control/{name}", json=body, timeout=30)

    def rows(self, sobject: str) -> list[dict]:
        """All records of an object."""
        return [json.loads(line) for line in self.control(f"records?object={sobject}").text.splitlines()]

    def fault(self, name: str, **more) -> None:
        assert self.control("faults", [{"fault": name, **more}]).status_code == 200

    def deploy(self, files: dict[str, str], **options) -> dict:
        """Deploys and waits; the deployResult."""
        asked = json.dumps({"deployOptions": {"rollbackOnError": True, **options}})
        parts = {
            "json": (None, asked, "application/json"),
            "file": ("package.zip", zipped(files), "application/zip"),
        }
        started = self.ask("POST", "/metadata/deployRequest", files=parts)
        assert started.status_code == 201, started.text
        return wait(lambda: self.deployment(started.json()["id"]), lambda result: result["done"])

    def deployment(self, deploy_id: str) -> dict:
        path = f"/metadata/deployRequest/{deploy_id}?includeDetails=true"
        return self.ask("GET", path).json()["deployResult"]

    def open_job(self, **info) -> str:
        asked = {"object": "Child__c", "operation": "insert", "contentType": "CSV", "lineEnding": "LF", **info}
        answer = self.ask("POST", "/jobs/ingest", json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def job(self, job_id: str) -> dict:
        return self.ask("GET", f"/jobs/ingest/{job_id}").json()

    def run_job(self, data: str | bytes, **info) -> dict:
        """Opens a job, uploads, closes and waits for its end; the job's info."""
        job_id = self.open_job(**info)
        raw = data.encode() if isinstance(data, str) else data
        assert self.ask("PUT", f"/jobs/ingest/{job_id}/batches", data=raw).status_code == 201
        assert self.ask("PATCH", f"/jobs/ingest/{job_id}", json={"state": "UploadComplete"}).status_code == 200
        return self.finish(job_id)

    def finish(self, job_id: str) -> dict:
        return wait(lambda: self.job(job_id), lambda job: job["state"] in ("JobComplete", "Failed", "Aborted"))

    def result(self, job: dict, part: str) -> str:
        answer = self.ask("GET", f"/jobs/ingest/{job['id']}/{part}")
        assert answer.status_code == 200, answer.text
        return answer.content.decode()


def wait(look, done, seconds: float = 20.0):
    """Looks until done; fails after so many seconds."""
    until = time.monotonic() + seconds
    while not done(seen := look()):
        assert time.monotonic() < until, f"still {seen}"
        time.sleep(0.01)
    return seen


@pytest.fixture(scope="module")
def served():
    """One org a module: each test starts from its own reset."""
    emulator = create(Clock())
    with serving(emulator.app) as url, requests.Session() as http:
        yield Client(emulator, url, http)
    emulator.close()


@pytest.fixture
def bare(served: Client) -> Client:
    """An org with standard objects only."""
    served.control("reset", {})
    served.http.headers.clear()
    served.http.headers["Authorization"] = f"Bearer {served.emulator.sessions.first}"
    served.version = "60.0"
    return served


@pytest.fixture
def org(bare: Client) -> Client:
    """An org with Parent__c and Child__c deployed."""
    assert bare.deploy(SCHEMA)["success"]
    return bare
