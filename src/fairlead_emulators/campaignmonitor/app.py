"""The Campaign Monitor account: state, API, control routes and explorer in one Starlette app."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from fairlead_emulators.campaignmonitor import clients, explorer, lists, seeding, subscribers, truth
from fairlead_emulators.campaignmonitor.api import Api, Service
from fairlead_emulators.campaignmonitor.auth import Keys
from fairlead_emulators.campaignmonitor.changes import Changes
from fairlead_emulators.campaignmonitor.life import Life
from fairlead_emulators.campaignmonitor.paging import Pages
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.clock import Clock
from fairlead_emulators.control import control_routes, explained, json_body
from fairlead_emulators.faults import Faults
from fairlead_emulators.middleware import Gate
from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.seeds import spec as named_spec

SERVICE_FAULTS: Final = frozenset({"expired_token", "revoked_token", "added_too_often", "import_failure"})
_METHODS: Final = ["GET", "POST", "PUT", "DELETE", "PATCH"]


class CampaignMonitorEmulator:
    """One account. `app` is ready to serve; without a seed it answers nobody."""

    kind = "campaign_monitor"

    def __init__(self, clock: Clock, data_dir: Path | None) -> None:
        self.clock = clock
        self.faults = Faults(SERVICE_FAULTS)
        self.requests = RequestLog()
        self.store = Store(data_dir)
        self.keys = Keys(self.store, clock, self.faults)
        self.life = Life(self.store, clock)
        self.changes = Changes(self.store, self.life)
        service = Service(self.store, clock, self.faults, self.keys, self.life, Pages(self.store))
        self._api = Api(service, [*clients.ENDPOINTS, *lists.ENDPOINTS, *subscribers.ENDPOINTS])
        self.app: ASGIApp = Gate(Starlette(routes=self._routes()), self.faults, self.requests)

    def reset(self) -> None:
        """Back to seed `empty`."""
        self.seed(named_spec("empty", self.kind))

    def seed(self, spec: Mapping[str, Any]) -> dict[str, int]:
        """Empties the account and fills it from a spec of `seeds.py`; returns counts."""
        return seeding.fill(self.store, self.keys, self.clock, spec)

    def state(self) -> dict[str, Any]:
        """Counts by client, list and state."""
        return truth.state(self.store)

    def ready(self) -> dict[str, str]:
        """Keys for the JSON line."""
        known = self.keys.ready()
        first = self.store.clients()[0]
        return {"client_id": first.id, "client_api_key": first.api_key, **known}

    def _routes(self) -> list[Route]:
        return [
            *explorer.routes(self),
            *control_routes(self),
            Route("/_control/act", explained(self._act), methods=["POST"]),
            Route("/_control/act_many", explained(self._act_many), methods=["POST"]),
            Route("/_control/subscribers", explained(self._subscribers), methods=["GET"]),
            Route("/{path:path}", self._api.answer, methods=_METHODS),
        ]

    async def _act(self, request: Request) -> Response:
        return JSONResponse(self.changes.act(await json_body(request)))

    async def _act_many(self, request: Request) -> Response:
        return JSONResponse(self.changes.act_many(await json_body(request)))

    async def _subscribers(self, request: Request) -> Response:
        wanted = request.query_params.get("list")
        chosen = [self.changes.list(wanted)] if wanted else self.store.lists()
        return StreamingResponse(truth.subscribers(self.store, chosen), media_type="application/x-ndjson")


def create(clock: Clock, data_dir: Path | None = None) -> CampaignMonitorEmulator:
    """An account with its state in memory, or in a file in `data_dir`. Seed it before use."""
    return CampaignMonitorEmulator(clock, data_dir)
