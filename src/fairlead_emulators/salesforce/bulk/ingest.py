"""Works off Bulk 2.0 ingest jobs: batches of 10,000 rows from the uploaded CSV file, results as CSV files."""

import csv
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any, Final

from fairlead_emulators.salesforce.bulk.jobs import Job, Jobs
from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import UnknownColumn, from_csv
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.model.values import KEEP, convert
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.records.purging import purge
from fairlead_emulators.salesforce.records.writes import Written

fact("bulk_internal_batches")
fact("bulk_csv")
fact("bulk_bad_header")
fact("bulk_results")
fact("bulk_hard_delete")

BATCH: Final = 10_000
csv.field_size_limit(1_000_000)


class BadFile(ValueError):
    """The job fails as a whole; the text is its `errorMessage`."""


class Results:
    """The three result files of a job, written as batches are done."""

    def __init__(self, jobs: Jobs, job: Job, header: Sequence[str], files: ExitStack) -> None:
        firsts = {"successful": ["sf__Id", "sf__Created"], "failed": ["sf__Id", "sf__Error"], "unprocessed": []}
        self._writers: dict[str, Any] = {}
        for part, first in firsts.items():
            target = files.enter_context(jobs.file(job, part).open("w", encoding="utf-8", newline=""))
            self._writers[part] = csv.writer(
                target, delimiter=job.delimiter, lineterminator=job.line_ending, quoting=csv.QUOTE_ALL
            )
            self._writers[part].writerow([*first, *header])

    def add(self, rows: Sequence[Sequence[str]], written: Written, targets: Sequence[str | None]) -> None:
        """Writes the rows of a batch to the files of good and bad ones."""
        good = []
        for row, (cells, record_id) in enumerate(zip(rows, written.ids, strict=True)):
            if record_id is not None:
                good.append((record_id, "true" if written.created[row] else "false", *cells))
        self._writers["successful"].writerows(good)
        for row, error in sorted(written.errors.items()):
            self._writers["failed"].writerow([targets[row] or "", error.in_bulk(), *rows[row]])

    def unprocessed(self, rows: Iterator[Sequence[str]]) -> None:
        """Writes the rows that no batch took."""
        self._writers["unprocessed"].writerows(rows)


def work(jobs: Jobs, job: Job) -> None:
    """Carries the job out and leaves it in a final state."""
    try:
        with ExitStack() as files:
            _work(jobs, job, files)
    except BadFile as bad:
        jobs.change(job, state="Failed", errorMessage=str(bad))
    except (csv.Error, UnicodeDecodeError) as bad:
        jobs.change(job, state="Failed", errorMessage=f"InvalidBatch : Failed to parse CSV. {bad}")


def _work(jobs: Jobs, job: Job, files: ExitStack) -> None:
    sobject = jobs.org.storage.schema.object(job.info["object"])
    if sobject is None:
        raise BadFile(f"InvalidBatch : Unable to find object: {job.info['object']}")
    path = jobs.file(job, "data")
    path.touch()
    _check_line_ending(job, path.open("rb").readline())
    source = files.enter_context(path.open(encoding="utf-8-sig", newline=""))
    reader = csv.reader(source, delimiter=job.delimiter, strict=True)
    header = next(reader, [])
    results = Results(jobs, job, header, files)
    fault = jobs.org.faults.take("job_failed", object=sobject.name)
    left = int(fault.data.get("batches", 0)) if fault else -1
    while rows := list(islice(reader, BATCH)):
        if job.abort or left == 0:
            results.unprocessed(iter(rows))
            results.unprocessed(reader)
            break
        _batch(jobs, job, sobject, header, rows, results)
        left -= 1
        time.sleep(0.001)  # lets requests take the org's lock between batches
    files.close()  # the result files must be whole before the state says so
    if job.id not in jobs.known:
        return
    if job.abort:
        jobs.change(job, state="Aborted")
    elif fault and left == 0:
        jobs.change(job, state="Failed", errorMessage="InternalServerError : retries exhausted")
    else:
        jobs.change(job, state="JobComplete")


def _check_line_ending(job: Job, first: bytes) -> None:
    ending = "CRLF" if first.endswith(b"\r\n") else "LF"
    if first.endswith(b"\n") and ending != job.info["lineEnding"]:
        wanted = job.info["lineEnding"]
        raise BadFile(f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {wanted}")


def _batch(
    jobs: Jobs, job: Job, sobject: SObject, header: Sequence[str], rows: list[list[str]], results: Results
) -> None:
    jobs.usage.add(jobs.org.clock.now(), batches=1)
    rows = [row for row in rows if row]
    for row in rows:
        if len(row) != len(header):
            raise BadFile(f"InvalidBatch : Row has {len(row)} cells, header has {len(header)}")
    try:
        written, targets = _write(jobs, job, sobject, header, rows)
    except UnknownColumn as unknown:
        raise BadFile(f"InvalidBatch : Field name not found : {unknown}") from None
    results.add(rows, written, targets)
    failed = int(job.info["numberRecordsFailed"]) + len(written.errors)
    done = int(job.info["numberRecordsProcessed"]) + len(rows)
    if job.id in jobs.known:
        jobs.change(job, numberRecordsProcessed=done, numberRecordsFailed=failed)


def _write(
    jobs: Jobs, job: Job, sobject: SObject, header: Sequence[str], rows: list[list[str]]
) -> tuple[Written, list[str | None]]:
    operation = job.info["operation"]
    batch = from_csv(jobs.org.storage.schema, sobject, header, rows)
    given = [None if cell is KEEP else cell for cell in batch.columns.get("id", [None] * len(rows))]
    if operation in ("delete", "hardDelete"):
        return _delete(jobs, sobject, given, for_good=operation == "hardDelete"), given
    key = sobject.field(job.info["externalIdFieldName"]) if operation == "upsert" else None
    return writes.write(jobs.org, operation, batch, key), given


def _delete(jobs: Jobs, sobject: SObject, given: Sequence[str | None], *, for_good: bool) -> Written:
    ids, errors = convert(sobject.fields["id"], given)
    for row, record_id in enumerate(ids):
        if record_id is None and row not in errors:
            errors[row] = RowError("MISSING_ARGUMENT", "Id not specified in a delete call", ("Id",))
    good = [row for row in range(len(ids)) if row not in errors]
    done = writes.delete(jobs.org, sobject, [ids[row] for row in good])
    written = Written([None] * len(ids), [False] * len(ids), errors)
    for place, row in enumerate(good):
        written.ids[row] = done.ids[place]
        if place in done.errors:
            written.errors[row] = done.errors[place]
        elif for_good:
            purge(jobs.org, sobject, done.ids[place] or "")
    return written
