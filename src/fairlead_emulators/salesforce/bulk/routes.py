"""`/jobs/ingest`: create, upload, close, abort, follow, fetch results, delete."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fairlead_emulators.salesforce.bulk import first, multipart
from fairlead_emulators.salesforce.bulk.jobs import DELIMITERS, FINAL, LINE_ENDINGS, Job, Jobs
from fairlead_emulators.salesforce.bulk.listing import listed
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call, Endpoint, unzipped
from fairlead_emulators.salesforce.state.limits import BULK_BATCHES

fact("bulk_create")
fact("bulk_upload")
fact("bulk_upload_twice")
fact("bulk_delete_final_only")
fact("bulk_list")
fact("bulk_result_names")

OPERATIONS: Final = ("insert", "update", "upsert", "delete", "hardDelete")
MAX_UPLOAD: Final = 100_000_000
PARTS: Final = {
    "successfulresults": "successful",
    "failedresults": "failed",
    "unprocessedrecords": "unprocessed",
}


@dataclass(frozen=True, slots=True)
class BulkIngest:
    """The endpoints of ingest jobs."""

    api: Api
    jobs: Jobs

    def routes(self) -> list[Route]:
        """The routes of this file."""
        root = DATA + "/jobs/ingest"
        return [
            Route(root, self._creation(), methods=["POST"]),
            Route(root, self.api(self.list), methods=["GET"]),
            Route(root + "/{id}", self.api(self.info), methods=["GET"]),
            Route(root + "/{id}", self.api(self.close), methods=["PATCH"]),
            Route(root + "/{id}", self.api(self.remove), methods=["DELETE"]),
            Route(root + "/{id}/batches", self._upload(), methods=["PUT"]),
            Route(root + "/{id}/{part}", self.api(self.results), methods=["GET"]),
            Route("/services/async/{rest:path}", first.refused, methods=first.METHODS),
        ]

    def create(self, call: Call) -> Response:
        """`POST …/jobs/ingest`."""
        return JSONResponse(_brief(self._new(call, call.json_object())))

    def _creation(self) -> Endpoint:
        plain = self.api(self.create)

        async def endpoint(request: Request) -> Response:
            async def run() -> Response:
                asked, data = await multipart.parts(request)
                return await run_in_threadpool(self._with_data, self.api.call(request), asked, data)

            return await (self.api.guarded(request, run) if multipart.is_multipart(request) else plain(request))

        return endpoint

    def _with_data(self, call: Call, asked: dict[str, Any], data: bytes) -> Response:
        job = self._new(call, asked)
        self.jobs.file(job, "data").write_bytes(data)
        self.jobs.change(job, state="UploadComplete")
        answer = _brief(job)
        self.jobs.start(job)
        return JSONResponse(answer)

    def _new(self, call: Call, asked: dict[str, Any]) -> Job:
        _, batches = call.usage.totals(call.org.clock.now())
        if batches >= BULK_BATCHES:
            raise ApiError(400, "EXCEEDEDQUOTA", "ApiBatchItems Limit exceeded.")
        info = _checked(call, asked)
        job = self.jobs.new("ingest", info | {"apiVersion": float(call.version), "state": "Open"})
        content = f"services/data/v{call.version}/jobs/ingest/{job.id}/batches"
        self.jobs.change(job, contentUrl=content)
        return job

    def list(self, call: Call) -> Response:
        """`GET …/jobs/ingest`."""
        return listed(call, self.jobs.of("ingest"), "ingest", lambda job: job.info)

    def info(self, call: Call) -> Response:
        """`GET …/jobs/ingest/{id}`."""
        return JSONResponse(self._job(call).info)

    def _job(self, call: Call) -> Job:
        return self.jobs.get("ingest", call.path["id"])

    def close(self, call: Call) -> Response:
        """`PATCH …/jobs/ingest/{id}`: `UploadComplete` or `Aborted`."""
        job = self._job(call)
        wanted = call.json_object().get("state")
        if wanted == "UploadComplete" and job.state == "Open":
            self.jobs.change(job, state="UploadComplete")
            answer = _brief(job)
            self.jobs.start(job)
            return JSONResponse(answer)
        if wanted == "Aborted" and job.state not in FINAL:
            self.jobs.abort(job)
            return JSONResponse(_brief(job) | {"state": "Aborted"})
        message = f"Job cannot change from {job.state} to {wanted}"
        raise ApiError(400, "INVALIDJOBSTATE", message)

    def remove(self, call: Call) -> Response:
        """`DELETE …/jobs/ingest/{id}`."""
        self.jobs.delete(self._job(call))
        return Response(status_code=204)

    def results(self, call: Call) -> Response:
        """`GET …/jobs/ingest/{id}/successfulResults` and the like."""
        job = self._job(call)
        part = PARTS.get(call.path["part"].lower())
        if part is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if job.state not in FINAL:
            raise ApiError(400, "INVALIDJOBSTATE", f"Results of a job in state {job.state} are not ready")
        path = self.jobs.file(job, part)
        data = self.jobs.file(job, "data")
        if part == "unprocessed" and not path.exists() and data.exists():
            return StreamingResponse(_as_text(data), media_type="text/csv")  # no row was taken
        if not path.exists():
            return Response(media_type="text/csv")
        return FileResponse(path, media_type="text/csv")

    def _upload(self) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            async def run() -> Response:
                job = self.jobs.get("ingest", request.path_params["id"])
                await self._save(job, unzipped(request))
                return Response(status_code=201)

            return await self.api.guarded(request, run)

        return endpoint

    async def _save(self, job: Job, pieces: AsyncIterator[bytes]) -> None:
        if job.state != "Open":
            raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {job.state} takes no data")
        path = self.jobs.file(job, "data")
        if path.exists():
            message = (
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job "
                "then create a new Job and make sure you only do 'PUT' once on a given Job."
            )
            raise ApiError(400, "INVALIDJOBSTATE", message)
        part, size = path.with_suffix(".part"), 0
        try:
            with part.open("wb") as target:
                async for piece in pieces:
                    size += len(piece)
                    if size > MAX_UPLOAD:
                        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"Upload at most {MAX_UPLOAD} bytes a job")
                    target.write(piece)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)


def _checked(call: Call, asked: dict[str, Any]) -> dict[str, Any]:
    sobject = call.org.storage.schema.object(str(asked.get("object", "")))
    if sobject is None:
        raise ApiError(400, "INVALIDENTITY", f"Unable to find object: {asked.get('object')}")
    operation = asked.get("operation")
    if operation not in OPERATIONS:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : operation must be one of {', '.join(OPERATIONS)}")
    info: dict[str, Any] = {
        "operation": operation,
        "object": sobject.name,
        "columnDelimiter": asked.get("columnDelimiter", "COMMA"),
        "lineEnding": asked.get("lineEnding", "LF"),
        "jobType": "V2Ingest",
        "numberRecordsProcessed": 0,
        "numberRecordsFailed": 0,
        "retries": 0,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }
    if info["columnDelimiter"] not in DELIMITERS or info["lineEnding"] not in LINE_ENDINGS:
        raise ApiError(400, "INVALIDJOB", "InvalidJob : columnDelimiter or lineEnding is unknown")
    if asked.get("contentType", "CSV") != "CSV":
        raise ApiError(400, "INVALIDJOB", "InvalidJob : contentType must be CSV")
    if operation == "upsert":
        info["externalIdFieldName"] = _key_name(sobject.name, sobject.field(str(asked.get("externalIdFieldName"))))
    return info


def _key_name(sobject: str, key: Any) -> str:
    if key is None or not (key.external_id or key.id_lookup):
        message = f"InvalidJob : externalIdFieldName must be an External ID or id look-up field of {sobject}"
        raise ApiError(400, "INVALIDJOB", message)
    return str(key.name)


def _brief(job: Job) -> dict[str, Any]:
    """What create and close answer: no counts yet."""
    counts = ("jobType", "retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime")
    return {
        name: value for name, value in job.info.items() if name not in counts and not name.startswith("numberRecords")
    }


def _as_text(data: Path) -> Iterator[bytes]:
    """What was uploaded, whatever it was, as UTF-8."""
    with data.open(encoding="utf-8", errors="replace", newline="") as lines:
        for line in lines:
            yield line.encode()
