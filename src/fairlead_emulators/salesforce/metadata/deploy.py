"""`/metadata/deployRequest`: takes a zip, tells how far it is, stops it."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.deployments import Deployments, told
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call, Endpoint

fact("deploy_request")

_MOMENTS = ("createdDate", "startDate", "completedDate", "lastModifiedDate")


@dataclass(frozen=True, slots=True)
class Deploys:
    """The endpoints of deployments."""

    api: Api
    deployments: Deployments

    def routes(self) -> list[Route]:
        """The routes of this file."""
        root = DATA + "/metadata/deployRequest"
        return [
            Route(root, self._start(), methods=["POST"]),
            Route(root + "/{id}", self.api(self.status), methods=["GET"]),
            Route(root + "/{id}", self.api(self.cancel), methods=["PATCH"]),
        ]

    def _start(self) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            async def run() -> Response:
                if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
                    return await run_in_threadpool(self.quick, self.api.call(request, await request.body()))
                options, package = await _parts(request)
                return await run_in_threadpool(self._accepted, options, package)

            return await self.api.guarded(request, run)

        return endpoint

    def _accepted(self, options: dict[str, Any], package: bytes) -> Response:
        result = self.deployments.start(package, options)
        answer = {"id": result["id"], "deployResult": _shown(result, details=False), "deployOptions": options}
        return JSONResponse(answer, status_code=201)

    def quick(self, call: Call) -> Response:
        """`POST …/deployRequest` with `{validatedDeployRequestId}`: deploys what was checked."""
        validated = call.json_object().get("validatedDeployRequestId")
        if not isinstance(validated, str):
            raise ApiError(400, "INVALID_INPUT", "validatedDeployRequestId is missing")
        result = self.deployments.quick(validated)
        answer = {"id": result["id"], "validatedDeployRequestId": validated}
        return JSONResponse(answer | {"deployResult": _shown(result, details=False)}, status_code=201)

    def status(self, call: Call) -> Response:
        """`GET …/deployRequest/{id}?includeDetails=true`."""
        result = self._find(call)
        details = call.query.get("includeDetails", "").lower() == "true"
        return JSONResponse({"id": result["id"], "deployResult": _shown(result, details=details)})

    def _find(self, call: Call) -> dict[str, Any]:
        try:
            return self.deployments.find(call.path["id"])
        except ApiError:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist") from None

    def cancel(self, call: Call) -> Response:
        """`PATCH …/deployRequest/{id}`."""
        result = self._find(call)
        if (call.json_object().get("deployResult") or {}).get("status") != "Canceling":
            raise ApiError(400, "INVALID_INPUT", "deployResult.status must be Canceling")
        self.deployments.cancel(result["id"])
        return JSONResponse({"id": result["id"], "deployResult": _shown(result, details=False)}, status_code=202)


def _shown(result: dict[str, Any], *, details: bool) -> dict[str, Any]:
    """The result with its moments as REST tells them."""
    copy = told(result, details=details)
    for name in _MOMENTS:
        if copy.get(name):
            copy[name] = copy[name].replace("Z", "+0000")
    return copy


async def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """The deploy options and the zip of a multipart body, whatever the parts are called."""
    options: dict[str, Any] | None = None
    package = b""
    async with request.form(max_part_size=64 * 1024 * 1024) as form:
        for _, part in form.multi_items():
            content = await part.read() if isinstance(part, UploadFile) else part.encode()
            kind = (part.content_type or "") if isinstance(part, UploadFile) else ""
            if content[:2] == b"PK" or kind == "application/zip":
                package = content
            else:
                options = _options(content)
    if options is None:
        raise ApiError(400, "INVALID_INPUT", "The request has no part with deployOptions")
    if not package:
        raise ApiError(400, "INVALID_INPUT", "The request has no zip part")
    return options, package


def _options(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"deployOptions is not JSON: {error}") from None
    options = parsed.get("deployOptions", parsed) if isinstance(parsed, dict) else None
    if not isinstance(options, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "deployOptions must be an object")
    return options
