"""`/composite`: up to 25 requests in one, with `@{reference.field}`; each runs through the app itself."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import UNCOUNTED, Api, Endpoint

fact("composite")

MAX_REQUESTS: Final = 25
_REFERENCE: Final = re.compile(r"@\{([A-Za-z0-9_]+)\.([^}]+)\}")
_HALTED: Final = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


def routes(api: Api) -> list[Route]:
    """The route of this file."""
    return [Route(DATA + "/composite", _endpoint(api), methods=["POST"])]


def _endpoint(api: Api) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        async def run() -> Response:
            body = api.call(request, await request.body()).json_object()
            asked = body.get("compositeRequest")
            if not isinstance(asked, list) or len(asked) > MAX_REQUESTS:
                message = f"compositeRequest must be a list of at most {MAX_REQUESTS} requests"
                raise ApiError(400, "INVALID_INPUT", message)
            if body.get("allOrNone"):
                message = "allOrNone is not offered here: use /composite/sobjects"
                raise ApiError(400, "INVALID_INPUT", message)
            answers: dict[str, Any] = {}
            done = [await _one(request, item, answers) for item in asked]
            return JSONResponse({"compositeResponse": done})

        return await api.guarded(request, run)

    return endpoint


async def _one(request: Request, item: Mapping[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    reference = str(item.get("referenceId", ""))
    try:
        url = _filled(str(item["url"]), answers)
        payload = json.loads(_filled(json.dumps(item.get("body")), answers))
    except LookupError:
        return {"body": [_HALTED], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": reference}
    status, body = await _inside(request, str(item.get("method", "GET")), url, payload)
    if status < 300:
        answers[reference] = body
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference}


def _filled(text: str, answers: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        found: Any = answers[match.group(1)]
        for part in re.findall(r"[^.\[\]]+", match.group(2)):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return str(found)

    return _REFERENCE.sub(value, text)


async def _inside(request: Request, method: str, url: str, payload: Any) -> tuple[int, Any]:
    path, _, query = url.partition("?")
    body = b"" if payload is None else json.dumps(payload).encode()
    scope: Scope = {
        **request.scope,
        "method": method,
        "path": path.rstrip("/"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "path_params": {},
        UNCOUNTED: True,
    }
    status, chunks = 500, [b""]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            chunks.append(message.get("body", b""))

    await request.app.router(scope, receive, send)
    text = b"".join(chunks)
    return status, json.loads(text) if text else None
