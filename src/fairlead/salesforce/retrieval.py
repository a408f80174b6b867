"""Reading metadata of the org: names of components, and their files. Only the SOAP Metadata API does this."""

import base64
import binascii
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from fairlead.salesforce.error_reading import error_of
from fairlead.salesforce.errors import SetupRefused, Unavailable
from fairlead.salesforce.package import NAMESPACE
from fairlead.salesforce.polling import Polling, poll
from fairlead.salesforce.transport import Answer, Transport

_SPACE: Final = f"{{{NAMESPACE}}}"
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{namespace}">'
    "<e:Header><SessionHeader><sessionId>{session}</sessionId></SessionHeader></e:Header>"
    "<e:Body><{call}>{inner}</{call}></e:Body></e:Envelope>"
)
MAX_FILES: Final = 10_000
MAX_UNPACKED: Final = 400 * 1024 * 1024
"""What an org may hand over at once, by Salesforce's own limits of a retrieval."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """How far a retrieval is, or how it ended; `zip` is blank until then."""

    done: bool
    success: bool
    problem: str
    zip: bytes


class Retrieval:
    """Reads what one org has in its Setup. Changes nothing."""

    def __init__(self, transport: Transport, pace: Polling, api_version: str) -> None:
        self._transport = transport
        self._pace = pace
        self._version = api_version

    async def names(self, kind: str) -> list[str]:
        """The full names of all components of a type, in order. Raises SetupRefused, RequestWrong, Unavailable."""
        inner = f"<queries><type>{escape(kind)}</type></queries><asOfVersion>{self._version}</asOfVersion>"
        results = await self._call("listMetadata", inner)
        return sorted(_text(each, "fullName") for each in results)

    async def files(self, members: Mapping[str, Iterable[str]]) -> dict[str, bytes]:
        """The files of these components by their path in a package; those that the org does not have are left out.

        Raises SetupRefused when the org cannot hand them over.
        """
        started = await self._call("retrieve", _request(members, self._version))
        job = _text(started[0], "id") if started else ""

        async def look() -> Retrieved:
            inner = f"<asyncProcessId>{escape(job)}</asyncProcessId><includeZip>true</includeZip>"
            return _retrieved(await self._call("checkRetrieveStatus", inner))

        ended = await poll(look, lambda seen: seen.done, self._pace, None)
        if not ended.success:
            raise SetupRefused(
                f"The org did not hand over its metadata: {ended.problem or 'no reason was given'}.",
                code="retrieve_failed",
                next_step="Try again; if it fails again, look at Setup > Deployment Status.",
            )
        return _unpacked(ended.zip)

    async def _call(self, call: str, inner: str) -> list[Element]:
        """The `result` elements of one call. An ended session is renewed once."""
        path = f"/services/Soap/m/{self._version}"
        stale = None
        while True:
            token = await self._transport.token(stale)
            text = _ENVELOPE.format(namespace=NAMESPACE, session=escape(token.access_token), call=call, inner=inner)
            root = await self._transport.ask(
                "POST",
                path,
                _document,
                door=f"metadata {call}",
                body=text.encode(),
                headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Accept": "text/xml"},
                accept=(500,),
            )
            fault = next((element for element in root.iter() if _tag(element) == "Fault"), None)
            if fault is None:
                return list(root.iter(f"{_SPACE}result"))
            code, message = _fault(fault)
            if code != "INVALID_SESSION_ID" or stale is not None:
                raise error_of(code, message, status=500)
            stale = token


def _request(members: Mapping[str, Iterable[str]], version: str) -> str:
    types = "".join(
        f"<types>{''.join(f'<members>{escape(name)}</members>' for name in names)}<name>{escape(kind)}</name></types>"
        for kind, names in members.items()
    )
    package = f"<unpackaged>{types}<version>{version}</version></unpackaged>"
    head = f"<apiVersion>{version}</apiVersion><singlePackage>true</singlePackage>"
    return f"<retrieveRequest>{head}{package}</retrieveRequest>"


def _document(answer: Answer) -> Element:
    try:
        root: Element = fromstring(answer.body)
    except (ParseError, DefusedXmlException, ValueError):
        raise Unavailable(
            f"Salesforce's answer of {len(answer.body)} bytes is no XML (HTTP status {answer.status}).",
            code="malformed_answer",
            status=answer.status,
        ) from None
    return root


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    return element.findtext(_SPACE + name, "").strip()


def _fault(fault: Element) -> tuple[str, str]:
    """Code and message: `sf:INVALID_TYPE` and `INVALID_TYPE: what is wrong` are told apart."""
    texts: dict[str, str] = {_tag(element): (element.text or "").strip() for element in fault}
    code = texts.get("faultcode", "").rpartition(":")[2] or "UNKNOWN_EXCEPTION"
    return code, texts.get("faultstring", "").removeprefix(f"{code}:").strip() or "no message"


def _retrieved(results: list[Element]) -> Retrieved:
    if not results:
        raise Unavailable("Salesforce did not say how far the retrieval is.", code="malformed_answer")
    result = results[0]
    problem = " ".join(filter(None, (_text(result, "errorStatusCode"), _text(result, "errorMessage"))))
    try:
        content = base64.b64decode(_text(result, "zipFile"), validate=False)
    except binascii.Error:
        raise Unavailable("Salesforce's zip cannot be read.", code="malformed_answer") from None
    return Retrieved(_text(result, "done") == "true", _text(result, "success") == "true", problem, content)


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_UNPACKED:
                raise SetupRefused("The org's metadata is too large to be read at once.", code="retrieve_too_large")
            return {_path(info.filename): archive.read(info) for info in infos if "package.xml" not in info.filename}
    except (zipfile.BadZipFile, EOFError, ValueError):
        raise Unavailable("Salesforce's zip cannot be read.", code="malformed_answer") from None


def _path(name: str) -> str:
    """The path in a package, without the folder `unpackaged` that some retrievals put around it."""
    return name.removeprefix("unpackaged/")


def stems(files: Mapping[str, bytes], folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Full name and content of the files of one folder: `Contact-Contact Layout` of `layouts/….layout`."""
    for path, content in files.items():
        if path.startswith(f"{folder}/") and path.endswith(f".{suffix}"):
            yield path[len(folder) + 1 : -len(suffix) - 1], content
