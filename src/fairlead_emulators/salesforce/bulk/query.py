"""`/jobs/query`: the query runs in the background into a CSV file, which is handed out in parts."""

import base64
from array import array
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.bulk.jobs import DELIMITERS, FINAL, LINE_ENDINGS, Job, Jobs
from fairlead_emulators.salesforce.bulk.listing import listed
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.soql import door as soql_door

fact("bulk_query_jobs")
fact("bulk_query_locator")
fact("bulk_query_pages")
fact("bulk_query_version")

DEFAULT_PART: Final = 50_000
PARALLEL: Final = 5


def work(jobs: Jobs, job: Job) -> None:
    """Runs the query into the job's result file, and notes where each row starts."""
    starts = array("Q")
    asked = job.info["query"]
    deleted = job.info["operation"] == "queryAll"
    with jobs.file(job, "results").open("wb") as target:
        header, rows = soql_door.stream(jobs.org, asked, deleted=deleted)
        target.write(_lines(job, [header])[0])
        for page in rows:
            for line in _lines(job, page):
                starts.append(target.tell())
                target.write(line)
            jobs.change(job, numberRecordsProcessed=len(starts))
            if job.abort:
                break
        starts.append(target.tell())
    jobs.file(job, "starts").write_bytes(starts.tobytes())
    if job.id in jobs.known:
        jobs.change(job, state="Aborted" if job.abort else "JobComplete")


def _lines(job: Job, rows: list[list[str]]) -> list[bytes]:
    """CSV lines with every cell in quotes."""
    between, ending, lines = f'"{job.delimiter}"', job.line_ending, []
    for row in rows:
        line = between.join(row)
        if line.count('"') > 2 * (len(row) - 1):
            line = between.join([cell.replace('"', '""') for cell in row])
        lines.append(f'"{line}"{ending}'.encode())
    return lines


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """The endpoints of query jobs."""

    api: Api
    jobs: Jobs

    def routes(self) -> list[Route]:
        """The routes of this file."""
        root = DATA + "/jobs/query"
        return [
            Route(root, self.api(self.create), methods=["POST"]),
            Route(root, self.api(self.list), methods=["GET"]),
            Route(root + "/{id}", self.api(self.info), methods=["GET"]),
            Route(root + "/{id}", self.api(self.abort), methods=["PATCH"]),
            Route(root + "/{id}", self.api(self.remove), methods=["DELETE"]),
            Route(root + "/{id}/results", self.api(self.results), methods=["GET"]),
            Route(root + "/{id}/resultPages", self.api(self.pages), methods=["GET"]),
        ]

    def create(self, call: Call) -> Response:
        """`POST …/jobs/query`."""
        asked = call.json_object()
        if asked.get("operation") not in ("query", "queryAll"):
            raise ApiError(400, "INVALIDJOB", "InvalidJob : operation must be query or queryAll")
        delimiter, ending = asked.get("columnDelimiter", "COMMA"), asked.get("lineEnding", "LF")
        if delimiter not in DELIMITERS or ending not in LINE_ENDINGS:
            raise ApiError(400, "INVALIDJOB", "InvalidJob : columnDelimiter or lineEnding is unknown")
        sobject = soql_door.check_bulk(call.org, str(asked.get("query", "")))
        info: dict[str, Any] = {
            "operation": asked["operation"],
            "object": sobject,
            "query": asked["query"],
            "apiVersion": float(call.version),
            "state": "UploadComplete",
            "columnDelimiter": delimiter,
            "lineEnding": ending,
            "jobType": "V2Query",
            "numberRecordsProcessed": 0,
            "retries": 0,
            "totalProcessingTime": 0,
            "isPkChunkingSupported": True,
        }
        job = self.jobs.new("query", info)
        answer = _told(job)
        self.jobs.start(job)
        return JSONResponse(answer)

    def _job(self, call: Call) -> Job:
        return self.jobs.get("query", call.path["id"])

    def list(self, call: Call) -> Response:
        """`GET …/jobs/query`."""
        return listed(call, self.jobs.of("query"), "query", _told)

    def info(self, call: Call) -> Response:
        """`GET …/jobs/query/{id}`."""
        return JSONResponse(_told(self._job(call)))

    def abort(self, call: Call) -> Response:
        """`PATCH …/jobs/query/{id}` with `Aborted`."""
        job = self._job(call)
        if call.json_object().get("state") != "Aborted" or job.state in FINAL:
            raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {job.state} can only be Aborted while it runs")
        self.jobs.abort(job)
        return JSONResponse(_told(job) | {"state": "Aborted"})

    def remove(self, call: Call) -> Response:
        """`DELETE …/jobs/query/{id}`."""
        self.jobs.delete(self._job(call))
        return Response(status_code=204)

    def _finished(self, call: Call) -> "tuple[Job, array[int]]":
        job = self._job(call)
        if float(call.version) != job.info["apiVersion"]:
            message = f"The job was made with API version {job.info['apiVersion']}: ask with the same"
            raise ApiError(409, "INVALID_VERSION", message)
        if job.state != "JobComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"Results of a job in state {job.state} are not ready")
        starts = array("Q")
        starts.frombytes(self.jobs.file(job, "starts").read_bytes())
        return job, starts

    def results(self, call: Call) -> Response:
        """`GET …/jobs/query/{id}/results?locator&maxRecords`."""
        job, starts = self._finished(call)
        rows = len(starts) - 1
        first = _row(call.query.get("locator"))
        last = min(first + _size(call), rows)
        if first > rows:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", f"locator is invalid: {call.query.get('locator')}")
        with self.jobs.file(job, "results").open("rb") as source:
            header = source.read(starts[0])
            source.seek(starts[first])
            body = header + source.read(starts[last] - starts[first])
        headers = {
            "Sforce-NumberOfRecords": str(last - first),
            "Sforce-Locator": _locator(last) if last < rows else "null",
        }
        return Response(body, media_type="text/csv", headers=headers)

    def pages(self, call: Call) -> Response:
        """`GET …/jobs/query/{id}/resultPages`."""
        job, starts = self._finished(call)
        rows, first = len(starts) - 1, _row(call.query.get("locator"))
        size = _size(call)
        path = f"{call.root}/jobs/query/{job.id}"
        begins = list(range(first, max(rows, 1), size))
        page = [
            {"resultUrl": f"{path}/results?maxRecords={size}" + (f"&locator={_locator(row)}" if row else "")}
            for row in begins[:PARALLEL]
        ]
        body: dict[str, Any] = {"resultPages": page, "done": len(begins) <= PARALLEL}
        if not body["done"]:
            more = _locator(begins[PARALLEL])
            body["nextRecordsUrl"] = f"{path}/resultPages?locator={more}&maxRecords={size}"
        return JSONResponse(body)


def _told(job: Job) -> dict[str, Any]:
    return {name: value for name, value in job.info.items() if name != "query"}


def _size(call: Call) -> int:
    """`maxRecords`. Raises ApiError 400 when it is no number above 0."""
    text = call.query.get("maxRecords", str(DEFAULT_PART))
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", f"maxRecords must be a number above 0: {text}")
    return int(text)


def _locator(row: int) -> str:
    return base64.urlsafe_b64encode(str(row).encode()).decode().rstrip("=")


def _row(locator: str | None) -> int:
    if not locator or locator == "null":
        return 0
    try:
        row = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except ValueError:
        row = -1
    if row < 0:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", f"locator is invalid: {locator}")
    return row
