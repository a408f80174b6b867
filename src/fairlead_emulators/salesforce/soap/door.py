"""What every SOAP call shares: session, version, the count of calls, faults, work kept off the event loop."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fairlead_emulators.salesforce.access.users import acting_as, check_path
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.wire import Api, Endpoint, unzipped
from fairlead_emulators.salesforce.soap.envelope import Asked, SoapFault, answer, fault, read
from fairlead_emulators.salesforce.state.limits import count_call
from fairlead_emulators.salesforce.state.org import VERSIONS

fact("soap_session")
fact("soap_size")
fact("soap_version")

MAX_REQUEST: Final = 60 * 1024 * 1024
_VERSION: Final = re.compile(r"(\d{1,3})\.(\d)")


@dataclass(frozen=True, slots=True)
class Call:
    """One SOAP call. `base` is the org's address as the client wrote it."""

    asked: Asked
    version: int
    base: str
    session: str


Work = Callable[[Call], list[Any]]


@dataclass(frozen=True, slots=True)
class Door:
    """Makes endpoints out of a table of calls. Those named in `open_to_all` need no session."""

    api: Api
    namespace: str
    fault_namespace: str
    calls: Mapping[str, Work]
    open_to_all: frozenset[str] = frozenset()
    detailed: bool = False
    extra: str = ""

    def endpoint(self) -> Endpoint:
        """The endpoint: a fault is status 500, as SOAP has it."""

        async def serve(request: Request) -> Response:
            try:
                body = await _body(request)
                base = f"{request.url.scheme}://{request.url.netloc}"
                path, version = request.url.path, request.path_params["version"]
                text, status = await run_in_threadpool(self._answered, version, base, path, body), 200
            except SoapFault as error:
                text, status = fault(self.fault_namespace, error, detailed=self.detailed), 500
            return Response(text, status, media_type="text/xml")

        return serve

    def _answered(self, version: str, base: str, path: str, body: bytes) -> str:
        asked = read(body)
        number = _version(version)
        work = self.calls.get(asked.operation)
        if work is None or (asked.operation == "login" and number >= 65):
            named = f"{{{self.namespace}}}{asked.operation}"
            raise SoapFault("soapenv:Client", f"No operation available for request {named}")
        session = asked.header("SessionHeader", "sessionId")
        try:
            if asked.operation not in self.open_to_all:
                self._check(session)
                count_call(self.api.org, self.api.usage)
            with acting_as(self.api.org, self.api.sessions.user_of(session)):
                check_path(path)
                results = work(Call(asked, number, base, session))
        except ApiError as error:
            raise SoapFault(error.code, error.message, _detail(error.code)) from None
        return answer(self.namespace, asked.operation, results, self.extra)

    def _check(self, session: str) -> None:
        if self.api.org.faults.take("expired_session") is not None:
            self.api.sessions.access.pop(session, None)
        if not self.api.sessions.is_live(session):
            raise SoapFault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")


def _detail(code: str) -> str:
    return {"MALFORMED_QUERY": "MalformedQueryFault", "INVALID_FIELD": "InvalidFieldFault", "LOGIN": "LoginFault"}.get(
        code, "InvalidSObjectFault" if code == "INVALID_TYPE" else "UnexpectedErrorFault"
    )


async def _body(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in unzipped(request):
        size += len(piece)
        if size > MAX_REQUEST:
            raise SoapFault("EXCEEDED_MAX_SIZE_REQUEST", "Maximum size of request reached")
        pieces.append(piece)
    return b"".join(pieces)


def _version(text: str) -> int:
    found = _VERSION.fullmatch(text)
    number = int(found.group(1)) if found else 0
    if number not in VERSIONS:
        raise SoapFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    return number
