"""SOAP 1.1: requests read within bounds, answers and faults as the org writes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.markup import BadXml, child, child_text, parse, tag_of

fact("soap_faults")

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XSI_TYPE: Final = f"{{{XSI}}}type"
XSI_NIL: Final = f"{{{XSI}}}nil"


class Nil:
    """An element that is there and says that it is empty: `xsi:nil`."""


NIL: Final = Nil()


@dataclass(frozen=True, slots=True)
class Typed:
    """Content of an element with its `xsi:type` and further attributes."""

    type: str
    content: Any


class SoapFault(Exception):
    """A refused call. `code` without prefix is the service's own; `detail` is the name of the fault's type."""

    def __init__(self, code: str, message: str, detail: str = "UnexpectedErrorFault") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: its name, its element, and the headers beside it."""

    operation: str
    body: Element
    headers: Element | None

    def header(self, name: str, part: str) -> str:
        """The text of a part of a header; empty when there is none."""
        found = child(self.headers, name) if self.headers is not None else None
        return child_text(found, part) if found is not None else ""


def read(content: bytes) -> Asked:
    """The call of a SOAP message. Raises SoapFault."""
    try:
        root = parse(content).root
    except BadXml as error:
        raise SoapFault("soapenv:Client", f"The request is not XML: {error}") from None
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise SoapFault("soapenv:VersionMismatch", "Only SOAP 1.1 supported")
    body = child(root, "Body")
    calls = list(body) if body is not None else []
    if len(calls) != 1:
        raise SoapFault("soapenv:Client", "The body of the message must hold one call")
    return Asked(tag_of(calls[0]), calls[0], child(root, "Header"))


def element(name: str, value: Any, attributes: str = "") -> str:
    """An element of plain data: lists repeat it, None leaves it out, NIL says so."""
    if value is None:
        return ""
    if isinstance(value, Typed):
        return element(name, value.content, f"{attributes} xsi:type={quoteattr(value.type)}")
    if isinstance(value, Nil):
        return f'<{name}{attributes} xsi:nil="true"/>'
    if isinstance(value, Raw):
        return f"<{name}{attributes}>{value}</{name}>"
    if isinstance(value, Mapping):
        inside = "".join(element(key, each) for key, each in value.items())
        return f"<{name}{attributes}>{inside}</{name}>"
    if isinstance(value, list | tuple):
        return "".join(element(name, each, attributes) for each in value)
    return f"<{name}{attributes}>{_text(value)}</{name}>"


class Raw(str):
    """XML that is written as it is."""

    __slots__ = ()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape("".join(c for c in str(value) if c in "\t\n\r" or c >= " "))


def answer(namespace: str, operation: str, results: Iterable[Any], extra: str = "") -> str:
    """The message that answers a call: one `result` element for each of the results."""
    inside = "".join(element("result", each) for each in results)
    return _message(f'xmlns="{namespace}"{extra}', "", f"<{operation}Response>{inside}</{operation}Response>")


def _message(attributes: str, header: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsi="{XSI}" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" {attributes}>'
        f"{header}<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


def fault(namespace: str, error: SoapFault, *, detailed: bool) -> str:
    """The message of a fault, with the detail that record clients read the code from."""
    code = error.code if ":" in error.code else f"sf:{error.code}"
    text = error.message if ":" in error.code else f"{error.code}: {error.message}"
    inside = {"faultcode": code, "faultstring": text}
    detail = ""
    if detailed and ":" not in error.code:
        told = {"sf:exceptionCode": error.code, "sf:exceptionMessage": error.message}
        detail = element("detail", {f"sf:{error.detail}": Typed(f"sf:{error.detail}", told)})
    body = "".join(element(name, value) for name, value in inside.items()) + detail
    return _message(f'xmlns:sf="{namespace}"', "", f"<soapenv:Fault>{body}</soapenv:Fault>")
