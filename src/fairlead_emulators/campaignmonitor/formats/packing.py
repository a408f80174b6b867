"""In which format an answer is asked for, and how it is packed."""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from isal import isal_zlib
from starlette.responses import Response

from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact

_GZIP: Final = 31  # window bits for a gzip envelope
_SMALL: Final = 512
_JSON: Final = "application/json; charset=utf-8"
XML: Final = "application/xml; charset=utf-8"


@fact("json-only")
def without_suffix(rest: str, accept: str) -> str:
    """The path without `.json`. Raises Refusal 404 with a clear message where XML is asked for."""
    if rest.lower().endswith(".json"):
        return rest[:-5]
    if rest.lower().endswith(".xml") or (
        "json" not in accept.lower() and not rest.lower().startswith("transactional/")
    ):
        raise Refusal(
            404,
            http=406,
            message="This local account answers JSON only: end the path in .json, or send Accept: application/json",
        )
    return rest


@fact("xml-errors")
def xml_is_asked(path: str, accept: str) -> bool:
    """Whether XML is asked for by name, not only by saying nothing."""
    path, accept = path.lower(), accept.lower()
    return path.endswith(".xml") or (not path.endswith(".json") and "xml" in accept and "json" not in accept)


def xml_of(envelope: Mapping[str, Any]) -> bytes:
    """An error as XML."""
    top = ET.Element("Result")
    for name in ("Code", "Message"):
        ET.SubElement(top, name).text = str(envelope[name])
    written: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return written


@fact("gzip")
def packed(status: int, body: bytes, headers: Mapping[str, str], accept_encoding: str) -> Response:
    """The answer as it is sent."""
    sent = {"content-type": _JSON, **headers}
    if len(body) > _SMALL and "gzip" in accept_encoding.lower():
        body = isal_zlib.compress(body, 1, _GZIP)
        sent |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
    return Response(body, status, sent)
