"""Bulk API 2.0 query: a job reads the org by itself, its rows are fetched page by page."""

from collections.abc import AsyncIterator
from typing import Final

from fairlead.salesforce.bulk import JobInfo
from fairlead.salesforce.csvdata import read_csv
from fairlead.salesforce.errors import RequestWrong, Unavailable
from fairlead.salesforce.polling import Polling, Progress, poll
from fairlead.salesforce.transport import Transport, segment

_READ: Final = 64 * 1024
_LOCATOR: Final = "Sforce-Locator"


class QueryFailed(RequestWrong):
    """The job itself failed; its message says why."""


class BulkQuery:
    """Query jobs of one org."""

    def __init__(self, transport: Transport, pace: Polling) -> None:
        self._transport = transport
        self._pace = pace

    def _path(self, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/jobs/query", *map(segment, parts)))

    async def create(self, soql: str, *, all_rows: bool = False) -> str:
        """Start a query job (`all_rows` adds deleted and archived records); gives its id."""
        wanted = {"operation": "queryAll" if all_rows else "query", "query": soql, "lineEnding": "LF"}
        info = await self._transport.ask(
            "POST", self._path(), lambda answer: answer.decode(JobInfo), door="bulk query create", json=wanted
        )
        return info.id

    async def info(self, job_id: str) -> JobInfo:
        """The job's present state and counts."""
        return await self._transport.json(self._path(job_id), JobInfo, door="bulk query info")

    async def wait(self, job_id: str, on_progress: Progress | None = None) -> JobInfo:
        """Poll until the rows are ready. Raises QueryFailed when the job ended otherwise."""
        info = await poll(lambda: self.info(job_id), lambda info: info.done, self._pace, on_progress)
        if info.state != "JobComplete":
            raise QueryFailed(
                f"The query job ended as {info.state}: {info.error_message or 'no reason given'}.",
                code="query_job_failed",
            )
        return info

    async def rows(self, job_id: str, *, page: int = 50_000) -> AsyncIterator[list[list[str]]]:
        """The result's records, some at a time, as text by column in asked order; no header.

        `page` is how many records one download holds at most; a broken download is read again from its page.
        """
        locator: str | None = ""
        while locator is not None:
            params = {"maxRecords": str(page), **({"locator": locator} if locator else {})}
            coming: str | None = None
            given = 0
            async for attempt in self._transport.attempts():
                with attempt:
                    read = 0  # records of this download, the header among them
                    async with self._transport.stream(
                        self._path(job_id, "results"), door="bulk query results", params=params
                    ) as response:
                        coming = response.headers.get(_LOCATOR)
                        async for records in read_csv(response.content.iter_chunked(_READ)):
                            fresh = records[max(0, given + 1 - read) :]
                            read += len(records)
                            if fresh:
                                given = read - 1
                                yield fresh
                        self._whole(response.headers.get("Sforce-NumberOfRecords"), read - 1)
                    break
            locator = None if coming in {None, "", "null"} else coming

    @staticmethod
    def _whole(promised: str | None, seen: int) -> None:
        if promised and promised.isdigit() and int(promised) != max(seen, 0):
            raise Unavailable(f"{max(seen, 0)} of {promised} records of the results came.", code="malformed_answer")

    async def abort(self, job_id: str) -> None:
        """Stop the job; one that has ended is left as it is."""
        await self._transport.request(
            "PATCH", self._path(job_id), door="bulk query state", json={"state": "Aborted"}, accept=(400,)
        )

    async def delete_job(self, job_id: str) -> None:
        """Forget the job and its results; one that is gone already is no error."""
        await self._transport.request("DELETE", self._path(job_id), door="bulk query delete", accept=(404,))
