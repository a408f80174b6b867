"""The control routes that every emulator offers beside the imitated API, and what an emulator is."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fairlead_emulators import seeds
from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults
from fairlead_emulators.filling import Filling, aside
from fairlead_emulators.requests_log import RequestLog


class Emulator(Protocol):
    """What `__main__` serves and the control routes work on.

    `kind` is "campaign_monitor" or "salesforce": the part of a seed that is this emulator's.
    `seed(spec)` empties the state, then fills it from a spec of `seeds.py` and returns counts; from any thread.
    `ready()` gives this emulator's part of the JSON line, without its addresses.
    """

    kind: str
    clock: Clock
    faults: Faults
    requests: RequestLog
    filling: Filling

    @property
    def app(self) -> ASGIApp: ...
    def reset(self) -> None: ...
    def seed(self, spec: Mapping[str, Any]) -> Mapping[str, int]: ...
    def state(self) -> Mapping[str, Any]: ...
    def ready(self) -> dict[str, str]: ...


Endpoint = Callable[[Request], Awaitable[Response]]


def explained(endpoint: Endpoint) -> Endpoint:
    """Turns ValueError and LookupError into 400 `{error}`."""

    async def wrapped(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ValueError, LookupError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return wrapped


async def json_body(request: Request) -> Any:
    """The request's JSON, `{}` when it is empty. Raises ValueError when it is not JSON."""
    return await request.json() if await request.body() else {}


def control_routes(emulator: Emulator) -> list[Route]:
    """Routes below `/_control`: reset, seed, clock, faults, requests, state."""

    async def reset(request: Request) -> Response:
        emulator.reset()
        emulator.faults.clear()
        emulator.requests.clear()
        return JSONResponse({"state": dict(emulator.state())})

    async def seed(request: Request) -> Response:
        posted = await json_body(request)
        spec = posted.get("spec") or seeds.spec(
            str(posted.get("name", "empty")), emulator.kind, seed=int(posted.get("seed", 1))
        )
        return JSONResponse({"seeded": dict(await aside(lambda: emulator.seed(spec)))})

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            posted = await json_body(request)
            if "set" in posted:
                emulator.clock.set(datetime.fromisoformat(str(posted["set"])))
            elif "advance_seconds" in posted:
                emulator.clock.advance(float(posted["advance_seconds"]))
            elif "stands_still" in posted:
                (emulator.clock.stand_still if posted["stands_still"] else emulator.clock.go_on)()
            else:
                raise ValueError(
                    'the clock wants {"advance_seconds": n}, {"set": "2026-01-31T12:00:00Z"} or {"stands_still": true}'
                )
        return JSONResponse({"now": emulator.clock.now().isoformat(), "stands_still": emulator.clock.stands_still})

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            emulator.faults.clear()
        elif request.method == "POST":
            posted = await json_body(request)
            emulator.faults.add(posted if isinstance(posted, list) else [posted])
        return JSONResponse({"faults": emulator.faults.as_json(), "known": sorted(emulator.faults.known)})

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            emulator.requests.clear()
        return JSONResponse(emulator.requests.as_json())

    async def state(request: Request) -> Response:
        return JSONResponse(dict(emulator.state()))

    table: list[tuple[str, Endpoint, list[str]]] = [
        ("reset", reset, ["POST"]),
        ("seed", seed, ["POST"]),
        ("clock", clock, ["GET", "POST"]),
        ("faults", faults, ["GET", "POST", "DELETE"]),
        ("requests", requests, ["GET", "DELETE"]),
        ("state", state, ["GET"]),
    ]
    return [Route(f"/_control/{name}", explained(end), methods=methods) for name, end, methods in table]
