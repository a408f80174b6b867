"""`/composite/graph`: graphs of requests, each of them done whole or not at all."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.composite import HALTED, Node, read_nodes, run_together, told
from fairlead_emulators.salesforce.rest.inner import Done
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call

fact("graph_limits")
fact("graph_order")

MAX_GRAPHS: Final = 75
MAX_NODES: Final = 500
MAX_DEPTH: Final = 15
MAX_KINDS: Final = 15
MAX_FAILED: Final = 14


def routes(api: Api) -> list[Route]:
    """The route of this file."""
    return [Route(DATA + "/composite/graph", api(partial(graphs, api)), methods=["POST"])]


def graphs(api: Api, call: Call) -> Response:
    """`POST …/composite/graph`: `{graphs: [{graphId, compositeRequest}]}`."""
    asked = _read(call.json_object())
    answers: list[dict[str, Any]] = []
    failed = 0
    for name, nodes in asked.items():
        outcomes = [Done(400, [HALTED])] * len(nodes) if failed >= MAX_FAILED else run_together(api, call, nodes)
        good = all(outcome.good for outcome in outcomes)
        failed += not good
        response = {"compositeResponse": told(nodes, outcomes)}
        answers.append({"graphId": name, "graphResponse": response, "isSuccessful": good})
    return JSONResponse({"graphs": answers})


def _read(body: Mapping[str, Any]) -> dict[str, list[Node]]:
    """The graphs by id, their nodes in an order in which each comes after those it needs. Raises ApiError 400."""
    asked = body.get("graphs")
    if not isinstance(asked, list) or not asked or not all(isinstance(each, dict) for each in asked):
        raise ApiError(400, "INVALID_INPUT", "graphs must be a list of graphs")
    if len(asked) > MAX_GRAPHS:
        raise ApiError(400, "INVALID_INPUT", f"{len(asked)} graphs exceed the limit of {MAX_GRAPHS}")
    found: dict[str, list[Node]] = {}
    for graph in asked:
        name = graph.get("graphId")
        if not isinstance(name, str) or not name or name in found:
            raise ApiError(400, "INVALID_INPUT", f"graphId must be given once to each graph: {name}")
        found[name] = _ordered(name, read_nodes(graph, MAX_NODES))
    count = sum(len(nodes) for nodes in found.values())
    if count > MAX_NODES:
        raise ApiError(400, "INVALID_INPUT", f"{count} nodes exceed the limit of {MAX_NODES}")
    return found


def _ordered(name: str, nodes: list[Node]) -> list[Node]:
    kinds = {(node.inner.method, _kind(node)) for node in nodes}
    if len(kinds) > MAX_KINDS:
        message = f"Graph {name} has {len(kinds)} kinds of nodes; at most {MAX_KINDS} are allowed"
        raise ApiError(400, "INVALID_INPUT", message)
    depth: dict[str, int] = {}
    waiting, ordered = list(nodes), list[Node]()
    known = {node.reference for node in nodes}
    while waiting:
        ready = [node for node in waiting if (node.needs & known) <= depth.keys()]
        if not ready:
            raise ApiError(400, "INVALID_INPUT", f"The references of graph {name} go round in a circle")
        for node in ready:
            depth[node.reference] = 1 + max((depth[need] for need in node.needs & known), default=0)
        ordered += ready
        waiting = [node for node in waiting if node.reference not in depth]
    deepest = max(depth.values())
    if deepest > MAX_DEPTH:
        raise ApiError(400, "INVALID_INPUT", f"Graph {name} is {deepest} deep; at most {MAX_DEPTH} is allowed")
    return ordered


def _kind(node: Node) -> str:
    """What a node is about: `sobjects/Contact`. Raises ApiError 400 for what a graph cannot hold."""
    parts = node.inner.url.partition("?")[0].strip("/").split("/")[3:]
    if len(parts) < 2 or parts[0] != "sobjects":
        raise ApiError(400, "INVALID_INPUT", f"{node.reference}: a graph holds requests to sobjects only")
    return "/".join(parts[:2])
