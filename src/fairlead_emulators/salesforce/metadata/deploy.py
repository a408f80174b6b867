"""`/metadata/deployRequest`: takes a zip, applies it in the background, tells how far it is."""

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.metadata import rights
from fairlead_emulators.salesforce.model.schema import Schema
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call, Endpoint

fact("deploy_request")
fact("deploy_states")
fact("deploy_cancel")
fact("deploy_rollback")


class _Undo(Exception):
    """Takes a deployment back: it failed, or was a check only."""


@dataclass(slots=True)
class Deploys:
    """The endpoints of deployments, and those of this run of the emulator."""

    api: Api
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

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
                options, package = await _parts(request)
                return self._accepted(options, package)

            return await self.api.guarded(request, run)

        return endpoint

    def _accepted(self, options: dict[str, Any], package: bytes) -> Response:
        deploy_id = self.api.org.storage.new_ids("0Af", 1)[0]
        now = self.api.org.now()[:-1] + "+0000"
        result: dict[str, Any] = {
            "id": deploy_id,
            "status": "Pending",
            "done": False,
            "success": False,
            "checkOnly": bool(options.get("checkOnly", False)),
            "rollbackOnError": bool(options.get("rollbackOnError", True)),
            "createdDate": now,
            "numberComponentsTotal": 0,
            "numberComponentsDeployed": 0,
            "numberComponentErrors": 0,
            "details": {"componentSuccesses": [], "componentFailures": []},
        }
        self.known[deploy_id] = result
        answer = {"id": deploy_id, "deployResult": dict(result), "deployOptions": options}
        threading.Thread(target=self._work, args=(result, package), name="deploy", daemon=True).start()
        return JSONResponse(answer, status_code=201)

    def _result(self, call: Call) -> dict[str, Any]:
        for deploy_id, result in self.known.items():
            if call.path["id"] in (deploy_id, deploy_id[:15]):
                return result
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")

    def status(self, call: Call) -> Response:
        """`GET …/deployRequest/{id}?includeDetails=true`."""
        result = dict(self._result(call))
        if call.query.get("includeDetails", "").lower() != "true":
            result["details"] = None
        return JSONResponse({"id": result["id"], "deployResult": result})

    def cancel(self, call: Call) -> Response:
        """`PATCH …/deployRequest/{id}`."""
        result = self._result(call)
        if (call.json_object().get("deployResult") or {}).get("status") != "Canceling":
            raise ApiError(400, "INVALID_INPUT", "deployResult.status must be Canceling")
        if not result["done"]:
            result["status"] = "Canceling"
        return JSONResponse({"id": result["id"], "deployResult": result}, status_code=202)

    def _work(self, result: dict[str, Any], package: bytes) -> None:
        fault = self.api.org.faults.take("slow_job", kind="deploy")
        time.sleep(fault.seconds if fault else 0)
        if result["status"] == "Canceling":
            result.update(status="Canceled", done=True)
            return
        result.update(status="InProgress", startDate=self.api.org.now()[:-1] + "+0000")
        try:
            self._apply(result, package)
        except Exception as error:
            result.update(errorMessage=str(error), errorStatusCode="UNKNOWN_EXCEPTION", success=False)
        ended = "Succeeded" if result["success"] else "Failed"
        result.update(status=ended, done=True, completedDate=self.api.org.now()[:-1] + "+0000")

    def _apply(self, result: dict[str, Any], package: bytes) -> None:
        storage = self.api.org.storage
        before = storage.schema.to_json()
        try:
            with storage.transaction() as connection:
                done = metadata.apply(metadata.read_package(package), storage.schema, connection)
                _tell(result, done)
                if result["checkOnly"] or (not result["success"] and result["rollbackOnError"]):
                    raise _Undo
                storage.schema_changed()
                rights.keep_rights(self.api.org)
        except BaseException as error:
            storage.schema.objects = Schema.from_json(before).objects
            if not isinstance(error, _Undo):
                raise


def _tell(result: dict[str, Any], done: metadata.DeployResult) -> None:
    good = [_component(c, success=True) for c in done.successes]
    bad = [_component(c, success=False) for c in done.failures]
    result.update(
        success=not bad,
        numberComponentsTotal=len(good) + len(bad),
        numberComponentsDeployed=len(good),
        numberComponentErrors=len(bad),
        details={"componentSuccesses": good, "componentFailures": bad},
    )


def _component(component: Any, *, success: bool) -> dict[str, Any]:
    return {_camel(name): value for name, value in asdict(component).items()} | {"success": success}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


async def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """The deploy options and the zip of a multipart body, whatever the parts are called."""
    options: dict[str, Any] = {}
    package = b""
    async with request.form(max_part_size=64 * 1024 * 1024) as form:
        for _, part in form.multi_items():
            content = await part.read() if isinstance(part, UploadFile) else part.encode()
            if content[:2] == b"PK":
                package = content
            else:
                options = _options(content)
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
