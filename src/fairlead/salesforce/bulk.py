"""Bulk API 2.0 ingest: a job is created, fed one CSV, closed, waited for, and asked what became of each row."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import msgspec

from fairlead.salesforce.csvdata import read_csv
from fairlead.salesforce.error_reading import RowError, parse_row_error
from fairlead.salesforce.errors import AnswerLost, RequestWrong, SalesforceError, Unavailable
from fairlead.salesforce.polling import Polling, Progress, poll
from fairlead.salesforce.scrubbing import scrub
from fairlead.salesforce.transport import Repeat, Transport, segment

# 150 MB after base64, which Salesforce applies, is 100 MB as sent.
MAX_UPLOAD: Final = 100_000_000
_FINAL: Final = frozenset({"JobComplete", "Failed", "Aborted"})
_READ: Final = 64 * 1024

Source = AsyncIterator[bytes] | Callable[[], AsyncIterator[bytes]]


class JobTooLarge(RequestWrong):
    """More bytes than one job takes."""

    next_step = f"Split the rows into several jobs of at most {MAX_UPLOAD:,} bytes each."


class JobInfo(msgspec.Struct, frozen=True, rename="camel"):
    """A job as the org sees it. Counts are of records; times are milliseconds."""

    id: str
    state: str
    object: str = ""
    operation: str = ""
    processed: int = msgspec.field(name="numberRecordsProcessed", default=0)
    failed: int = msgspec.field(name="numberRecordsFailed", default=0)
    retries: int = 0
    total_processing_time: int = 0
    error_message: str | None = None

    def __post_init__(self) -> None:
        # it may quote a cell of the upload
        if self.error_message:
            msgspec.structs.force_setattr(self, "error_message", scrub(self.error_message))

    @property
    def done(self) -> bool:
        """Whether it ended, well or badly. JobComplete does not mean that every row worked."""
        return self.state in _FINAL


class FailedRow(msgspec.Struct, frozen=True):
    """A row that the job refused. `message` is scrubbed of record values; `key` is the row's own key."""

    key: str
    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def retryable(self) -> bool:
        return RowError(self.code, self.message).retryable


class _Source:
    """The upload's pieces: counted, held to the size limit, its own fault told apart from the connection's."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self.size = 0
        self.fault: Exception | None = None

    async def __call__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._pieces:
                self.size += len(piece)
                if self.size > MAX_UPLOAD:
                    raise JobTooLarge(f"The upload exceeds {MAX_UPLOAD:,} bytes.", code="job_too_large")
                yield piece
        except Exception as fault:
            self.fault = fault
            raise


class BulkIngest:
    """Ingest jobs of one org."""

    def __init__(self, transport: Transport, pace: Polling) -> None:
        self._transport = transport
        self._pace = pace

    def _path(self, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/jobs/ingest", *map(segment, parts)))

    async def create(self, object: str, operation: str, external_id_field: str | None = None) -> str:
        """Open a job (`insert`, `update`, `upsert`, `delete`, `hardDelete`); gives its id.

        Repeated when the answer is lost: the job nobody knows of stays Open, holds nothing, and ends by itself.
        """
        wanted = {"object": object, "operation": operation, "contentType": "CSV", "lineEnding": "LF"}
        if external_id_field:
            wanted["externalIdFieldName"] = external_id_field
        info = await self._transport.ask(
            "POST", self._path(), lambda answer: answer.decode(JobInfo), door="bulk create", json=wanted
        )
        return info.id

    async def upload(self, job_id: str, chunks: Source) -> int:
        """Send the job's one CSV, streamed; gives its size in bytes.

        `chunks` is the pieces, or a function that makes them anew, which lets an ended session be renewed.
        Raises JobTooLarge above 100 MB, and Unavailable when the rows may not have arrived (AnswerLost when the
        connection died): abort the job and send them in a new one.
        """
        sources: list[_Source] = []

        def body() -> AsyncIterator[bytes]:
            sources.append(_Source(chunks() if callable(chunks) else chunks))
            return sources[-1]()

        try:
            # an iterator is spent by its first use: it must not look replayable
            await self._transport.request(
                "PUT",
                self._path(job_id, "batches"),
                door="bulk upload",
                body=body if callable(chunks) else body(),
                headers={"Content-Type": "text/csv; charset=UTF-8"},
                repeat=Repeat.UNSENT if callable(chunks) else Repeat.NEVER,
            )
        except SalesforceError:
            if sources and sources[-1].fault is not None:
                raise sources[-1].fault from None
            raise
        return sources[-1].size

    async def close(self, job_id: str) -> JobInfo:
        """Say that all is uploaded: the org starts to work."""
        return await self._set_state(
            job_id, "UploadComplete", reached=lambda info: info.state not in {"Open", "Aborted"}
        )

    async def abort(self, job_id: str) -> JobInfo:
        """Stop the job; rows done stay done. A job that has ended already is left as it is."""
        return await self._set_state(job_id, "Aborted", reached=lambda info: info.done)

    async def _set_state(self, job_id: str, state: str, reached: Callable[[JobInfo], bool]) -> JobInfo:
        """PATCH the state; after a refusal or a lost answer the job itself tells whether it was reached."""
        try:
            return await self._transport.ask(
                "PATCH",
                self._path(job_id),
                lambda answer: answer.decode(JobInfo),
                door="bulk state",
                json={"state": state},
            )
        except (RequestWrong, Unavailable) as error:
            if isinstance(error, Unavailable) and error.code == "connection":
                raise
            info = await self.info(job_id)
            if not reached(info):
                raise
            return info

    async def info(self, job_id: str) -> JobInfo:
        """The job's present state and counts."""
        return await self._transport.json(self._path(job_id), JobInfo, door="bulk info")

    async def wait(self, job_id: str, on_progress: Progress | None = None) -> JobInfo:
        """Poll until the job has ended, however it ended; `on_progress` (plain or async) hears each JobInfo."""
        return await poll(lambda: self.info(job_id), lambda info: info.done, self._pace, on_progress)

    async def send(
        self,
        object: str,
        operation: str,
        external_id_field: str | None,
        chunks: Callable[[], AsyncIterator[bytes]],
        on_created: Callable[[str], Awaitable[None]] | None = None,
        *,
        tries: int = 3,
    ) -> str:
        """Create, upload and close; gives the job id. `on_created` is awaited with the id before any upload.

        When the upload's connection dies, that job is aborted and a new one made, `tries` in all: an unclosed
        job has written nothing.
        """
        while True:
            job_id = await self.create(object, operation, external_id_field)
            if on_created is not None:
                await on_created(job_id)
            try:
                await self.upload(job_id, chunks)
            except AnswerLost:
                tries -= 1
                await self.abort(job_id)
                if tries <= 0:
                    raise
                continue
            await self.close(job_id)
            return job_id

    async def successful(self, job_id: str, key: str) -> AsyncIterator[tuple[str, str, bool]]:
        """`(key, id, created)` of each row that was written; `key` names the column that holds the row's key."""
        async for key_cell, id_cell, created in self._results(
            job_id, "successfulResults", key, "sf__Id", "sf__Created"
        ):
            yield key_cell, id_cell, created.lower() == "true"

    async def failed(self, job_id: str, key: str) -> AsyncIterator[FailedRow]:
        """Each row that was refused, with its reason."""
        async for key_cell, reason in self._results(job_id, "failedResults", key, "sf__Error"):
            error = parse_row_error(reason)
            yield FailedRow(key_cell, error.code, error.message, error.fields)

    async def refused(
        self, job_id: str, key: str, fields: Sequence[str]
    ) -> AsyncIterator[tuple[FailedRow, tuple[str, ...]]]:
        """Each row that was refused with its reason, and the cells of `fields` as they were sent."""
        async for key_cell, reason, *cells in self._results(job_id, "failedResults", key, "sf__Error", *fields):
            error = parse_row_error(reason)
            yield FailedRow(key_cell, error.code, error.message, error.fields), tuple(cells)

    async def unprocessed(self, job_id: str, key: str) -> AsyncIterator[str]:
        """Keys of the rows that the job did not come to."""
        async for (key_cell,) in self._results(job_id, "unprocessedrecords", key):
            yield key_cell

    async def _results(self, job_id: str, kind: str, *columns: str) -> AsyncIterator[tuple[str, ...]]:
        """The named columns of a result, row by row."""
        async for row in stream_rows(self._transport, self._path(job_id, kind), columns, door=f"bulk {kind}"):
            yield row

    async def delete_job(self, job_id: str) -> None:
        """Forget an ended job and its results; one that is gone already is no error."""
        await self._transport.request("DELETE", self._path(job_id), door="bulk delete", accept=(404,))


def pick(header: Sequence[str], columns: tuple[str, ...]) -> list[int]:
    """Where the columns stand in a header, in any case; raises RequestWrong naming the one that is missing."""
    places = {name.lower(): i for i, name in enumerate(header)}
    for column in columns:
        if column.lower() not in places:
            raise RequestWrong(
                f"The results have no column {column}; they have {', '.join(header)}.", code="missing_column"
            )
    return [places[column.lower()] for column in columns]


async def stream_rows(
    transport: Transport, path: str, columns: tuple[str, ...], *, door: str
) -> AsyncIterator[tuple[str, ...]]:
    """The columns of a CSV resource, row by row.

    A stored result never changes, so after a broken connection it is read again and what was given is skipped.
    """
    given = 0
    async for attempt in transport.attempts():
        with attempt:
            seen = 0
            places: list[int] | None = None
            async with transport.stream(path, door=door) as response:
                async for records in read_csv(response.content.iter_chunked(_READ)):
                    for record in records:
                        if places is None:
                            places = pick(record, columns)
                            continue
                        seen += 1
                        if seen > given:
                            given = seen
                            yield tuple(record[i] for i in places)
            return
