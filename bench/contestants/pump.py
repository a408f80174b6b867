"""The floor: ask for the same pages, read the bytes, drop them. `python -m bench.contestants.pump JOB URL`

An import reads the pages of the query, and sends one body, made beforehand, as often as there are calls.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from isal import isal_zlib

from bench.contestants.telling import tell
from bench.synthetic import LISTS, QUERY_PAGE, STATES, VERSION
from bench.synthetic_events import CAMPAIGNS, KINDS, campaign_id
from bench.world import PER_IMPORT

AT_ONCE = 8
YESTERDAY = "2025-12-31"


class Pump:
    """A few connections, over which bytes run."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url, self._gate = http, url, asyncio.Semaphore(AT_ONCE)

    async def get(self, path: str, query: dict[str, str] | None = None) -> bytes:
        async with self._gate, self._http.get(f"{self._url}{path}", params=query) as response:
            return await response.read()

    async def post(self, path: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        async with self._gate, self._http.post(f"{self._url}{path}", data=body, headers=headers) as response:
            await response.read()

    async def report(self, path: str, since: str = "") -> int:
        """Rows on all pages, as the first tells."""
        query = {"pagesize": "1000"} | ({"date": since} if since else {})
        first = json.loads(await self.get(f"/api/v3.3/{path}.json", query | {"page": "1"}))
        numbers = range(2, first["NumberOfPages"] + 1)
        for begin in range(0, len(numbers), AT_ONCE):
            some = numbers[begin : begin + AT_ONCE]
            await asyncio.gather(*(self.get(f"/api/v3.3/{path}.json", query | {"page": str(n)}) for n in some))
        return int(first["TotalNumberOfRecords"])

    async def members(self, since: str = "") -> int:
        paths = [f"lists/{list_id}/{state}" for list_id in LISTS for state in STATES]
        return sum(await asyncio.gather(*(self.report(path, since) for path in paths)))

    async def tracking(self, since: str = "") -> int:
        kinds = [kind for kind in KINDS if not (since and kind == "recipients")]
        paths = [f"campaigns/{campaign_id(number)}/{kind}" for number in range(CAMPAIGNS) for kind in kinds]
        return sum(await asyncio.gather(*(self.report(path, since) for path in paths)))

    async def initial(self) -> int:
        return await self.members() + await self.tracking()

    async def incremental(self) -> int:
        return await self.members(YESTERDAY) + await self.tracking(f"{YESTERDAY} 12:00")

    async def import_(self) -> int:
        row = {"EmailAddress": "person.0000000@example.com", "Name": "Person Nº 0000000", "CustomFields": []}
        body = json.dumps({"Subscribers": [row] * PER_IMPORT, "Resubscribe": False}).encode()
        path = f"/services/data/v{VERSION}/query"
        page = json.loads(await self.get(path, {"q": "SELECT Id, Email, FirstName, LastName FROM Contact"}))
        rows, locator = int(page["totalSize"]), page.get("nextRecordsUrl", "").rpartition("-")[0]
        reads = [self.get(f"{locator}-{first}") for first in range(QUERY_PAGE, rows, QUERY_PAGE)]
        writes = [self.post(f"/api/v3.3/subscribers/{LISTS[0]}/import.json", body) for _ in range(0, rows, PER_IMPORT)]
        await asyncio.gather(*reads, *writes)
        return rows


JOBS: dict[str, Callable[[Pump], Coroutine[Any, Any, int]]] = {
    "members": Pump.members,
    "tracking": Pump.tracking,
    "initial": Pump.initial,
    "incremental": Pump.incremental,
    "import": Pump.import_,
}


async def pump(job: str, url: str) -> int:
    """Rows on the pages read."""
    aiohttp.set_zlib_backend(isal_zlib)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:
        return await JOBS[job](Pump(http, url))


if __name__ == "__main__":
    tell(lambda: asyncio.run(pump(sys.argv[1], sys.argv[2])))
