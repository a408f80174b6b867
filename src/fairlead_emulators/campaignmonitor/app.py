"""The Campaign Monitor account: state, API, control routes and explorer in one Starlette app."""

import threading
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from fairlead_emulators.campaignmonitor import explorer, seeding, truth
from fairlead_emulators.campaignmonitor.account import room as account
from fairlead_emulators.campaignmonitor.api import Answer, Api, Service
from fairlead_emulators.campaignmonitor.audience.life import Life
from fairlead_emulators.campaignmonitor.audience.pages import Pages
from fairlead_emulators.campaignmonitor.auth import Keys
from fairlead_emulators.campaignmonitor.campaigns import room as campaigns
from fairlead_emulators.campaignmonitor.explorer.latest import Latest
from fairlead_emulators.campaignmonitor.heartbeat import Heartbeat
from fairlead_emulators.campaignmonitor.journeys import room as journeys
from fairlead_emulators.campaignmonitor.lists import room as lists
from fairlead_emulators.campaignmonitor.living import room as living
from fairlead_emulators.campaignmonitor.oauth import room as oauth
from fairlead_emulators.campaignmonitor.rooms import Room
from fairlead_emulators.campaignmonitor.segments import room as segments
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.campaignmonitor.subscribers import room as subscribers
from fairlead_emulators.campaignmonitor.subscribers.changes import Changes
from fairlead_emulators.campaignmonitor.switches import Switches
from fairlead_emulators.campaignmonitor.telling import room as telling
from fairlead_emulators.campaignmonitor.templates import room as templates
from fairlead_emulators.campaignmonitor.tracking import room as tracking
from fairlead_emulators.campaignmonitor.transactional import room as transactional
from fairlead_emulators.campaignmonitor.webhooks import room as webhooks
from fairlead_emulators.clock import Clock
from fairlead_emulators.control import control_routes, explained, json_body
from fairlead_emulators.faults import Faults
from fairlead_emulators.filling import Filling
from fairlead_emulators.middleware import Gate
from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.seeds import spec as named_spec

SERVICE_FAULTS: Final = frozenset(
    {
        "expired_token", "revoked_token", "added_too_often", "import_failure",
        "webhook_duplicate", "webhook_reorder", "webhook_drop", "oauth_server_error",
    }
)  # fmt: skip
ROOMS: Final[tuple[Room, ...]] = (
    account.ROOM, lists.ROOM, subscribers.ROOM, segments.ROOM, templates.ROOM, tracking.ROOM, campaigns.ROOM, journeys.ROOM,
    transactional.ROOM, webhooks.ROOM, oauth.ROOM, living.ROOM, telling.ROOM,
)  # fmt: skip
_METHODS: Final = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


class CampaignMonitorEmulator:
    """One account. `app` is ready to serve; without a seed it answers nobody."""

    kind = "campaign_monitor"

    def __init__(self, clock: Clock, data_dir: Path | None) -> None:
        self.clock = clock
        self.faults = Faults(SERVICE_FAULTS)
        self.requests = RequestLog()
        self.filling = Filling()
        self.store = Store(data_dir, [each.tables for each in ROOMS])
        self.keys = Keys(self.store, clock, self.faults)
        self._seeding = False
        self._turn = threading.RLock()  # beats come in the serving thread, seeds perhaps in another
        self.switches = Switches(self.store)
        self.life = Life(self.store, clock, self.switches)
        self.service = Service(self.store, clock, self.faults, self.keys, self.life, Pages(self.store), self.switches)
        self.changes = Changes(self.service, {name: act for each in ROOMS for name, act in each.acts.items()})
        endpoints = [endpoint for each in ROOMS for endpoint in each.endpoints]
        self._api = Api(self.service, endpoints, self.tick)
        inner = Heartbeat(Starlette(routes=self._routes()), self.tick)
        self.app: ASGIApp = Gate(inner, self.faults, self.requests, self.filling)

    def reset(self) -> None:
        """Back to seed `empty`."""
        self.seed(named_spec("empty", self.kind))

    def seed(self, spec: Mapping[str, Any]) -> dict[str, int]:
        """Empties the account and fills it from a spec of `seeds.py`; returns counts."""
        with self._turn, self.filling.by(str(spec.get("name", "spec"))):
            self.switches.lay(spec.get("settings", {}))
            self.service.own(Latest).clear()
            self._seeding = True
            try:
                counts = self._fill(spec)
                self.switches.keep()
                for each in ROOMS:
                    if each.lay_account:
                        each.lay_account(self.service, spec)
            finally:
                self._seeding = False
        return counts

    def _fill(self, spec: Mapping[str, Any]) -> dict[str, int]:
        try:
            return seeding.fill(self.service, spec, [each.lay for each in ROOMS if each.lay], self.filling.tell)
        finally:
            for each in ROOMS:
                if each.laid:
                    each.laid(self.service)

    def state(self) -> dict[str, Any]:
        """Counts by client, list and state, and what the rooms add."""
        found = truth.state(self.store)
        for each in ROOMS:
            found |= each.state(self.service) if each.state else {}
        return found

    def look(self, path: str, query: str) -> Answer:
        """What the API answers to a read with the account's key, past the log of requests."""
        headers = {"authorization": f"Basic {b64encode((self.keys.ready()['api_key'] + ':').encode()).decode()}"}
        done = self._api.work("GET", path, query, headers, b"")
        assert isinstance(done, Answer), "no read has to wait"
        return done

    def tick(self) -> None:
        """Carries out what has come due by the clock; nothing while the account is being laid."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            for each in () if self._seeding else ROOMS:
                if each.tick:
                    each.tick(self.service)
        finally:
            self._turn.release()

    def ready(self) -> dict[str, str]:
        """Keys for the JSON line."""
        known = self.keys.ready()
        first = self.store.clients()[0]
        return {"client_id": first.id, "client_api_key": first.api_key, **known}

    def _routes(self) -> list[BaseRoute]:
        lent = [route for each in ROOMS if each.routes for route in each.routes(self.service)]
        return [
            *lent,
            *explorer.routes(self),
            *control_routes(self),
            Route("/_control/act", explained(self._act), methods=["POST"]),
            Route("/_control/act_many", explained(self._act_many), methods=["POST"]),
            Route("/_control/settings", explained(self._settings), methods=["GET", "POST"]),
            Route("/_control/subscribers", explained(self._subscribers), methods=["GET"]),
            Route("/{path:path}", self._api.answer, methods=_METHODS),
        ]

    async def _act(self, request: Request) -> Response:
        posted = await json_body(request)
        self.tick()  # what was due before happens before
        return JSONResponse(self.changes.act(posted))

    async def _act_many(self, request: Request) -> Response:
        posted = await json_body(request)
        self.tick()
        return JSONResponse(self.changes.act_many(posted))

    async def _settings(self, request: Request) -> Response:
        if request.method == "POST":
            self.switches.set(await json_body(request))
        return JSONResponse(self.switches.as_json())

    async def _subscribers(self, request: Request) -> Response:
        self.tick()
        wanted = request.query_params.get("list")
        chosen = [self.changes.list(wanted)] if wanted else self.store.lists()
        lines = truth.subscribers(self.store, chosen, brief=request.query_params.get("brief") == "true")
        return StreamingResponse(lines, media_type="application/x-ndjson")


def create(clock: Clock, data_dir: Path | None = None) -> CampaignMonitorEmulator:
    """An account with its state in memory, or in a file in `data_dir`. Seed it before use."""
    return CampaignMonitorEmulator(clock, data_dir)
