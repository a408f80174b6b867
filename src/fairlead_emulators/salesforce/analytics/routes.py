"""`/analytics/reports`: listed, described, run at once or in the background; `/analytics/dashboards`: listed."""

import threading
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.analytics import metadata, query, types
from fairlead_emulators.salesforce.analytics.definitions import Definition, definitions
from fairlead_emulators.salesforce.analytics.instances import Instance, Instances
from fairlead_emulators.salesforce.analytics.run import run
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.values import stamp
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.state.limits import report_runs
from fairlead_emulators.salesforce.state.org import Org

fact("report_list")
fact("report_sync")
fact("report_async")
fact("report_run_limits")
fact("report_includes_details")

AT_ONCE: Final = 20
_HOW: Final = {"sync": "synchronously", "async": "asynchronously"}


@dataclass(frozen=True, slots=True)
class Reports:
    """The endpoints of reports."""

    api: Api
    instances: Instances
    running: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def routes(self) -> list[Route]:
        """The routes of this file."""
        root = DATA + "/analytics"
        one = root + "/reports/{id}"
        return [
            Route(root, self.api(doors), methods=["GET"]),
            Route(root + "/dashboards", self.api(dashboards), methods=["GET"]),
            Route(root + "/reports", self.api(listed), methods=["GET"]),
            Route(root + "/reportTypes", self.api(all_types), methods=["GET"]),
            Route(root + "/reports/query", self.api(self.ad_hoc), methods=["POST"]),
            Route(one, self.api(self.run), methods=["GET", "POST"]),
            Route(one + "/describe", self.api(described), methods=["GET"]),
            Route(one + "/instances", self.api(self.listed_instances), methods=["GET"]),
            Route(one + "/instances", self.api(self.start), methods=["POST"]),
            Route(one + "/instances/{instance}", self.api(self.result), methods=["GET"]),
            Route(one + "/instances/{instance}", self.api(self.remove), methods=["DELETE"]),
        ]

    def run(self, call: Call) -> Response:
        """`GET` or `POST …/reports/{id}?includeDetails=`: at once."""
        record_id, report = _one(call)
        report = _asked(call, report)
        _count(call, "sync")
        if not self.running.acquire(blocking=False):
            message = f"You can't run more than {AT_ONCE} reports at a time. Try again later."
            raise ApiError(403, "FORBIDDEN", message)
        try:
            return JSONResponse(_result(call, record_id, report, details=_details(call, report)))
        finally:
            self.running.release()

    def ad_hoc(self, call: Call) -> Response:
        """`POST …/reports/query`: a report that is not kept."""
        asked = _posted(call)
        kind = asked.get("reportType")
        name = kind.get("type") if isinstance(kind, dict) else kind
        if not isinstance(name, str):
            raise ApiError(400, "INVALID_REPORT_METADATA", "reportMetadata.reportType.type is required")
        report = metadata.merged(Definition("", str(asked.get("name") or "New Report"), name, "TABULAR", ()), asked)
        _count(call, "sync")
        return JSONResponse(_result(call, None, report, details=_details(call, report)))

    def start(self, call: Call) -> Response:
        """`POST …/reports/{id}/instances`: in the background."""
        record_id, report = _one(call)
        report = _asked(call, report)
        kind = types.report_type(call.org, report.type)
        metadata.extended(report, kind)  # refuses unknown columns at once
        _count(call, "async")
        details = _details(call, report)
        begun = self.instances.start(
            record_id, lambda: _result(call, record_id, report, details=details), details=details
        )
        return JSONResponse(_instance(call, begun) | {"status": "New"})

    def listed_instances(self, call: Call) -> Response:
        """`GET …/reports/{id}/instances`."""
        record_id, _ = _one(call)
        return JSONResponse([_instance(call, each) for each in self.instances.of(record_id)])

    def result(self, call: Call) -> Response:
        """`GET …/reports/{id}/instances/{instance}`: how far it is, and after Success what it gave."""
        record_id, report = _one(call)
        instance = self.instances.get(record_id, call.path["instance"])
        told = _instance(call, instance) | {"reportId": record_id, "reportName": report.title, "type": "ReportInstance"}
        if instance.result is None:
            return JSONResponse({"attributes": told} | ({"errorMessage": instance.error} if instance.error else {}))
        return JSONResponse({**instance.result, "attributes": told})

    def remove(self, call: Call) -> Response:
        """`DELETE …/reports/{id}/instances/{instance}`."""
        record_id, _ = _one(call)
        self.instances.remove(self.instances.get(record_id, call.path["instance"]))
        return Response(status_code=204)


def _count(call: Call, kind: str) -> None:
    """Counts a run, sync or async. Raises ApiError 403 over the limit of an hour."""
    limit = report_runs(call.org, kind)
    message = f"You can't run more than {limit} reports {_HOW[kind]} every 60 minutes. Try again later."
    call.usage.take_run(kind, call.org.clock.now(), limit, ApiError(403, "FORBIDDEN", message))


def _posted(call: Call) -> dict[str, Any]:
    if call.method != "POST" or not call.body:
        return {}
    asked = call.json_object().get("reportMetadata") or {}
    if not isinstance(asked, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "reportMetadata must be an object")
    return asked


def _asked(call: Call, report: Definition) -> Definition:
    return metadata.merged(report, _posted(call))


def _details(call: Call, report: Definition) -> bool:
    asked = call.query.get("includeDetails")
    return report.format == "TABULAR" and report.details if asked is None else asked.lower() == "true"


def _one(call: Call) -> tuple[str, Definition]:
    """Id and definition of the report in the path. Raises ApiError 404."""
    return _found(call.org, call.path["id"])


def _found(org: Org, text: str) -> tuple[str, Definition]:
    record_id = to18(text)
    with org.storage.lock:
        row = org.storage.connection.execute(
            "SELECT DeveloperName FROM Report WHERE Id = ? AND IsDeleted = 0", (record_id,)
        ).fetchone()
    known = definitions(org)
    if record_id is None or row is None or row[0] not in known:
        raise ApiError(404, "NOT_FOUND", "The data you're trying to access is unavailable.")
    return record_id, known[row[0]]


def soql_of(org: Org, record_id: str) -> str:
    """The SOQL that gives the rows of the report with that id. Raises ApiError 404, or 400 where it cannot be run."""
    _, report = _found(org, record_id)
    kind = types.report_type(org, report.type)
    asked = ", ".join(query.paths(report, kind))
    return f"SELECT {asked} FROM {kind.sobject.name}{query.where(org, report, kind)}{query.order(report, kind)}"


def _result(call: Call, record_id: str | None, report: Definition, *, details: bool) -> dict[str, Any]:
    kind = types.report_type(call.org, report.type)
    url = f"{call.root}/analytics/reports/{record_id}"
    attributes = {
        "describeUrl": f"{url}/describe",
        "instancesUrl": f"{url}/instances",
        "reportId": record_id,
        "reportName": report.title,
        "type": "Report",
    }
    return {
        "attributes": attributes,
        **run(call.org, report, kind, call.version, details=details),
        "reportExtendedMetadata": metadata.extended(report, kind),
        "reportMetadata": metadata.told(report, kind, record_id),
    }


def _instance(call: Call, instance: Instance) -> dict[str, Any]:
    return {
        "completionDate": stamp(instance.ended) if instance.ended else None,
        "hasDetailRows": instance.details,
        "id": instance.id,
        "ownerId": instance.owner,
        "queryable": False,
        "requestDate": stamp(instance.begun),
        "status": instance.status,
        "url": f"{call.root}/analytics/reports/{instance.report_id}/instances/{instance.id}",
    }


def described(call: Call) -> Response:
    """`GET …/reports/{id}/describe`."""
    record_id, report = _one(call)
    kind = types.report_type(call.org, report.type)
    return JSONResponse(
        {
            "attributes": {"describeUrl": f"{call.root}/analytics/reports/{record_id}/describe", "type": "Report"},
            "reportExtendedMetadata": metadata.extended(report, kind),
            "reportMetadata": metadata.told(report, kind, record_id),
            "reportTypeMetadata": metadata.type_metadata(kind),
        }
    )


def _rows(call: Call, asked: str) -> list[Any]:
    with call.org.storage.lock:
        return call.org.storage.connection.execute(asked).fetchall()


def doors(call: Call) -> Response:
    """`GET …/analytics`."""
    return JSONResponse({name: f"{call.root}/analytics/{name}" for name in ("dashboards", "reports", "reportTypes")})


def listed(call: Call) -> Response:
    """`GET …/analytics/reports`: up to 200."""
    rows = _rows(call, "SELECT Id, Name FROM Report WHERE IsDeleted = 0 ORDER BY Name LIMIT 200")
    urls = [(record_id, name, f"{call.root}/analytics/reports/{record_id}") for record_id, name in rows]
    return JSONResponse(
        [
            {"describeUrl": f"{url}/describe", "id": i, "instancesUrl": f"{url}/instances", "name": name, "url": url}
            for i, name, url in urls
        ]
    )


def all_types(call: Call) -> Response:
    """`GET …/analytics/reportTypes`."""
    found = [{"label": label, "type": name} for name, label in types.report_types(call.org)]
    return JSONResponse([{"label": "Reports", "reportTypes": found}])


def dashboards(call: Call) -> Response:
    """`GET …/analytics/dashboards`: up to 200."""
    rows = _rows(call, "SELECT Id, Title FROM Dashboard WHERE IsDeleted = 0 ORDER BY Title LIMIT 200")
    found = [
        {
            "id": record_id,
            "name": title,
            "statusUrl": f"{call.root}/analytics/dashboards/{record_id}/status",
            "url": f"{call.root}/analytics/dashboards/{record_id}",
        }
        for record_id, title in rows
    ]
    return JSONResponse({"dashboards": found})
