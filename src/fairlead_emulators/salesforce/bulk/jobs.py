"""Bulk API 2.0 jobs: what is known of each, where its files are, and the threads that work them off."""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fairlead_emulators.salesforce.access.users import acting_as
from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import acting
from fairlead_emulators.salesforce.state.limits import Usage
from fairlead_emulators.salesforce.state.org import Org

fact("bulk_states")
fact("bulk_job_info")
fact("bulk_own_jobs")

DELIMITERS: Final = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}
FINAL: Final = frozenset({"JobComplete", "Failed", "Aborted"})
LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One job. `info` is what the API tells; `kind` is `ingest` or `query`."""

    id: str
    kind: str
    info: dict[str, Any]
    abort: bool = False

    @property
    def state(self) -> str:
        """The state that the API tells."""
        return str(self.info["state"])

    @property
    def delimiter(self) -> str:
        """Between cells."""
        return DELIMITERS[self.info["columnDelimiter"]]

    @property
    def line_ending(self) -> str:
        """Between rows."""
        return LINE_ENDINGS[self.info["lineEnding"]]


@dataclass(slots=True)
class Jobs:
    """All jobs of the org, and one worker thread per kind."""

    org: Org
    usage: Usage
    workers: dict[str, Callable[["Jobs", Job], None]]
    known: dict[str, Job] = field(default_factory=dict)
    queues: dict[str, "queue.SimpleQueue[Job | None]"] = field(default_factory=dict)

    def load(self) -> None:
        """Reads the kept jobs. What a stop interrupted has failed, and says so."""
        with self.org.storage.lock:
            rows = self.org.storage.connection.execute("SELECT id, kind, info FROM emulator_jobs").fetchall()
        self.known = {row[0]: Job(row[0], row[1], json.loads(row[2])) for row in rows}
        for job in self.known.values():
            if job.state in ("UploadComplete", "InProgress"):
                self.change(job, state="Failed", errorMessage="InternalServerError : the org was restarted")

    def new(self, kind: str, info: dict[str, Any]) -> Job:
        """A new job with what every job tells about itself."""
        job_id = self.org.storage.new_ids("750", 1)[0]
        now = self.org.now()[:-1] + "+0000"
        common = {
            "id": job_id,
            "createdById": self.org.acting_user(),
            "createdDate": now,
            "systemModstamp": now,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
        }
        job = Job(job_id, kind, common | info)
        self.known[job_id] = job
        self.change(job)
        return job

    def get(self, kind: str, job_id: str) -> Job:
        """The job with that id, of 15 or 18 characters. Raises ApiError 404 also for a job of somebody else."""
        for job in self.of(kind):
            if job_id in (job.id, job.id[:15]):
                return job
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")

    def of(self, kind: str) -> list[Job]:
        """The jobs that the acting user may look at, oldest first: its own, or all."""
        user = acting.get()
        mine = [job for job in self.known.values() if job.kind == kind]
        if user is None or user.everything:
            return mine
        return [job for job in mine if job.info["createdById"] == user.user_id]

    def change(self, job: Job, **info: Any) -> None:
        """Notes what has become of a job."""
        with self.org.storage.transaction() as connection:
            job.info.update(info, systemModstamp=self.org.now()[:-1] + "+0000")
            connection.execute(
                "INSERT OR REPLACE INTO emulator_jobs VALUES (?, ?, ?)", (job.id, job.kind, json.dumps(job.info))
            )

    def file(self, job: Job, part: str) -> Path:
        """Where a part of the job is kept: `data`, `successful`, `failed`, `unprocessed`, `results`."""
        return self.org.files / f"{job.id}.{part}.csv"

    def remove(self, job: Job) -> None:
        """Forgets a job and its files."""
        del self.known[job.id]
        with self.org.storage.transaction() as connection:
            connection.execute("DELETE FROM emulator_jobs WHERE id = ?", (job.id,))
        for path in self.org.files.glob(f"{job.id}.*"):
            path.unlink()

    def abort(self, job: Job) -> None:
        """Stops a job that is not at its end: a running one at its next batch."""
        job.abort = True
        if job.state != "InProgress":
            self.change(job, state="Aborted")

    def delete(self, job: Job) -> None:
        """Forgets a job on request. Raises ApiError 400 before its end."""
        if job.state not in FINAL:
            raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {job.state} cannot be deleted")
        self.remove(job)

    def clear(self) -> None:
        """Forgets all jobs; running ones stop at their next batch."""
        for job in list(self.known.values()):
            job.abort = True
            self.remove(job)

    def start(self, job: Job) -> None:
        """Hands the job to the worker thread of its kind."""
        if job.kind not in self.queues:
            waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
            self.queues[job.kind] = waiting
            threading.Thread(target=self._work, args=(waiting,), name=f"bulk-{job.kind}", daemon=True).start()
        self.queues[job.kind].put(job)

    def stop(self) -> None:
        """Ends the worker threads after the job at hand."""
        for waiting in self.queues.values():
            waiting.put(None)

    def _work(self, waiting: "queue.SimpleQueue[Job | None]") -> None:
        while (job := waiting.get()) is not None:
            if job.state != "UploadComplete":
                continue
            started = time.monotonic()
            self.change(job, state="InProgress")
            try:
                self._delay(job)
                with acting_as(self.org, str(job.info.get("createdById", ""))):
                    self.workers[job.kind](self, job)
            except Exception as error:
                LOG.exception("job %s", job.id)
                if job.id in self.known:
                    message = f"InternalServerError : {type(error).__name__}"
                    self.change(job, state="Failed", errorMessage=message)
            if job.id in self.known:
                self.change(job, totalProcessingTime=int((time.monotonic() - started) * 1000))

    def _delay(self, job: Job) -> None:
        fault = self.org.faults.take("slow_job", object=job.info.get("object", ""), kind=job.kind)
        until = time.monotonic() + (fault.seconds if fault else 0)
        while time.monotonic() < until and not job.abort:
            time.sleep(0.01)
