"""A plain SOAP client: envelopes written by hand, answers parsed."""

import base64
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import requests
from defusedxml.ElementTree import fromstring

from tests.unit.emulators.salesforce.conftest import Client, wait, zipped

METADATA = "http://soap.sforce.com/2006/04/metadata"
PARTNER = "urn:partner.soap.sforce.com"
HEAD = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass
class Answer:
    """What came back: the status, and the answer's element or the fault's code and text."""

    status: int
    root: Element
    text: str

    @property
    def results(self) -> list[Element]:
        return [each for each in self.root[-1][0] if tag(each) == "result"]

    @property
    def fault(self) -> tuple[str, str]:
        fault = self.root[-1][0]
        return fault.findtext("faultcode", ""), fault.findtext("faultstring", "")


def tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def text(element: Element, *path: str) -> str | None:
    """The text at the end of a path of names in any namespace; None when there is none."""
    for name in path:
        found = [each for each in element if tag(each) == name]
        if not found:
            return None
        element = found[0]
    return element.text or ""


def every(element: Element, name: str) -> list[Element]:
    return [each for each in element if tag(each) == name]


@dataclass
class Soap:
    """Calls of one entrance: `m`, `u` or `c`."""

    org: Client
    letter: str = "m"
    namespace: str = METADATA
    version: str = "60.0"
    session: str | None = None

    def call(self, name: str, inner: str = "", headers: str = "") -> Answer:
        session = self.org.emulator.sessions.first if self.session is None else self.session
        body = (
            f'<e:Envelope xmlns:e="{HEAD}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="{self.namespace}">'
            f"<e:Header><SessionHeader><sessionId>{escape(session)}</sessionId></SessionHeader>{headers}</e:Header>"
            f"<e:Body><{name}>{inner}</{name}></e:Body></e:Envelope>"
        )
        return self.send(body.encode())

    def send(self, body: bytes) -> Answer:
        url = f"{self.org.url}/services/Soap/{self.letter}/{self.version}"
        answer = requests.post(url, data=body, headers={"Content-Type": "text/xml", "SOAPAction": '""'}, timeout=30)
        return Answer(answer.status_code, fromstring(answer.content), answer.text)

    def deploy(self, files: dict[str, str], options: str = "<rollbackOnError>true</rollbackOnError>") -> Element:
        """Deploys and waits; the DeployResult with details."""
        package = base64.b64encode(zipped(files)).decode()
        started = self.call("deploy", f"<ZipFile>{package}</ZipFile><DeployOptions>{options}</DeployOptions>")
        assert started.status == 200, started.text
        return self.ended(text(started.results[0], "id") or "")

    def ended(self, deploy_id: str) -> Element:
        asked = f"<asyncProcessId>{deploy_id}</asyncProcessId><includeDetails>true</includeDetails>"
        return wait(
            lambda: self.call("checkDeployStatus", asked).results[0], lambda result: text(result, "done") == "true"
        )
