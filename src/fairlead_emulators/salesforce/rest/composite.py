"""`/composite`: up to 25 requests in one, which may take values from each other's answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest import references
from fairlead_emulators.salesforce.rest.inner import Done, Inner, carry_out
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call

fact("composite")
fact("composite_queries")
fact("composite_halted")

MAX_REQUESTS: Final = 25
MAX_QUERIES: Final = 5
HALTED: Final = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}
_BARRED: Final = ("jobs", "metadata", "composite")


class RollBack(Exception):
    """Undoes what the requests before a refused one did."""


@dataclass(frozen=True, slots=True)
class Node:
    """One inner request with the name by which others refer to it."""

    reference: str
    inner: Inner

    @property
    def needs(self) -> set[str]:
        """The requests whose answers this one takes values from."""
        return references.names_in(self.inner.url) | references.names_in(self.inner.body)


def routes(api: Api) -> list[Route]:
    """The route of this file."""
    return [Route(DATA + "/composite", api(partial(composite, api)), methods=["POST"])]


def composite(api: Api, call: Call) -> Response:
    """`POST …/composite`: `{allOrNone, collateSubrequests, compositeRequest}`."""
    body = call.json_object()
    all_or_none = flag(body, "allOrNone")
    flag(body, "collateSubrequests")
    nodes = read_nodes(body, MAX_REQUESTS)
    queries = sum(_is_query(node.inner.url) for node in nodes)
    if queries > MAX_QUERIES:
        message = f"The limit of {MAX_QUERIES} query and sObject Collections subrequests is exceeded: {queries}"
        raise ApiError(400, "INVALID_INPUT", message)
    outcomes = run_together(api, call, nodes) if all_or_none else run(api, call, nodes)
    return JSONResponse({"compositeResponse": told(nodes, outcomes)})


def flag(body: Mapping[str, Any], name: str) -> bool:
    """A boolean of the body, false when absent. Raises ApiError 400 for anything else."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise ApiError(400, "JSON_PARSER_ERROR", f"{name} must be true or false")
    return value


def read_nodes(body: Mapping[str, Any], most: int) -> list[Node]:
    """The inner requests of a body. Raises ApiError 400 for what cannot be told apart or carried out."""
    asked = body.get("compositeRequest")
    if not isinstance(asked, list) or not asked:
        raise ApiError(400, "INVALID_INPUT", "compositeRequest must be a list of requests")
    if len(asked) > most:
        raise ApiError(400, "INVALID_INPUT", f"Limit exceeded: {len(asked)} subrequests; at most {most} are allowed")
    nodes = [_node(item) for item in asked]
    seen: set[str] = set()
    for node in nodes:
        if node.reference in seen:
            raise ApiError(400, "INVALID_INPUT", f"Duplicate referenceId: {node.reference}")
        seen.add(node.reference)
    return nodes


def _node(item: Any) -> Node:
    if not isinstance(item, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "compositeRequest must hold objects")
    reference, url, method = item.get("referenceId"), item.get("url"), item.get("method")
    if not isinstance(reference, str) or not references.NAME.fullmatch(reference):
        message = f"Provided referenceId ({reference}) must start with a letter and hold letters, digits, underscores"
        raise ApiError(400, "INVALID_INPUT", message)
    if not isinstance(url, str) or not isinstance(method, str):
        raise ApiError(400, "INVALID_INPUT", f"method and url are required in {reference}")
    if not url.startswith("/services/data/v"):
        raise ApiError(400, "INVALID_INPUT", f"The url of {reference} must begin with /services/data/vXX.X/")
    return Node(reference, Inner(method.upper(), url, item.get("body"), _headers(reference, item.get("httpHeaders"))))


def _headers(reference: str, given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ApiError(400, "JSON_PARSER_ERROR", f"httpHeaders of {reference} must hold texts")
    return given


def _resource(url: str) -> list[str]:
    return url.partition("?")[0].strip("/").split("/")[3:]


def _is_query(url: str) -> bool:
    parts = [part.lower() for part in _resource(url)]
    return parts[:1] in (["query"], ["queryall"]) or parts[:2] == ["composite", "sobjects"]


def run(api: Api, call: Call, nodes: list[Node]) -> list[Done]:
    """Each request in order; what depends on a refused one is halted, the others go on."""
    answers: dict[str, Any] = {}
    outcomes = []
    for node in nodes:
        outcome = run_one(api, call, node, answers)
        if outcome.good:
            answers[node.reference] = outcome.body
        outcomes.append(outcome)
    return outcomes


def run_one(api: Api, call: Call, node: Node, answers: Mapping[str, Any]) -> Done:
    """One request, its references replaced by what others answered."""
    resource = _resource(node.inner.url)
    if resource[:1] and resource[0] in _BARRED and [p.lower() for p in resource[:2]] != ["composite", "sobjects"]:
        message = f"{node.inner.url.partition('?')[0]} is not supported in a composite request"
        return Done(400, ApiError(400, "INVALID_INPUT", message).body())
    try:
        url = references.filled_url(node.inner.url, answers)
        inner = Inner(node.inner.method, url, references.filled(node.inner.body, answers), node.inner.headers)
    except references.Unanswered as error:
        return Done(400, [{"errorCode": "PROCESSING_HALTED", "message": str(error)}])
    return carry_out(api, call, inner)


def run_together(api: Api, call: Call, nodes: list[Node]) -> list[Done]:
    """All requests or none: after a refused one what was done is undone, and the others are told as halted."""
    answers: dict[str, Any] = {}
    outcomes: list[Done] = []
    try:
        with call.org.storage.savepoint():
            for node in nodes:
                outcomes.append(run_one(api, call, node, answers))
                if not outcomes[-1].good:
                    raise RollBack
                answers[node.reference] = outcomes[-1].body
    except RollBack:
        halted = Done(400, [HALTED])
        place = len(outcomes) - 1
        outcomes = [outcomes[place] if at == place else halted for at in range(len(nodes))]
    return outcomes


def told(nodes: list[Node], outcomes: list[Done]) -> list[dict[str, Any]]:
    """The items of `compositeResponse`."""
    return [
        {
            "body": outcome.body,
            "httpHeaders": dict(outcome.headers),
            "httpStatusCode": outcome.status,
            "referenceId": node.reference,
        }
        for node, outcome in zip(nodes, outcomes, strict=True)
    ]
