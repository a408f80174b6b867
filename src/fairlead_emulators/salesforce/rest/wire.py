"""What every REST call shares: version, session, the count of calls, errors, work kept off the event loop."""

import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from fairlead_emulators.salesforce.access.users import acting_as, check_path
from fairlead_emulators.salesforce.errors import ApiError, no_such_object
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records.duplicates import allow_save
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.state.limits import Usage, count_call
from fairlead_emulators.salesforce.state.org import VERSIONS, Org

fact("trailing_slash")
fact("unsupported_version")
fact("gzip_requests")
fact("media_types")

MOST_INFLATED: Final = 150_000_000
_PIECE: Final = 1 << 20
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised REST call with its whole body."""

    org: Org
    usage: Usage
    version: str
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str = ""
    """`https://127.0.0.1:8811`: how the client reached the org."""

    @property
    def root(self) -> str:
        """`/services/data/v67.0`."""
        return f"/services/data/v{self.version}"

    def json(self) -> Any:
        """The body. Raises ApiError 415 for another content type, 400 when it is not JSON."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.body and kind and kind != "application/json":
            message = f"Content-Type {kind} not supported: use application/json"
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", message)
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ApiError(400, "JSON_PARSER_ERROR", f"The body is not valid JSON: {error}") from None
        except RecursionError:
            raise ApiError(400, "JSON_PARSER_ERROR", "The body is nested too deeply") from None

    def json_object(self) -> dict[str, Any]:
        """The body, which must be an object."""
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The body must be a JSON object")
        return parsed

    def sobject(self) -> SObject:
        """The object named in the path. Raises ApiError 404."""
        found = self.org.storage.schema.object(self.path["sobject"])
        if found is None:
            raise no_such_object(self.path["sobject"])
        return found


@dataclass(frozen=True, slots=True)
class Api:
    """Makes endpoints from functions that take a Call; knows them all, for requests that hold other requests."""

    org: Org
    sessions: Sessions
    usage: Usage
    works: dict[Endpoint, Callable[[Call], Response]] = field(default_factory=dict)
    routes: list[BaseRoute] = field(default_factory=list)

    def __call__(self, work: Callable[[Call], Response]) -> Endpoint:
        """An endpoint that runs `work` in a thread and answers its errors as Salesforce does."""

        async def endpoint(request: Request) -> Response:
            async def run() -> Response:
                body = b"".join([chunk async for chunk in unzipped(request)])
                return await run_in_threadpool(work, self.call(request, body))

            return await self.guarded(request, run)

        self.works[endpoint] = work
        return endpoint

    def call(self, request: Request, body: bytes = b"") -> Call:
        """The Call of a request."""
        return Call(
            self.org,
            self.usage,
            request.path_params.get("version", ""),
            request.method,
            request.path_params,
            request.query_params,
            request.headers,
            body,
            f"{request.url.scheme}://{request.url.netloc}",
        )

    async def guarded(self, request: Request, run: Callable[[], Awaitable[Response]]) -> Response:
        """Checks session, version and limit, then runs; the answer tells the API usage."""
        headers: dict[str, str] = {}
        try:
            token = self.sessions.check(request.headers.get("authorization", ""))
            check_version(request.path_params.get("version"))
            check_accept(request.headers.get("accept", ""))
            headers["Sforce-Limit-Info"] = count_call(self.org, self.usage)
            with acting_as(self.org, self.sessions.user_of(token)):
                check_path(request.url.path)
                asked = request.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
                allow_save.set("allowsave=true" in asked)
                response = await run()
        except RecursionError:
            response = JSONResponse(ApiError(400, "JSON_PARSER_ERROR", "The body is nested too deeply").body(), 400)
        except ApiError as error:
            response = JSONResponse(error.body(), status_code=error.status)
        response.headers.update(headers)
        return response


def check_version(text: str | None) -> None:
    """Raises ApiError 404 for an API version that is none or no longer one."""
    if text is None:
        return
    number, _, fraction = text.partition(".")
    if fraction != "0" or not number.isdecimal() or int(number) > VERSIONS[-1]:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    if int(number) < VERSIONS[0]:
        raise ApiError(410, "UNSUPPORTED_API_VERSION", f"API version {text} is retired; use {VERSIONS[-1]}.0")


def check_accept(accepted: str) -> None:
    """Raises ApiError 406 for a caller that takes nothing but XML."""
    kinds = [part.partition(";")[0].strip().lower() for part in accepted.split(",") if part.strip()]
    if kinds and all(kind in ("application/xml", "text/xml") for kind in kinds):
        raise ApiError(406, "NOT_ACCEPTABLE", "This org answers JSON: ask with Accept: application/json")


async def unzipped(request: Request) -> AsyncIterator[bytes]:
    """The request's body in pieces, inflated when it came with `Content-Encoding: gzip`."""
    if request.headers.get("content-encoding", "").lower() != "gzip":
        async for chunk in request.stream():
            yield chunk
        return
    inflate, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    try:
        async for chunk in request.stream():
            waiting = chunk
            while waiting:
                piece = inflate.decompress(waiting, _PIECE)
                waiting = inflate.unconsumed_tail
                size += len(piece)
                if size > MOST_INFLATED:
                    raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"A body has at most {MOST_INFLATED} bytes")
                yield piece
        if not inflate.eof:
            raise zlib.error("it ends too early")
    except zlib.error as error:
        raise ApiError(400, "INVALID_GZIP", f"The body is not gzip: {error}") from None


class Slashless:
    """ASGI layer: `/sobjects/Contact/` is `/sobjects/Contact`, and `//services/data` is `/services/data`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        path = scope.get("path", "")
        if path.startswith("//"):
            path = "/" + path.lstrip("/")
        if path.startswith("/services/"):
            path = path.rstrip("/")
        if path != scope.get("path", ""):
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)
