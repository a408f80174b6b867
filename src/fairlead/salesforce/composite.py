"""Several requests in one call: composite (25, may refer to each other) and graphs (each of them all or none)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from fairlead.salesforce.error_reading import error_from
from fairlead.salesforce.errors import RequestWrong, SalesforceError
from fairlead.salesforce.transport import How, Repeat, Transport

T = TypeVar("T")

MAX_SUBREQUESTS: Final = 25
MAX_GRAPHS: Final = 75
MAX_NODES: Final = 500


class Subrequest(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One request. `url` is a path below the version, e.g. `/sobjects/Contact`; bodies may hold `@{ref.id}`."""

    method: str
    url: str
    reference_id: str
    body: Mapping[str, Any] | None = None


class Outcome(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one subrequest. `body` is what that door answers."""

    reference_id: str
    status: int = msgspec.field(name="httpStatusCode")
    body: Any = None

    @property
    def error(self) -> SalesforceError | None:
        """Why it was refused, None when it was not. `PROCESSING_HALTED`: another one was, look there."""
        if 200 <= self.status < 300:
            return None
        return error_from(self.status, msgspec.json.encode(self.body))


class _Outcomes(msgspec.Struct, rename="camel"):
    composite_response: list[Outcome]


class GraphOutcome(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one graph: all of it was done, or nothing."""

    graph_id: str
    response: _Outcomes = msgspec.field(name="graphResponse")
    successful: bool = msgspec.field(name="isSuccessful")

    @property
    def outcomes(self) -> list[Outcome]:
        return self.response.composite_response


class _Graphs(msgspec.Struct):
    graphs: list[GraphOutcome]


def _limit(what: str, count: int, most: int) -> None:
    if count > most:
        raise RequestWrong(
            f"{count:,} {what} are too many for one call.",
            code="too_many",
            next_step=f"Split them into calls of at most {most}.",
        )


def _repeat(requests: Sequence[Subrequest]) -> Repeat:
    """A call that creates is not repeated when its answer is lost."""
    return Repeat.UNSENT if any(r.method.upper() == "POST" for r in requests) else Repeat.ALWAYS


class Composite:
    """Calls made of several requests. A refused subrequest raises nothing: its `Outcome.error` tells."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def run(self, requests: Sequence[Subrequest], *, all_or_none: bool = False) -> list[Outcome]:
        """Up to 25 requests, in order; one outcome each. Raises RequestWrong for more."""
        _limit("subrequests", len(requests), MAX_SUBREQUESTS)
        wanted = {"allOrNone": all_or_none, "compositeRequest": self._wire(requests)}
        told = await self._post("", _Outcomes, json=wanted, repeat=_repeat(requests))
        return told.composite_response

    async def graphs(self, graphs: Mapping[str, Sequence[Subrequest]]) -> dict[str, GraphOutcome]:
        """Up to 75 graphs of 500 nodes in all, by graph id. After 14 failed ones the org halts the rest."""
        nodes = [node for graph in graphs.values() for node in graph]
        _limit("graphs", len(graphs), MAX_GRAPHS)
        _limit("nodes", len(nodes), MAX_NODES)
        wanted = [{"graphId": name, "compositeRequest": self._wire(graph)} for name, graph in graphs.items()]
        told = await self._post("/graph", _Graphs, json={"graphs": wanted}, repeat=_repeat(nodes))
        return {graph.graph_id: graph for graph in told.graphs}

    def _wire(self, requests: Sequence[Subrequest]) -> list[Subrequest]:
        data = self._transport.data
        return [msgspec.structs.replace(request, url=data + request.url) for request in requests]

    async def _post(self, path: str, type: type[T], *, json: Any, repeat: Repeat) -> T:
        how: How = {"json": json, "repeat": repeat}
        url = f"{self._transport.data}/composite{path}"
        return await self._transport.ask("POST", url, lambda answer: answer.decode(type), door="composite", **how)
