"""The Setup of a fake org: files by path, served and taken by the Metadata API's doors."""

import base64
import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any

from defusedxml.ElementTree import fromstring

from tests.unit.salesforce.fake_org import DATA, FakeOrg, Says, Seen

DEPLOY = f"{DATA}/metadata/deployRequest"
SOAP = "/services/Soap/m/67.0"
SPACE = "http://soap.sforce.com/2006/04/metadata"


def envelope(inner: str) -> Says:
    """A SOAP answer."""
    head = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    return Says(f"{head}{inner}</e:Body></e:Envelope>", 200, {"Content-Type": "text/xml"})


def fault(code: str, text: str) -> Says:
    """A SOAP fault, as HTTP status 500."""
    said = envelope(f"<e:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring></e:Fault>")
    return Says(said.body, 500, said.headers)


def results(call: str, *inner: str) -> Says:
    """The answer to a call with these results."""
    each = "".join(f"<result>{one}</result>" for one in inner)
    return envelope(f'<{call}Response xmlns="{SPACE}">{each}</{call}Response>')


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


@dataclass
class FakeSetup:
    """`refuse` holds the problem with which every deployment fails; `deployed` the zips that were sent."""

    files: dict[str, bytes] = field(default_factory=dict)
    refuse: str = ""
    deployed: list[dict[str, bytes]] = field(default_factory=list)
    checks: list[bool] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)

    def serve(self, org: FakeOrg) -> None:
        org.on("POST", SOAP, self.soap)
        org.on("POST", DEPLOY, self.deploy)
        org.on("GET", f"{DEPLOY}/0Af1", lambda _: Says(self.outcome))

    def soap(self, seen: Seen) -> Says:
        body = list(fromstring(seen.body))[-1]
        call = body[0].tag.rpartition("}")[2]
        if call == "listMetadata":
            names = [re.sub(r"^layouts/|\.layout$", "", path) for path in self.files if path.startswith("layouts/")]
            return results(call, *(f"<fullName>{name}</fullName><type>Layout</type>" for name in names))
        if call == "retrieve":
            self.wanted = [each.text for each in body.iter(f"{{{SPACE}}}members")]
            return results(call, "<done>false</done><id>09S1</id><state>Queued</state>")
        found = {path: self.files[path] for name in self.wanted if (path := f"layouts/{name}.layout") in self.files}
        content = base64.b64encode(zipped({"package.xml": b"<Package/>", **found})).decode()
        return results(call, f"<done>true</done><success>true</success><zipFile>{content}</zipFile>")

    def deploy(self, seen: Seen) -> Says:
        content = seen.body[seen.body.index(b"PK\x03\x04") :]
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        self.deployed.append(files)
        self.checks.append(b'"checkOnly":true' in seen.body)
        if not self.refuse and not self.checks[-1]:
            self.files.update({path: text for path, text in files.items() if path.startswith("layouts/")})
        return Says({"id": "0Af1", "deployResult": {"id": "0Af1", "status": "Pending"}}, 201)

    @property
    def outcome(self) -> dict[str, Any]:
        failures = [{"fullName": "X", "componentType": "Layout", "problem": self.refuse}] if self.refuse else []
        ended = {"status": "Failed" if failures else "Succeeded", "done": True, "success": not failures}
        return {"id": "0Af1", "deployResult": {**ended, "details": {"componentFailures": failures}}}
