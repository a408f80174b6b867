"""The emulated org as one ASGI app: `create(clock, data_dir)`."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fairlead_emulators.clock import Clock
from fairlead_emulators.control import control_routes
from fairlead_emulators.faults import Faults
from fairlead_emulators.filling import Filling
from fairlead_emulators.middleware import Gate
from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.salesforce import acts, explorer, seeding
from fairlead_emulators.salesforce.actions import notifications
from fairlead_emulators.salesforce.actions import routes as actions
from fairlead_emulators.salesforce.analytics import routes as reports
from fairlead_emulators.salesforce.analytics import rows as report_rows
from fairlead_emulators.salesforce.analytics.instances import Instances
from fairlead_emulators.salesforce.bulk import ingest as bulk_ingest
from fairlead_emulators.salesforce.bulk import query as bulk_query
from fairlead_emulators.salesforce.bulk.jobs import Job, Jobs
from fairlead_emulators.salesforce.bulk.routes import BulkIngest
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.events import log as event_log
from fairlead_emulators.salesforce.events.origin import Origin
from fairlead_emulators.salesforce.explorer.house import House
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.layouts import routes as layouts
from fairlead_emulators.salesforce.listviews import routes as listviews
from fairlead_emulators.salesforce.listviews import shown, views
from fairlead_emulators.salesforce.metadata import deploy
from fairlead_emulators.salesforce.metadata.deployments import Deployments
from fairlead_emulators.salesforce.rest import batch, changes, collections, composite, graph, tree, unserved
from fairlead_emulators.salesforce.rest import queries as query
from fairlead_emulators.salesforce.rest import single as rest
from fairlead_emulators.salesforce.rest.wire import Api, Slashless
from fairlead_emulators.salesforce.signin.device import Devices
from fairlead_emulators.salesforce.signin.frontdoor import FrontDoor
from fairlead_emulators.salesforce.signin.oauth import OAuth
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.soap.metadata_api import MetadataApi
from fairlead_emulators.salesforce.soap.records_api import RecordsApi
from fairlead_emulators.salesforce.standard import access as standard_access
from fairlead_emulators.salesforce.standard import layouts as standard_layouts
from fairlead_emulators.salesforce.state.limits import Usage
from fairlead_emulators.salesforce.state.org import API_VERSION, SERVICE_FAULTS, Org, make_identity
from fairlead_emulators.salesforce.state.storage import Storage
from fairlead_emulators.salesforce.tables import picklist_rows
from fairlead_emulators.salesforce.tooling import routes as tooling

fact("unknown_path")


class SalesforceOrgEmulator:
    """A local Salesforce org. See `fairlead_emulators.control.Emulator` for what it offers."""

    kind = "salesforce"

    def __init__(self, clock: Clock, data_dir: Path | None) -> None:
        self.clock = clock
        self.faults = Faults(SERVICE_FAULTS)
        self.requests = RequestLog()
        self.filling = Filling()
        storage = Storage(data_dir)
        files = _files(self, data_dir)
        self.org = Org(storage, clock, self.faults, files, make_identity(storage))
        self.org.followers += [picklist_rows.follow, views.follow, report_rows.follow, notifications.follow]
        self.org.settings.update(storage.meta("settings") or {})
        self._kept = data_dir is not None and storage.meta("seeded") is not None
        self.usage = Usage()
        self.sessions = Sessions(self.org)
        self.sessions.load()
        workers: dict[str, Callable[[Jobs, Job], None]] = {"ingest": bulk_ingest.work, "query": bulk_query.work}
        self.jobs = Jobs(self.org, self.usage, workers)
        self.jobs.load()
        self.deployments = Deployments(self.org)
        self.reports = Instances(self.org)
        if storage.meta("seeded") is None:
            self.reset()
        self.app: ASGIApp = self._build()

    def _build(self) -> ASGIApp:
        api = Api(self.org, self.sessions, self.usage)
        queries = query.Queries(api, {"00B": shown.soql_of, "00O": reports.soql_of})
        routes: list[BaseRoute] = [
            *OAuth(self.org, self.sessions, Devices(self.org)).routes(),
            *FrontDoor(self.sessions).routes(),
            *collections.routes(api),
            *(
                route
                for each in (composite, graph, batch, tree, changes, layouts, unserved)
                for route in each.routes(api)
            ),
            *BulkIngest(api, self.jobs).routes(),
            *bulk_query.BulkQuery(api, self.jobs).routes(),
            *deploy.Deploys(api, self.deployments).routes(),
            *MetadataApi(api, self.deployments).routes(),
            *RecordsApi(api).routes(),
            *tooling.definitions(api, queries.query),
            *queries.routes(),
            *listviews.routes(api),
            *tooling.routes(api),
            *actions.routes(api),
            *actions.control(self.org),
            *reports.Reports(api, self.reports).routes(),
            *rest.routes(api),
            *control_routes(self),
            *acts.routes(self.org, self.sessions),
            *explorer.routes(House(self.org, self.usage, self.requests, self.sessions, self.jobs, self.seed)),
        ]
        api.routes.extend(routes)
        inner = Starlette(
            routes=routes,
            exception_handlers={HTTPException: _not_found, ApiError: _api_error, Exception: _our_bug},
        )
        inner.router.redirect_slashes = False
        return Gate(
            GZipMiddleware(Origin(Slashless(inner)), 1000, compresslevel=1), self.faults, self.requests, self.filling
        )

    def reset(self) -> None:
        """Back to an org with standard objects, one admin and no records. Credentials stay good."""
        self.jobs.clear()
        self.deployments.clear()
        self.reports.known.clear()
        with self.org.storage.transaction():
            self.org.storage.wipe()
            event_log.clear(self.org)
            seeding.lay_ground(self.org)
            standard_access.lay(self.org)
            standard_layouts.lay(self.org)
            for follow in self.org.followers:
                follow(self.org)
            self.org.settings.clear()
            notifications.clear(self.org)
            self.org.storage.set_meta("settings", {})
            self.org.storage.set_meta("seeded", True)
        self.usage.clear()
        self.sessions.load()

    def seed(self, spec: Mapping[str, Any]) -> Mapping[str, int]:
        """Resets, then lays a spec; counts by object. Raises ValueError for a row that is refused."""
        with self.filling.by(str(spec.get("name", "spec"))):
            self.reset()
            with self.org.storage.transaction():
                return seeding.fill(self.org, spec, self.filling.tell)

    def state(self) -> Mapping[str, Any]:
        """Counts by object; `kept` tells that the data folder brought state along."""
        return {"kept": self._kept, "objects": seeding.counts(self.org)}

    def ready(self) -> dict[str, str]:
        """The org's part of the JSON line, without addresses."""
        me = self.org.identity
        return {
            "access_token": self.sessions.first,
            "username": me.username,
            "client_id": me.client_id,
            "client_secret": me.client_secret,
            "api_version": API_VERSION,
        }

    def close(self) -> None:
        """Ends the worker threads and closes the database."""
        self.jobs.stop()
        self.org.storage.close()


def _files(owner: object, data_dir: Path | None) -> Path:
    """Where job files lie: below the data folder, or in a folder that goes when the emulator goes."""
    if data_dir is not None:
        folder = data_dir / "salesforce-jobs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    folder = Path(tempfile.mkdtemp(prefix="fairlead-org-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder


async def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 405:
        body = ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.").body()
    else:
        body = ApiError(404, "NOT_FOUND", "The requested resource does not exist").body()
    return JSONResponse(body, status_code=status)


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), status_code=error.status)


async def _our_bug(_request: Request, error: Exception) -> Response:
    message = f"An unexpected error occurred: {type(error).__name__}"
    return JSONResponse(ApiError(500, "UNKNOWN_EXCEPTION", message).body(), status_code=500)


def create(clock: Clock, data_dir: Path | None = None) -> SalesforceOrgEmulator:
    """An org on that clock; state in `data_dir`, or in memory."""
    return SalesforceOrgEmulator(clock, data_dir)
