"""`/composite/batch`: up to 25 requests in one that know nothing of each other."""

from functools import partial
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.composite import MAX_REQUESTS, flag
from fairlead_emulators.salesforce.rest.inner import Done, Inner, carry_out
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call

fact("batch")

_HALTED: Final = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]


def routes(api: Api) -> list[Route]:
    """The route of this file."""
    return [Route(DATA + "/composite/batch", api(partial(batch, api)), methods=["POST"])]


def batch(api: Api, call: Call) -> Response:
    """`POST …/composite/batch`: `{haltOnError, batchRequests: [{method, url, richInput}]}`."""
    body = call.json_object()
    halting, asked = flag(body, "haltOnError"), body.get("batchRequests")
    if not isinstance(asked, list) or not asked:
        raise ApiError(400, "INVALID_INPUT", "batchRequests must be a list of requests")
    if len(asked) > MAX_REQUESTS:
        message = f"Limit exceeded: {len(asked)} subrequests; at most {MAX_REQUESTS} are allowed"
        raise ApiError(400, "INVALID_INPUT", message)
    inners = [_inner(item) for item in asked]
    outcomes: list[Done] = []
    for inner in inners:
        halted = halting and not all(outcome.good for outcome in outcomes)
        outcomes.append(Done(412, _HALTED) if halted else carry_out(api, call, inner))
    results = [{"statusCode": outcome.status, "result": outcome.body} for outcome in outcomes]
    return JSONResponse({"hasErrors": not all(outcome.good for outcome in outcomes), "results": results})


def _inner(item: Any) -> Inner:
    """One request; its address may leave `/services/data/` out. Raises ApiError 400."""
    url, method = (item.get("url"), item.get("method")) if isinstance(item, dict) else (None, None)
    if not isinstance(url, str) or not isinstance(method, str):
        raise ApiError(400, "INVALID_INPUT", "method and url are required in each batch request")
    path = url if url.startswith("/services/data/") else "/services/data/" + url.lstrip("/")
    if "/composite" in path.partition("?")[0] or "/jobs/" in path:
        raise ApiError(400, "INVALID_INPUT", f"{url} is not supported in a batch request")
    return Inner(method.upper(), path, item.get("richInput"))
