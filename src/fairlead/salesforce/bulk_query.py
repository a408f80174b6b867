"""Bulk API 2.0 query: a job reads the org by itself, its rows are fetched page by page."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

import msgspec

from fairlead.salesforce.bulk import JobInfo
from fairlead.salesforce.csvdata import read_columns, read_csv
from fairlead.salesforce.errors import RequestWrong, SalesforceError, Unavailable
from fairlead.salesforce.polling import Polling, Progress, poll
from fairlead.salesforce.transport import Transport, segment

T = TypeVar("T")

_READ: Final = 64 * 1024
_LOCATOR: Final = "Sforce-Locator"


class QueryFailed(RequestWrong):
    """The job itself failed; its message says why."""


class _Page(msgspec.Struct, rename="camel"):
    result_url: str


class _Pages(msgspec.Struct, rename="camel"):
    result_pages: list[_Page] = []
    done: bool = True
    next_records_url: str | None = None


class _Download:
    """One page of a result. `locator` tells the next one, once the rows were read."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path
        self.locator: str | None = None

    def rows(self) -> AsyncIterator[list[tuple[str, ...]]]:
        """The page's records without header; after a broken connection it goes on where it stopped."""
        return self._parts(read_csv, len, lambda records, given: records[given:])

    def columns(self) -> AsyncIterator[list[list[str]]]:
        """As `rows`, by column."""
        return self._parts(
            read_columns, lambda columns: len(columns[0]), lambda columns, given: [one[given:] for one in columns]
        )

    async def _parts(
        self,
        read: Callable[[AsyncIterator[bytes]], AsyncIterator[T]],
        size: Callable[[T], int],
        rest: Callable[[T, int], T],
    ) -> AsyncIterator[T]:
        given = 0
        async for attempt in self._transport.attempts():
            with attempt:
                seen = 0  # records of this attempt, the header among them
                async with self._transport.stream(self._path, door="bulk query results") as response:
                    self.locator = response.headers.get(_LOCATOR)
                    async for records in read(response.content.iter_chunked(_READ)):
                        fresh = rest(records, max(0, given + 1 - seen))
                        seen += size(records)
                        if size(fresh):
                            given = seen - 1
                            yield fresh
                    _whole(response.headers.get("Sforce-NumberOfRecords"), seen - 1)
                return


def _whole(promised: str | None, seen: int) -> None:
    if promised and promised.isdigit() and int(promised) != max(seen, 0):
        raise Unavailable(f"{max(seen, 0)} of {promised} records of the results came.", code="malformed_answer")


class BulkQuery:
    """Query jobs of one org."""

    def __init__(self, transport: Transport, pace: Polling) -> None:
        self._transport = transport
        self._pace = pace

    def _path(self, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/jobs/query", *map(segment, parts)))

    @asynccontextmanager
    async def finished(self, soql: str, *, all_rows: bool = False) -> AsyncIterator[str]:
        """The id of a job that has read everything, for as long as its rows are wanted: see `until_read`.

        Raises QueryFailed when the job ended otherwise.
        """
        job_id = await self.create(soql, all_rows=all_rows)
        async with self.until_read(job_id):
            await self.wait(job_id)
            yield job_id

    @asynccontextmanager
    async def until_read(self, job_id: str) -> AsyncIterator[None]:
        """Left early, or by an error, the job is dropped. One that was read to its end is left to the org, which
        forgets it after seven days: that saves a call.
        """
        whole = False
        try:
            yield
            whole = True
        finally:
            if not whole:
                await self.drop(job_id)

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

    async def rows(self, job_id: str, *, page: int = 50_000) -> AsyncIterator[list[tuple[str, ...]]]:
        """The result's records in asked order, some at a time, as text by column; no header.

        `page` is how many records one download holds at most; a broken download is read again from its page.
        """
        async for records in self._in_turn(job_id, page, _Download.rows):
            yield records

    async def columns(self, job_id: str, *, page: int = 50_000) -> AsyncIterator[list[list[str]]]:
        """As `rows`, by column: for each column the texts of some records."""
        async for columns in self._in_turn(job_id, page, _Download.columns):
            yield columns

    async def _in_turn(self, job_id: str, page: int, of: Callable[[_Download], AsyncIterator[T]]) -> AsyncIterator[T]:
        path, first = self._path(job_id, "results"), f"?maxRecords={page}"
        query: str | None = first
        while query is not None:
            download = _Download(self._transport, path + query)
            async for some in of(download):
                yield some
            more = download.locator
            query = None if more in {None, "", "null"} else f"{first}&locator={segment(str(more))}"

    async def rows_unordered(
        self, job_id: str, *, page: int = 50_000, at_once: int = 4
    ) -> AsyncIterator[list[tuple[str, ...]]]:
        """Like `rows`, with `at_once` pages on the wire; records come as pages arrive, not in asked order."""
        coming: asyncio.Queue[list[tuple[str, ...]] | Exception | None] = asyncio.Queue(2 * at_once)
        paths, turn = self._pages(job_id, page), asyncio.Lock()

        async def work() -> None:
            try:
                while True:
                    async with turn:
                        path = await anext(paths, None)
                    if path is None:
                        break
                    async for records in _Download(self._transport, path).rows():
                        await coming.put(records)
                await coming.put(None)
            except Exception as error:
                await coming.put(error)

        workers = [asyncio.create_task(work()) for _ in range(at_once)]
        try:
            running = at_once
            while running:
                item = await coming.get()
                if isinstance(item, Exception):
                    raise item
                if item is None:
                    running -= 1
                else:
                    yield item
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _pages(self, job_id: str, page: int) -> AsyncIterator[str]:
        """Where each page of the result lies."""
        path: str | None = f"{self._path(job_id, 'resultPages')}?maxRecords={page}"
        while path:
            told = await self._transport.json(path, _Pages, door="bulk query pages")
            for found in told.result_pages:
                yield found.result_url
            path = None if told.done else told.next_records_url

    async def abort(self, job_id: str) -> None:
        """Stop the job; one that has ended is left as it is."""
        await self._transport.request(
            "PATCH", self._path(job_id), door="bulk query state", json={"state": "Aborted"}, accept=(400,)
        )

    async def drop(self, job_id: str) -> None:
        """Stop and forget the job, as far as the org lets us: it is no more than tidiness."""
        with suppress(SalesforceError):
            await self.abort(job_id)
            await self.delete_job(job_id)

    async def delete_job(self, job_id: str) -> None:
        """Forget the job and its results; one that is gone already is no error."""
        await self._transport.request("DELETE", self._path(job_id), door="bulk query delete", accept=(404,))
